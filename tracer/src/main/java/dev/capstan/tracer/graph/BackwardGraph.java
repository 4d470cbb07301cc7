// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.graph;

import dev.capstan.runtime.op.Add;
import dev.capstan.runtime.op.Differentiation;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.op.Ops;
import dev.capstan.runtime.op.View;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph.Definition;
import dev.capstan.tracer.graph.Graph.Gradient;
import dev.capstan.tracer.graph.Graph.Operand;
import dev.capstan.tracer.graph.Graph.Saved;
import dev.capstan.tracer.graph.Graph.Total;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The backward pass of a forward graph, from the operators' own gradient rules. Nodes are visited in descending order of
 * creation; the contributions to a value are added as they come, the first taken as it is: exactly what the tape does.
 *
 * @param graph its outputs are the gradients of {@link #inputs()}
 * @param inputs the inputs of the region that get a gradient, by their index
 * @param saved the values of the forward graph that it reads, other than inputs of the region
 * @param savedInputs the inputs of the region that it reads
 */
public record BackwardGraph(Graph graph, List<Integer> inputs, Set<Integer> saved, Set<Integer> savedInputs) {
    /** Copies the collections. */
    public BackwardGraph {
        inputs = List.copyOf(inputs);
        saved = Set.copyOf(saved);
        savedInputs = Set.copyOf(savedInputs);
    }

    /**
     * Which gradients arrive.
     *
     * @param outputs the outputs that received a gradient
     * @param totals the inputs whose gradient has a sum so far
     */
    public record Arrivals(BitSet outputs, BitSet totals) {
        /** Copies the sets. */
        public Arrivals {
            outputs = (BitSet) outputs.clone();
            totals = (BitSet) totals.clone();
        }
    }

    /** The backward graph of a recording, or null if no gradient reaches an input. */
    public static BackwardGraph of(Recording recording, Arrivals arrivals) {
        Derivation derivation = new Derivation(recording);
        return derivation.derive(arrivals);
    }

    private static final class Derivation {
        private final Recording recording;
        private final GraphBuilder builder = GraphBuilder.backward();
        private final Map<Integer, Integer> gradients = new HashMap<>();
        private final Set<Integer> saved = new HashSet<>();
        private final Set<Integer> savedInputs = new HashSet<>();

        Derivation(Recording recording) {
            this.recording = recording;
        }

        BackwardGraph derive(Arrivals arrivals) {
            seed(arrivals);
            List<Recording.Event> events = recording.events();
            for (int value = events.size() - 1; value >= 0; value--) {
                Integer gradient = gradients.get(value);
                if (gradient != null
                        && events.get(value) instanceof Recording.Applied applied
                        && recording.requiresGradient(value)) {
                    visit(applied, value, gradient);
                }
            }
            List<Integer> inputs = new ArrayList<>();
            List<Integer> outputs = new ArrayList<>();
            for (int value = 0; value < events.size(); value++) {
                if (events.get(value) instanceof Recording.External external
                        && external.requiresGradient()
                        && gradients.containsKey(value)) {
                    inputs.add(external.index());
                    outputs.add(gradients.get(value));
                }
            }
            return inputs.isEmpty() ? null : new BackwardGraph(builder.build(outputs), inputs, saved, savedInputs);
        }

        private void seed(Arrivals arrivals) {
            for (int i = 0; i < recording.events().size(); i++) {
                if (recording.events().get(i) instanceof Recording.External external
                        && external.requiresGradient()
                        && arrivals.totals().get(external.index())) {
                    TensorType type = external.type();
                    gradients.put(
                            i, builder.operand(new Total(external.index()), type, Layout.contiguous(type.shape())));
                }
            }
            for (int output = arrivals.outputs().nextSetBit(0); output >= 0; ) {
                int value = recording.outputs().get(output);
                TensorType type = recording.type(value);
                contribute(value, builder.operand(new Gradient(output), type, Layout.contiguous(type.shape())));
                output = arrivals.outputs().nextSetBit(output + 1);
            }
        }

        private void contribute(int value, int gradient) {
            gradients.merge(value, gradient, (sum, added) -> Add.add(builder, sum, added));
        }

        private void visit(Recording.Applied applied, int value, int gradient) {
            Operator operator = applied.operator();
            Rule rule = new Rule(applied, value, gradient);
            for (int i = 0; i < applied.operands().size(); i++) {
                int operand = applied.operands().get(i);
                if (operator.differentiable(i) && recording.requiresGradient(operand)) {
                    contribute(operand, operator.gradient(rule, i));
                }
            }
        }

        /** A value of the forward pass, as the backward graph sees it. */
        private int forward(int value) {
            int inForward = recording.graphValue(value);
            Definition definition = recording.graph().definitions().get(inForward);
            if (definition instanceof Operand operand) {
                savedInputs.add(((Graph.Input) operand.source()).index());
                return builder.operand(operand.source(), operand.type(), operand.layout());
            }
            saved.add(inForward);
            markViewedInput(inForward);
            return builder.operand(
                    new Saved(inForward),
                    definition.type(),
                    Layout.contiguous(definition.type().shape()));
        }

        /** A view shares its input's storage: the input must not change either. */
        private void markViewedInput(int inForward) {
            Definition definition = recording.graph().definitions().get(inForward);
            if (definition instanceof Graph.Apply apply && apply.operator() instanceof View) {
                markViewedInput(apply.operands().get(0));
            } else if (definition instanceof Operand operand) {
                savedInputs.add(((Graph.Input) operand.source()).index());
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
                return forward(applied.operands().get(index));
            }

            @Override
            public Integer output() {
                return forward(value);
            }

            @Override
            public TensorType operandType(int index) {
                return recording.type(applied.operands().get(index));
            }

            @Override
            public TensorType outputType() {
                return recording.type(value);
            }
        }
    }
}
