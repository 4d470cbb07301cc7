// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.graph;

import static java.util.Objects.requireNonNull;

import dev.capstan.runtime.op.Detach;
import dev.capstan.runtime.op.Overwrite;
import dev.capstan.runtime.op.View;
import dev.capstan.runtime.spi.Tape;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Recording.Applied;
import dev.capstan.tracer.graph.Recording.Differentiated;
import dev.capstan.tracer.graph.Recording.Event;
import dev.capstan.tracer.graph.Recording.External;
import dev.capstan.tracer.graph.Recording.Retaken;
import dev.capstan.tracer.graph.Recording.Written;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What the events of a path mean for storage, and for the tape that eager mode would build of them. */
public final class Lineage {
    /** Never changed. */
    private static final BitSet NONE = new BitSet();

    private final List<? extends Event> events;
    private final int[] storages;
    private final Layout[] layouts;
    /** For each value the first one that has the same version. */
    private final int[] counted;
    /** For each storage, by its first value, the last write to it; -1 without one. */
    private final int[] lastWrites;

    /** For each value what its operator keeps, once somebody has asked. */
    private final List<Integer>[] saved;

    private BitSet consumed;

    /** Of these events, in order. */
    public Lineage(List<? extends Event> events) {
        this.events = requireNonNull(events, "events");
        this.storages = new int[events.size()];
        this.layouts = new Layout[storages.length];
        this.counted = new int[storages.length];
        this.lastWrites = new int[storages.length];
        this.saved = newLists(storages.length);
        Arrays.fill(lastWrites, -1);
        for (int i = 0; i < storages.length; i++) {
            place(i, events.get(i));
        }
    }

    @SuppressWarnings("unchecked") // an array of a generic type
    private static List<Integer>[] newLists(int count) {
        return (List<Integer>[]) new List<?>[count];
    }

    private void place(int value, Event event) {
        storages[value] = value;
        counted[value] = value;
        layouts[value] = Layout.contiguous(event.type().shape());
        if (event instanceof External external) {
            storages[value] = external.alias() < 0 ? value : storages[external.alias()];
            layouts[value] = external.layout();
        } else if (event instanceof Written written) {
            storages[value] = storages[written.content()];
            counted[value] = counted[written.content()];
            layouts[value] = layouts[written.content()];
            lastWrites[storages[value]] = value;
        } else if (event instanceof Retaken retaken) {
            storages[value] = storages[retaken.view()];
            counted[value] = counted[retaken.view()];
            layouts[value] = layouts[retaken.view()];
        } else if (event instanceof Applied applied && applied.operator() instanceof View view) {
            int operand = applied.operands().get(0);
            view.view(layouts[operand]).ifPresent(layout -> {
                storages[value] = storages[operand];
                counted[value] = view instanceof Detach detach && detach.apart() ? value : counted[operand];
                layouts[value] = layout;
            });
        }
    }

    List<Event> events() {
        return List.copyOf(events);
    }

    /** The first value in the storage in which a value lies. */
    int storage(int value) {
        return storages[value];
    }

    /** True if the storage of a value holds something else after all events than it did just after this one. */
    boolean isOverwritten(int value, int after) {
        return lastWrites[storages[value]] > after;
    }

    /** True if a write to the whole of the storage, of which no other input shows a part, can be put off. */
    public boolean isWritable(int content) {
        int storage = storages[content];
        for (int i = 0; i < storages.length; i++) {
            if (i != storage && storages[i] == storage && events.get(i) instanceof External) {
                return false;
            }
        }
        return !(events.get(storage) instanceof External external
                && external.layout().overlapsItself());
    }

    /** True if storage from outside is written to. */
    public boolean writesInputs() {
        for (int i = 0; i < storages.length; i++) {
            if (events.get(i) instanceof Written && events.get(storages[i]) instanceof External) {
                return true;
            }
        }
        return false;
    }

    /** The value whose gradient a value's gradient is: a write hands on the gradient of what was written. */
    int source(int value) {
        int source = value;
        while (true) {
            if (events.get(source) instanceof Written written) {
                source = written.recorded() ? written.value() : written.content();
            } else if (events.get(source) instanceof Retaken retaken) {
                source = retaken.view();
            } else {
                return source;
            }
        }
    }

    /** The operators and inputs that a gradient of a value reaches. */
    private BitSet reached(int root) {
        BitSet reached = new BitSet();
        reached.set(source(root));
        for (int value = root; value >= 0; value--) {
            if (reached.get(value) && events.get(value) instanceof Applied applied) {
                for (int i = 0; i < applied.operands().size(); i++) {
                    if (passesTo(applied, i)) {
                        reached.set(source(applied.operands().get(i)));
                    }
                }
            }
        }
        return reached;
    }

    private boolean passesTo(Applied applied, int operand) {
        return applied.operator().differentiable(operand)
                && events.get(applied.operands().get(operand)).requiresGradient();
    }

    /** The inputs at which the gradients of a value end; null if the pass meets what eager mode would refuse. */
    public int[] gradientInputs(int root) {
        if (!events.get(root).requiresGradient()) {
            return null;
        }
        BitSet reached = reached(root);
        for (int value = reached.nextSetBit(0); value >= 0; value = reached.nextSetBit(value + 1)) {
            if (savesOverwritten(value)
                    || consumed().get(value) && !saved(value).isEmpty()) {
                return null;
            }
        }
        return reached.stream()
                .filter(value -> events.get(value) instanceof External)
                .toArray();
    }

