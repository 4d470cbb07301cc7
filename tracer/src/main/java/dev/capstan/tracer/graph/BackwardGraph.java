// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.graph;

import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph.Definition;
import dev.capstan.tracer.graph.Graph.Gradient;
import dev.capstan.tracer.graph.Graph.Operand;
import dev.capstan.tracer.graph.Graph.Saved;
import dev.capstan.tracer.graph.Graph.Total;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The backward pass of a forward graph, from the operators' own gradient rules. Nodes are visited in descending order of
 * creation; the contributions to a value are added as they come, the first taken as it is: exactly what the tape does.
 *
 * @param graph its outputs are the gradients of {@link #inputs()}
 * @param inputs the inputs of the region that get a gradient, by their index
 * @param saved the values of the forward graph that it reads, other than inputs of the region
 */
public record BackwardGraph(Graph graph, List<Integer> inputs, Set<Integer> saved) {
    /** Copies the collections. */
    public BackwardGraph {
        inputs = List.copyOf(inputs);
        saved = Set.copyOf(saved);
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
        return new Pass(recording).derive(arrivals);
    }

    private static final class Pass {
        private final Recording recording;
        private final GraphBuilder builder = GraphBuilder.backward();
        private final Derivation derivation;
        private final Set<Integer> saved = new HashSet<>();

        Pass(Recording recording) {
            this.recording = recording;
            this.derivation = new Derivation(new Lineage(recording.events()), builder, this::forward);
        }

        BackwardGraph derive(Arrivals arrivals) {
            seed(arrivals);
            List<Recording.Event> events = recording.events();
            derivation.run(events.size());
            List<Integer> inputs = new ArrayList<>();
            List<Integer> outputs = new ArrayList<>();
            for (int value = 0; value < events.size(); value++) {
                if (events.get(value) instanceof Recording.External external
                        && external.requiresGradient()
                        && derivation.gradient(value) != null) {
                    inputs.add(external.index());
                    outputs.add(derivation.gradient(value));
                }
            }
            return inputs.isEmpty() ? null : new BackwardGraph(builder.build(outputs), inputs, saved);
        }

        private void seed(Arrivals arrivals) {
            for (int i = 0; i < recording.events().size(); i++) {
                if (recording.events().get(i) instanceof Recording.External external
                        && external.requiresGradient()
                        && arrivals.totals().get(external.index())) {
                    TensorType type = external.type();
                    derivation.contribute(
                            i, builder.operand(new Total(external.index()), type, Layout.contiguous(type.shape())));
                }
            }
            for (int output = arrivals.outputs().nextSetBit(0); output >= 0; ) {
                int value = recording.outputs().get(output);
                TensorType type = recording.type(value);
                derivation.contribute(
                        value, builder.operand(new Gradient(output), type, Layout.contiguous(type.shape())));
                output = arrivals.outputs().nextSetBit(output + 1);
            }
        }

        /** A value of the forward pass, as the backward graph sees it. */
        private int forward(int value) {
            int inForward = recording.graphValue(value);
            Definition definition = recording.graph().definitions().get(inForward);
            if (definition instanceof Operand operand) {
                return builder.operand(operand.source(), operand.type(), operand.layout());
            }
            saved.add(inForward);
            return builder.operand(
                    new Saved(inForward),
                    definition.type(),
                    Layout.contiguous(definition.type().shape()));
        }
    }
}
