// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.graph;

import dev.capstan.runtime.op.View;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph.Apply;
import dev.capstan.tracer.graph.Graph.Definition;
import dev.capstan.tracer.graph.Graph.Gradient;
import dev.capstan.tracer.graph.Graph.Operand;
import dev.capstan.tracer.graph.Graph.Saved;
import dev.capstan.tracer.graph.Graph.Total;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The backward pass of a forward graph, from the operators' own gradient rules. Nodes are visited in descending order of
 * creation; the contributions to a value are added as they come, the first taken as it is: exactly what the tape does.
 *
 * @param graph its outputs are the gradients that are computed
 * @param deliveries the gradients that inputs of the region get
 * @param saved the values of the forward graph that it reads, other than inputs of the region
 */
public record BackwardGraph(Graph graph, List<Delivery> deliveries, Set<Integer> saved) {
    /** Copies the collections. */
    public BackwardGraph {
        deliveries = List.copyOf(deliveries);
        saved = Set.copyOf(saved);
    }

    /**
     * Which gradients arrive, and who gets some.
     *
     * @param outputs the outputs that received a gradient
     * @param totals the inputs whose gradient has a sum so far
     * @param owners the inputs that keep a copy of their gradient, so that nobody sees what it shares its storage with
     */
    public record Arrivals(BitSet outputs, BitSet totals, BitSet owners) {
        /** Copies the sets. */
        public Arrivals {
            outputs = (BitSet) outputs.clone();
            totals = (BitSet) totals.clone();
            owners = (BitSet) owners.clone();
        }
    }

    /**
     * The gradient of an input, with the storage that it has on the tape: a view of what has arrived or was computed, which
     * may be a view of several gradients' storage.
     *
     * @param input the input's index
     * @param views what is applied to the origin, one after the other
     */
    public record Delivery(int input, Origin origin, List<View> views) {
        /** Copies the views. */
        public Delivery {
            views = List.copyOf(views);
        }
    }

    /** Where the storage of a gradient comes from. */
    public sealed interface Origin permits Arrived, SoFar, Computed {}

    /** The gradient that an output received. */
    public record Arrived(int output) implements Origin {}

    /** The sum that an input's gradient had. */
    public record SoFar(int input) implements Origin {}

    /** An output of the graph. */
    public record Computed(int output) implements Origin {}

    /** The backward graph of a recording, or null if no gradient reaches an input. */
    public static BackwardGraph of(Recording recording, Arrivals arrivals) {
        return new Pass(recording).derive(arrivals);
    }

    private static final class Pass {
        private final Recording recording;
        private final GraphBuilder builder = new GraphBuilder();
        private final Derivation derivation;
        private final Set<Integer> saved = new HashSet<>();
        /** The outputs of the graph. */
        private final List<Integer> computed = new ArrayList<>();
        /** Which of them holds the storage of several gradients, by its value. */
        private final Map<Integer, Computed> shared = new HashMap<>();

        Pass(Recording recording) {
            this.recording = recording;
            this.derivation = new Derivation(new Lineage(recording.events()), builder, this::forward);
        }

        BackwardGraph derive(Arrivals arrivals) {
            seed(arrivals);
            List<Recording.Event> events = recording.events();
            derivation.run(events.size());
            List<Delivery> deliveries = new ArrayList<>();
            for (int value = 0; value < events.size(); value++) {
                if (events.get(value) instanceof Recording.External external
                        && external.requiresGradient()
                        && derivation.gradient(value) != null) {
                    int gradient = derivation.gradient(value);
                    deliveries.add(
                            arrivals.owners().get(external.index())
                                    ? new Delivery(external.index(), compute(gradient), List.of())
                                    : delivery(external.index(), gradient));
                }
            }
            return deliveries.isEmpty() ? null : new BackwardGraph(builder.build(computed), deliveries, saved);
        }

        private Computed compute(int gradient) {
            computed.add(gradient);
            return new Computed(computed.size() - 1);
        }

        private Delivery delivery(int input, int gradient) {
            LinkedList<View> views = new LinkedList<>();
            int value = gradient;
            while (builder.definition(value) instanceof Apply apply && apply.operator() instanceof View view) {
                views.addFirst(view);
                value = apply.operands().get(0);
            }
            return new Delivery(input, origin(value), views);
        }

        private Origin origin(int value) {
            if (builder.definition(value) instanceof Operand operand) {
                if (operand.source() instanceof Gradient arrived) {
                    return new Arrived(arrived.output());
                }
                if (operand.source() instanceof Total total) {
                    return new SoFar(total.input());
                }
            }
            return shared.computeIfAbsent(value, this::compute);
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
