// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.op.Elementwise;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An element-wise operator with the comparisons that it uses: they are made where they are used. That takes one instruction,
 * where keeping the answer would take an array of bool, which no vector is read from or written to; and what is compared,
 * such as the output of a rectifier, is kept for the backward pass more often than not.
 *
 * @param operator the operator
 * @param parts its operands
 * @param operands the values that are read for them
 */
record Recomputed(Elementwise operator, List<Part> parts, List<Integer> operands) {
    /**
     * An operand of the operator.
     *
     * @param type its type
     * @param comparison what makes it of its own operands; empty if it is read
     * @param types of what is read for it
     */
    private record Part(TensorType type, Optional<Elementwise> comparison, List<TensorType> types) {}

    static Recomputed of(Graph graph, Roots roots, Apply apply) {
        List<Part> parts = new ArrayList<>();
        List<Integer> operands = new ArrayList<>();
        for (int value : apply.operands()) {
            Optional<Elementwise> comparison = Optional.empty();
            List<TensorType> types = List.of(graph.type(value));
            if (isComparison(graph, roots, value, apply.type().shape())) {
                Apply made = (Apply) graph.definitions().get(value);
                comparison = Optional.of((Elementwise) made.operator());
                types = graph.types(made.operands());
                operands.addAll(made.operands());
            } else {
                operands.add(value);
            }
            parts.add(new Part(graph.type(value), comparison, types));
        }
        return new Recomputed((Elementwise) apply.operator(), parts, operands);
    }

    /** True for a comparison of a computed tensor with a number. */
    private static boolean isComparison(Graph graph, Roots roots, int value, Shape shape) {
        if (!(graph.definitions().get(value) instanceof Apply made)
                || !(made.operator() instanceof Elementwise)
                || made.type().dtype() != DType.BOOL
                || !made.type().shape().equals(shape)
                || made.operands().size() != 2) {
            return false;
        }
        TensorType left = graph.type(made.operands().get(0));
        TensorType right = graph.type(made.operands().get(1));
        return left.shape().equals(shape)
                && left.dtype() != DType.BOOL
                && !roots.isExternal(roots.of(made.operands().get(0)))
                && right.shape().elements() == 1;
    }

    /** All that decides about the kernel. */
    List<Object> form() {
        return List.of(operator, parts);
    }

    /** What is computed of what is read. */
    Kernel kernel() {
        List<DType> inputs = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        for (Part part : parts) {
            List<Expr> read = new ArrayList<>();
            for (TensorType type : part.types) {
                read.add(Expr.input(inputs.size(), type.dtype()));
                inputs.add(type.dtype());
            }
            values.add(part.comparison
                    .map(comparison ->
                            comparison.kernel(part.types).substitute(read).get(0))
                    .orElseGet(() -> read.get(0)));
        }
        List<TensorType> types = parts.stream().map(Part::type).toList();
        return Kernel.of(inputs, operator.kernel(types).substitute(values));
    }
}
