// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.graph;

import dev.capstan.runtime.op.Add;
import dev.capstan.runtime.op.Differentiation;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.op.Ops;
import dev.capstan.runtime.type.TensorType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;

/**
 * A backward pass over the events of a path, written into a graph by the operators' own gradient rules. Operators are
 * visited in descending order of creation; the contributions to a value are added as they come, the first taken as it
 * is: exactly what the tape does.
 */
final class Derivation {
    private final List<Recording.Event> events;
    private final Lineage lineage;
    private final GraphBuilder builder;
    private final IntUnaryOperator forward;
    private final Map<Integer, Integer> gradients = new HashMap<>();

    /**
     * Derives nothing yet.
     *
     * @param forward for a value of the forward pass that a rule reads, what it is in the graph
     */
    Derivation(Lineage lineage, GraphBuilder builder, IntUnaryOperator forward) {
        this.events = lineage.events();
        this.lineage = lineage;
        this.builder = builder;
        this.forward = forward;
    }

    /** Adds to the gradient of a value. */
    void contribute(int value, int gradient) {
        gradients.merge(lineage.source(value), gradient, (sum, added) -> Add.add(builder, sum, added));
    }

    /** The gradient of a value so far, or null. */
    Integer gradient(int value) {
        return gradients.get(lineage.source(value));
    }

    /** Visits the operators that come before an event, the last one first. */
    void run(int end) {
        for (int value = end - 1; value >= 0; value--) {
            Integer gradient = gradients.get(value);
            if (gradient != null
                    && events.get(value) instanceof Recording.Applied applied
                    && applied.requiresGradient()) {
                visit(applied, value, gradient);
            }
        }
    }

    private void visit(Recording.Applied applied, int value, int gradient) {
        Operator operator = applied.operator();
        Rule rule = new Rule(applied, value, gradient);
        for (int i = 0; i < applied.operands().size(); i++) {
            int operand = applied.operands().get(i);
            if (operator.differentiable(i) && events.get(operand).requiresGradient()) {
                contribute(operand, operator.gradient(rule, i));
            }
        }
    }

    private final class Rule implements Differentiation<Integer> {
        private final Recording.Applied applied;
        private final int value;
        private final int gradient;

        Rule(Recording.Applied applied, int value, int gradient) {
            this.applied = applied;
            this.value = value;
            this.gradient = gradient;
        }

        @Override
        public Ops<Integer> ops() {
            return builder;
        }

        @Override
        public Integer gradient() {
            return gradient;
        }

        @Override
        public Integer operand(int index) {
            return forward.applyAsInt(applied.operands().get(index));
        }

        @Override
        public Integer output() {
            return forward.applyAsInt(value);
        }

        @Override
        public TensorType operandType(int index) {
            return events.get(applied.operands().get(index)).type();
        }

        @Override
        public TensorType outputType() {
            return events.get(value).type();
        }
    }
}