    /** What the tape behind these values would hold. */
    public Tape tape(List<Integer> outputs) {
        BitSet required = new BitSet();
        List<BitSet> reached = new ArrayList<>();
        List<BitSet> keepers = new ArrayList<>();
        for (int i = 0; i < outputs.size(); i++) {
            boolean requires = events.get(outputs.get(i)).requiresGradient();
            required.set(i, requires);
            reached.add(requires ? reached(outputs.get(i)) : new BitSet());
            keepers.add(keepers(reached.get(i)));
        }
        List<Tape.Saved> saved = new ArrayList<>();
        for (int value = events.size() - 1; value >= 0; value--) {
            BitSet from = new BitSet();
            for (int i = 0; i < reached.size(); i++) {
                from.set(i, reached.get(i).get(value));
            }
            for (int kept : from.isEmpty() ? List.<Integer>of() : saved(value)) {
                if (!isCopied(kept, value)) {
                    known(kept, value, from, outputs).ifPresent(saved::add);
                }
            }
        }
        return Tape.of(required, saved, keepers, leading(), keepers(consumed()));
    }

    /** For each input, in order of first use, the operators that keep something and whose gradients lead to it. */
    private List<BitSet> leading() {
        List<BitSet> leading = new ArrayList<>();
        BitSet[] ends = new BitSet[storages.length];
        for (int value = 0; value < ends.length; value++) {
            ends[value] = NONE;
            if (events.get(value) instanceof External external) {
                if (external.requiresGradient()) {
                    ends[value] = new BitSet();
                    ends[value].set(external.index());
                }
                leading.add(new BitSet());
            } else if (events.get(value) instanceof Applied applied) {
                BitSet inputs = ends(applied, ends);
                ends[value] = inputs;
                if (!inputs.isEmpty() && !saved(value).isEmpty()) {
                    for (int input = inputs.nextSetBit(0); input >= 0; input = inputs.nextSetBit(input + 1)) {
                        leading.get(input).set(value);
                    }
                }
            }
        }
        return leading;
    }

    /** The inputs to which an operator's gradients lead: mostly those of one operand, whose set it then shares. */
    private BitSet ends(Applied applied, BitSet[] known) {
        BitSet ends = NONE;
        boolean shared = true;
        for (int i = 0; i < applied.operands().size(); i++) {
            BitSet more = passesTo(applied, i) ? known[source(applied.operands().get(i))] : NONE;
            if (ends.isEmpty()) {
                ends = more;
            } else if (more != ends && !more.isEmpty()) {
                ends = shared ? (BitSet) ends.clone() : ends;
                shared = false;
                ends.or(more);
            }
        }
        return ends;
    }

    private BitSet keepers(BitSet operators) {
        BitSet keepers = (BitSet) operators.clone();
        keepers.stream().filter(operator -> saved(operator).isEmpty()).forEach(keepers::clear);
        return keepers;
    }

    private Optional<Tape.Saved> known(int value, int operator, BitSet reached, List<Integer> outputs) {
        TensorType type = events.get(value).type();
        int head = counted[value];
        boolean overwritten = isOverwritten(value, operator);
        if (events.get(head) instanceof External external) {
            return Optional.of(
                    new Tape.Saved(type, operator, reached, Tape.Counter.INPUT, external.index(), overwritten));
        }
        if (events.get(head) instanceof Applied applied && applied.operator() instanceof Detach) {
            return Optional.of(new Tape.Saved(type, operator, reached, Tape.Counter.VALUE, head, overwritten));
        }
        for (int i = 0; i < outputs.size(); i++) {
            if (storages[outputs.get(i)] == storages[value]) {
                return Optional.of(new Tape.Saved(type, operator, reached, Tape.Counter.OUTPUT, i, overwritten));
            }
        }
        return Optional.empty();
    }

    /** What an operator keeps for its gradients, in the order in which their rules ask for it. */
    private List<Integer> saved(int value) {
        if (saved[value] == null) {
            saved[value] = asked(value);
        }
        return saved[value];
    }

    private List<Integer> asked(int value) {
        if (!(events.get(value) instanceof Applied)) {
            return List.of();
        }
        Set<Integer> saved = new LinkedHashSet<>();
        if (events.get(value) instanceof Applied applied) {
            List<Integer> operands = applied.operands();
            for (int i = 0; i < operands.size(); i++) {
                int asking = i;
                for (int j = 0; passesTo(applied, i) && j < operands.size(); j++) {
                    if (applied.operator().savesOperand(j, operand -> operand == asking)) {
                        saved.add(operands.get(j));
                    }
                }
            }
            if (applied.operator().savesOutput()) {
                saved.add(value);
            }
        }
        return List.copyOf(saved);
    }

    private boolean savesOverwritten(int value) {
        return saved(value).stream().anyMatch(operand -> !isCopied(operand, value) && isOverwritten(operand, value));
    }

    /** True if an operator writes over its own operand: eager mode then saves a copy. */
    private boolean isCopied(int operand, int value) {
        Event next = value + 1 < storages.length ? events.get(value + 1) : null;
        if (next instanceof Applied laid && laid.operator() instanceof Overwrite overwrite) {
            int whole = laid.operands().get(0);
            Layout place = overwrite.place();
            return laid.operands().get(1) == value
                    && storages[operand] == storages[whole]
                    && layouts[operand].equals(place.at(layouts[whole].offset() + place.offset()));
        }
        return next instanceof Written written && written.value() == value && written.content() == operand;
    }

    /** The operators through which a backward pass of the path has gone that did not retain the graph. */
    private BitSet consumed() {
        if (consumed == null) {
            BitSet all = new BitSet();
            for (Event event : events) {
                if (event instanceof Differentiated pass && !pass.retainsGraph()) {
                    all.or(reached(pass.root()));
                }
            }
            consumed = all;
        }
        return consumed;
    }

    /** True if a backward pass of the path went through the operator that gave a value. */
    boolean isWalked(int value) {
        return consumed().get(source(value));
    }
}
