// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.graph;

import dev.capstan.runtime.op.Cast;
import dev.capstan.runtime.op.Detach;
import dev.capstan.runtime.op.Expand;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.op.View;
import dev.capstan.runtime.spi.Tape;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph.Input;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One path as it was taken: its events in order, each of one value, and the graph that computes them. Writes are
 * functional: what is read after one is another value, and the last one of each input is made at the end. A backward
 * pass of the path itself is a part of the graph.
 *
 * @param events the events; a value is the index of its event
 * @param outputs the wanted values
 * @param graph the graph, composites decomposed; its outputs are the wanted values, then the new contents of
 *     {@link #written()}
 * @param graphValues for each event the value of the graph, or -1 for an event without one
 * @param owned which outputs lie in storage that no other value shares, whatever computes them
 * @param written the inputs that are written to, by their index
 * @param tape what eager mode's tape would hold behind the outputs
 */
public record Recording(
        List<Event> events,
        List<Integer> outputs,
        Graph graph,
        List<Integer> graphValues,
        BitSet owned,
        List<Integer> written,
        Tape tape) {
    /** Copies the collections. */
    public Recording {
        events = List.copyOf(events);
        outputs = List.copyOf(outputs);
        graphValues = List.copyOf(graphValues);
        owned = (BitSet) owned.clone();
        written = List.copyOf(written);
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
     * @param alias an earlier input in the same storage, or -1
     */
    public record External(int index, TensorType type, Layout layout, boolean requiresGradient, int alias)
            implements Event {}

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

    /**
     * A write to a whole storage; its value is the new content.
     *
     * @param content the content so far
     * @param value what is written, converted and broadcast
     * @param type the type of the content
     * @param requiresGradient whether the new content requires a gradient
     * @param recorded whether that is the gradient of what was written, not of the content so far
     */
    public record Written(int content, int value, TensorType type, boolean requiresGradient, boolean recorded)
            implements Event {}

    /**
     * A view that shows other elements after a write that was not recorded; on the tape it is what it was.
     *
     * @param view the view so far
     * @param value its elements now
     * @param type its type
     * @param requiresGradient whether it requires a gradient
     */
    public record Retaken(int view, int value, TensorType type, boolean requiresGradient) implements Event {}

    /**
     * A backward pass; it has no value of its own.
     *
     * @param root where it starts
     * @param seed the gradient of the root, or -1 for ones
     * @param retainsGraph whether it can be made again
     * @param type the type of the root
     */
    public record Differentiated(int root, int seed, boolean retainsGraph, TensorType type) implements Event {
        @Override
        public boolean requiresGradient() {
            return false;
        }
    }

    /**
     * What a backward pass gave one input.
     *
     * @param pass the backward pass
     * @param input the input
     * @param type the input's type
     */
    public record Gradient(int pass, int input, TensorType type) implements Event {
        @Override
        public boolean requiresGradient() {
            return false;
        }
    }

    /** The recording of a path. */
    public static Recording of(List<? extends Event> events, List<Integer> outputs) {
        return new Writing(events).write(outputs);
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

    /** Why no program can stand for the tape behind what the path gives, or empty. */
    public Optional<String> tapeObstacle() {
        BitSet walkable = tape.walkable();
        if (walkable.isEmpty() && tape.saved().isEmpty()) {
            return Optional.empty();
        }
        Lineage lineage = new Lineage(events);
        for (int place = 0; place < outputs.size(); place++) {
            int output = outputs.get(place);
            if (walkable.get(place)) {
                if (!written.isEmpty()) {
                    return Optional.of("it changes tensors from outside, and a result is still on the tape");
                }
                if (lineage.isWalked(output)) {
                    return Optional.of("a backward pass went through a result, which can be differentiated again");
                }
                if (lineage.gradientInputs(output) == null) {
                    return Optional.of("a tensor needed for the gradient of a result is overwritten");
                }
            }
        }
        for (Tape.Saved saved : tape.saved()) {
            if (saved.counter() == Tape.Counter.VALUE && isReplaced(lineage, lineage.storage(saved.number()))) {
                return Optional.of("a gradient needs data() of what was written to");
            }
        }
        return Optional.empty();
    }

    /** Why no program can give what the path gives, or empty. */
    public Optional<String> resultObstacle() {
        Lineage lineage = new Lineage(events);
        return sharesWritten(lineage) ? Optional.of("results share storage that was written to") : Optional.empty();
    }

    /** True if several results show a storage that the path has made and written to. */
    private boolean sharesWritten(Lineage lineage) {
        Map<Integer, Integer> shown = new HashMap<>();
        outputs.forEach(output -> shown.merge(lineage.storage(output), 1, Integer::sum));
        for (int output : outputs) {
            int storage = lineage.storage(output);
            boolean made = !(events.get(storage) instanceof External);
            boolean whole = !isView(Writing.whole(events, output));
            if (made && isReplaced(lineage, storage) && (shown.get(storage) > 1 || !whole)) {
                return true;
            }
            if (!made && isReplaced(lineage, storage) && lineage.isOverwritten(output, output)) {
                return true;
            }
        }
        return false;
    }

    private boolean isView(int value) {
        return events.get(value) instanceof Retaken
                || events.get(value) instanceof Applied applied && applied.operator() instanceof View;
    }

    private boolean isReplaced(Lineage lineage, int storage) {
        return events.get(storage) instanceof Gradient || lineage.isOverwritten(storage, storage);
    }

    /** A graph in the making. */
    private static final class Writing {
        private final List<? extends Event> events;
        private final GraphBuilder builder = new GraphBuilder();
        private final List<Integer> values = new ArrayList<>();
        private final Map<Integer, Integer> contents = new TreeMap<>();
        private final Lineage lineage;
        private Derivation pass;

        Writing(List<? extends Event> events) {
            this.events = events;
            this.lineage = new Lineage(events);
        }

        Recording write(List<Integer> outputs) {
            for (Event event : events) {
                values.add(value(event));
            }
            List<Integer> wanted = new ArrayList<>();
            BitSet owned = new BitSet();
            for (int i = 0; i < outputs.size(); i++) {
                int output = outputs.get(i);
                int whole = whole(events, output);
                owned.set(i, events.get(whole) instanceof Gradient || ownsWritten(whole));
                wanted.add(shown(output));
            }
            List<Integer> written = new ArrayList<>();
            contents.forEach((input, content) -> {
                written.add(input);
                wanted.add(content);
            });
            return new Recording(
                    List.copyOf(events), outputs, builder.build(wanted), values, owned, written, lineage.tape(outputs));
        }

        /** Goes back over views that show all of a tensor. */
        static int whole(List<? extends Event> events, int value) {
            int whole = value;
            while (isDetached(events, whole)) {
                whole = ((Applied) events.get(whole)).operands().get(0);
            }
            return whole;
        }

        static boolean isDetached(List<? extends Event> events, int value) {
            return events.get(value) instanceof Applied applied && applied.operator() instanceof Detach;
        }

        private boolean ownsWritten(int value) {
            return events.get(value) instanceof Written && !(events.get(first(value)) instanceof External);
        }

        private int first(int value) {
            int first = value;
            while (events.get(first) instanceof Written written) {
                first = written.content();
            }
            return first;
        }

        /** A value as a result: what shows the new content of an input, and is no copy, is a view of the input itself. */
        private int shown(int value) {
            if (events.get(value) instanceof Written && events.get(first(value)) instanceof External) {
                return values.get(first(value));
            }
            if (events.get(value) instanceof Retaken retaken) {
                return shown(retaken.value());
            }
            if (events.get(value) instanceof Applied applied && applied.operator() instanceof View) {
                int operand = applied.operands().get(0);
                int base = lineage.storage(value) == lineage.storage(operand) ? shown(operand) : values.get(operand);
                return base == values.get(operand)
                        ? values.get(value)
                        : builder.apply(applied.operator(), List.of(base));
            }
            return values.get(value);
        }

        private int value(Event event) {
            if (event instanceof External external) {
                return builder.operand(new Input(external.index()), external.type(), external.layout());
            }
            if (event instanceof Applied applied) {
                return builder.apply(
                        applied.operator(),
                        applied.operands().stream().map(values::get).toList());
            }
            if (event instanceof Written written) {
                int content = content(written);
                if (events.get(first(written.content())) instanceof External external) {
                    contents.put(external.index(), content);
                }
                return content;
            }
            if (event instanceof Retaken retaken) {
                return values.get(retaken.value());
            }
            if (event instanceof Differentiated differentiated) {
                differentiate(differentiated);
                return -1;
            }
            return pass.gradient(((Gradient) event).input());
        }

        private int content(Written written) {
            int value = Cast.cast(
                    builder, values.get(written.value()), written.type().dtype());
            // a number is a tensor from then on: it promotes otherwise
            return builder.type(value).equals(written.type())
                    ? value
                    : builder.apply(new Expand(written.type().shape()), List.of(value));
        }

        private void differentiate(Differentiated differentiated) {
            builder.distinguish(false);
            pass = new Derivation(lineage, builder, values::get);
            pass.contribute(
                    differentiated.root(),
                    differentiated.seed() >= 0 ? values.get(differentiated.seed()) : ones(differentiated.type()));
            pass.run(values.size());
            builder.distinguish(true);
        }

        private int ones(TensorType type) {
            int one = Cast.cast(builder, builder.number(1), type.dtype());
            return type.shape().rank() == 0 ? one : Expand.expand(builder, one, type.shape());
        }
    }
}
