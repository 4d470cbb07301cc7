// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.graph;

import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph.Input;
import java.util.ArrayList;
import java.util.List;

/**
 * One path as it was taken: its events in order, each of one value, and the forward graph that computes them.
 *
 * @param events the events; a value is the index of its event
 * @param outputs the wanted values
 * @param graph the forward graph, composites decomposed; its outputs are the wanted values
 * @param graphValues for each event the value of the graph
 */
public record Recording(List<Event> events, List<Integer> outputs, Graph graph, List<Integer> graphValues) {
    /** Copies the lists. */
    public Recording {
        events = List.copyOf(events);
        outputs = List.copyOf(outputs);
        graphValues = List.copyOf(graphValues);
    }

    /** One event. */
    public sealed interface Event {
        /** The type of its value. */
        TensorType type();

        /** Whether its value requires a gradient. */
        boolean requiresGradient();
    }

    /**
     * The first use of a tensor from outside.
     *
     * @param index which one, in order of first use
     * @param type its type
     * @param layout where its elements lie
     * @param requiresGradient whether it requires a gradient
     */
    public record External(int index, TensorType type, Layout layout, boolean requiresGradient) implements Event {}

    /**
     * An operator.
     *
     * @param operator the operator; may be a composite
     * @param operands the values it applies to
     * @param type the type of the result
     * @param requiresGradient whether the result requires a gradient
     */
    public record Applied(Operator operator, List<Integer> operands, TensorType type, boolean requiresGradient)
            implements Event {
        /** Copies the operands. */
        public Applied {
            operands = List.copyOf(operands);
        }
    }

    /** The recording of a path. */
    public static Recording of(List<Event> events, List<Integer> outputs) {
        GraphBuilder builder = GraphBuilder.forward();
        List<Integer> values = new ArrayList<>();
        for (Event event : events) {
            if (event instanceof External external) {
                values.add(builder.operand(new Input(external.index()), external.type(), external.layout()));
            } else {
                Applied applied = (Applied) event;
                values.add(builder.apply(
                        applied.operator(),
                        applied.operands().stream().map(values::get).toList()));
            }
        }
        return new Recording(
                events, outputs, builder.build(outputs.stream().map(values::get).toList()), values);
    }

    /** The type of a value. */
    public TensorType type(int value) {
        return events.get(value).type();
    }

    /** Whether a value requires a gradient. */
    public boolean requiresGradient(int value) {
        return events.get(value).requiresGradient();
    }

    /** The value of the graph that an event's value is. */
    public int graphValue(int value) {
        return graphValues.get(value);
    }
}
