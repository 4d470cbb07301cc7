// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.op.Add;
import dev.capstan.runtime.op.Differentiation;
import dev.capstan.runtime.op.Ops;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import dev.capstan.tracer.graph.Graph.Constant;
import dev.capstan.tracer.graph.Graph.Gradient;
import dev.capstan.tracer.graph.Graph.Input;
import dev.capstan.tracer.graph.Graph.Operand;
import dev.capstan.tracer.graph.Graph.Saved;
import dev.capstan.tracer.graph.Graph.Total;
import dev.capstan.tracer.graph.GraphBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Backward graphs of forward graphs, by the operators' gradient rules. */
final class Gradients {
    private final Graph forward;
    private final GraphBuilder builder = new GraphBuilder();
    private final Set<Integer> saved = new TreeSet<>();
    private final Integer[] gradients;
    private final boolean[] needed;

    private Gradients(Graph forward) {
        this.forward = forward;
        this.gradients = new Integer[forward.definitions().size()];
        this.needed = new boolean[gradients.length];
    }

    /**
     * A backward graph.
     *
     * @param graph its outputs are the gradients of the floating inputs that get one, in their order
     * @param saved the forward values that it reads
     */
    record Result(Graph graph, Set<Integer> saved) {}

    /**
     * The gradients of all floating outputs with regard to all floating inputs.
     *
     * @param totals true to continue sums so far
     */
    static Result of(Graph forward, boolean totals) {
        return new Gradients(forward).run(totals);
    }

    private Result run(boolean totals) {
        for (int value = 0; value < needed.length; value++) {
            Graph.Definition definition = forward.definitions().get(value);
            boolean flows = definition instanceof Operand;
            if (definition instanceof Apply apply) {
                for (int i = 0; i < apply.operands().size(); i++) {
                    flows |= needed[apply.operands().get(i)] && apply.operator().differentiable(i);
                }
            }
            needed[value] = flows && definition.type().dtype().isFloating();
        }
        for (int i = 0; i < forward.outputs().size(); i++) {
            TensorType type = forward.type(forward.outputs().get(i));
            if (type.dtype().isFloating()) {
                add(forward.outputs().get(i), builder.operand(new Gradient(i), type, Layout.contiguous(type.shape())));
            }
        }
        List<Integer> results = new ArrayList<>();
        for (int value = needed.length - 1; value >= 0; value--) {
            if (gradients[value] != null && forward.definitions().get(value) instanceof Apply apply) {
                for (int i = 0; i < apply.operands().size(); i++) {
                    int operand = apply.operands().get(i);
                    if (needed[operand] && apply.operator().differentiable(i)) {
                        add(operand, apply.operator().gradient(new At(value, apply), i));
                    }
                }
            } else if (gradients[value] != null && forward.definitions().get(value) instanceof Operand operand) {
                int input = ((Input) operand.source()).index();
                Layout layout = Layout.contiguous(operand.type().shape());
                results.add(
                        0,
                        totals
                                ? Add.add(
                                        builder,
                                        builder.operand(new Total(input), operand.type(), layout),
                                        gradients[value])
                                : gradients[value]);
            }
        }
        return new Result(builder.build(results), saved);
    }

    private void add(int value, Integer contribution) {
        if (needed[value]) {
            gradients[value] =
                    gradients[value] == null ? contribution : Add.add(builder, gradients[value], contribution);
        }
    }

    private final class At implements Differentiation<Integer> {
        private final int value;
        private final Apply apply;

        At(int value, Apply apply) {
            this.value = value;
            this.apply = apply;
        }

        @Override
        public Ops<Integer> ops() {
            return builder;
        }

        @Override
        public Integer gradient() {
            return gradients[value];
        }

        @Override
        public Integer operand(int index) {
            return forwardValue(apply.operands().get(index));
        }

        @Override
        public Integer output() {
            return forwardValue(value);
        }

        private Integer forwardValue(int needed) {
            Graph.Definition definition = forward.definitions().get(needed);
            if (definition instanceof Operand operand) {
                return builder.operand(operand.source(), operand.type(), operand.layout());
            }
            if (definition instanceof Constant constant) {
                return builder.number(constant.value());
            }
            saved.add(needed);
            Layout layout = Layout.contiguous(definition.type().shape());
            return builder.operand(new Saved(needed), definition.type(), layout);
        }

        @Override
        public TensorType operandType(int index) {
            return forward.type(apply.operands().get(index));
        }

        @Override
        public TensorType outputType() {
            return apply.type();
        }
    }
}
