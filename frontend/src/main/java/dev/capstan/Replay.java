// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.Queued.Input;
import dev.capstan.Queued.Operation;
import dev.capstan.Queued.Pass;
import dev.capstan.Queued.Received;
import dev.capstan.Queued.Retaken;
import dev.capstan.Queued.Write;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.op.Detach;
import dev.capstan.runtime.op.Overwrite;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The events of a segment, one by one as eager mode makes them, with the tape that it builds. */
final class Replay {
    /** So many creation numbers of tape nodes has an operator: what a linear layer decomposes into takes the most. */
    static final int NUMBERS = 5;

    private final List<Queued> queued;
    private final List<@Nullable Tensor> values;
    private final Tensor[] inputs;
    private final List<QueuedUpdate> updates;
    private final @Nullable Tensor[] made;
    private final @Nullable Node[] nodes;
    private long sequence;
    private @Nullable Tensor[] gradients = {};

    /**
     * Runs nothing yet.
     *
     * @param values for each event the tensor that stands for it, or null
     * @param inputs the tensors from outside, in order of first use
     * @param updates operators and writes that are made as one, in order
     * @param sequence the creation number of the first tape node
     */
    Replay(
            List<Queued> queued,
            List<@Nullable Tensor> values,
            Tensor[] inputs,
            List<QueuedUpdate> updates,
            long sequence) {
        this.queued = queued;
        this.values = values;
        this.inputs = inputs;
        this.updates = updates;
        this.made = new Tensor[queued.size()];
        this.nodes = new Node[queued.size()];
        this.sequence = sequence;
    }

    /** For each event its tensor: the one that stood for it, if that had no value yet. */
    @Nullable
    Tensor[] run() {
        Iterator<QueuedUpdate> following = updates.iterator();
        QueuedUpdate next = following.hasNext() ? following.next() : null;
        for (int i = 0; i < made.length; i++) {
            if (next != null && next.first() == i) {
                i = update(i, next.update());
                next = following.hasNext() ? following.next() : null;
                continue;
            }
            Tensor computed = compute(i);
            Tensor pending = values.get(i);
            if (pending != null && pending.isPending()) {
                NdArray array = array(i, computed);
                boolean same = array == computed.values();
                pending.become(computed, array);
                if (same) {
                    pending.follow();
                }
                // what was computed before a write goes on from the elements before it
                computed = same ? pending : computed;
            }
            made[i] = computed;
        }
        return made;
    }

    /** Drops what some operators have saved, by their numbers, as a backward pass that went over them has done. */
    void release(BitSet operators) {
        operators.stream()
                .mapToObj(operator -> nodes[operator])
                .filter(Objects::nonNull)
                .forEach(Node::release);
    }

    /** Makes an update; the number of its last event. */
    private int update(int first, Update update) {
        int[] operands = ((Operation) queued.get(first)).operands();
        update.execute(
                Arrays.stream(operands).mapToObj(operand -> made[operand]).toArray(Tensor[]::new));
        int changed = update.formulas().length;
        sequence += (long) changed * NUMBERS;
        for (int i = 0; i < changed; i++) {
            made[first + changed + i] = made[operands[i]];
        }
        return first + 2 * changed - 1;
    }

    private @Nullable Tensor compute(int number) {
        Queued event = queued.get(number);
        if (event instanceof Input input) {
            return inputs[input.place()];
        }
        if (event instanceof Operation operation) {
            return execute(number, operation);
        }
        if (event instanceof Retaken retaken) {
            Tensor view = made[retaken.value()];
            if (retaken.connected()) {
                view.renew(sequence);
            }
            sequence += NUMBERS;
            return view;
        }
        if (event instanceof Write write) {
            return write(write);
        }
        return event instanceof Received received ? receive(received) : null;
    }

    private Tensor execute(int number, Operation operation) {
        Tensor[] operands = new Tensor[operation.operands().length];
        for (int i = 0; i < operands.length; i++) {
            operands[i] = made[operation.operands()[i]];
        }
        long first = sequence;
        sequence += NUMBERS;
        if (laid(number) != null) {
            return null;
        }
        Write write = written(number);
        if (write != null && write.recording()) {
            operands = new InPlace(made[write.target()])
                    .kept(operation.operator(), List.of(operands))
                    .toArray(Tensor[]::new);
        }
        try (GradMode.Scope mode = GradMode.set(operation.recording())) {
            Tensor result = new ReplayOps(first).apply(operation.operator(), List.of(operands));
            nodes[number] = result.gradFn();
            if (!operation.isView()) {
                return result;
            }
            boolean apart = operation.operator() instanceof Detach detach && detach.apart();
            return apart ? result.countedBy(counter(number)) : result;
        }
    }

    /** What counts the writes through a value that is apart: the one counter, however often the value is made. */
    private VersionCounter counter(int number) {
        Tensor known = values.get(number);
        return known == null ? new VersionCounter() : known.counter();
    }

    private @Nullable Queued event(int number) {
        return number < made.length ? queued.get(number) : null;
    }

    /** The write of a value, all of it or to a part of something, that follows at once; or null. */
    private @Nullable Write written(int number) {
        boolean part = event(number + 1) instanceof Operation next
                && next.operator() instanceof Overwrite
                && next.operands()[1] == number;
        int value = part ? number + 1 : number;
        boolean written = event(value + 1) instanceof Write write && write.value() == value && write.target() < number;
        return written ? (Write) event(value + 1) : null;
    }

    /** The operator of a value that is only made to be written over what it was made of; or null. */
    private @Nullable Overwrite laid(int number) {
        return event(number) instanceof Operation operation
                        && operation.operator() instanceof Overwrite overwrite
                        && event(number + 1) instanceof Write write
                        && write.value() == number
                        && write.content() == operation.operands()[0]
                ? overwrite
                : null;
    }

    /** The array of a value made again: a view is one of what its operand is now, which may have been written to. */
    private NdArray array(int number, Tensor computed) {
        NdArray array = computed.values();
        if (queued.get(number) instanceof Operation operation && operation.isView()) {
            int operand = operation.operands()[0];
            Tensor shown = values.get(operand);
            if (array.storage() == made[operand].values().storage() && shown != null && shown != made[operand]) {
                return operation.of(shown.values());
            }
        }
        return array;
    }

    private Tensor write(Write write) {
        try (GradMode.Scope mode = GradMode.set(write.recording())) {
            Overwrite laid = laid(write.value());
            if (laid != null) {
                int part = ((Operation) queued.get(write.value())).operands()[1];
                // the operator came just before, with the number of its node
                return new InPlace(made[write.content()], write.counter())
                        .lay(made[part], laid.place(), write.recording(), sequence - NUMBERS);
            }
            return new InPlace(made[write.content()], write.counter()).assign(made[write.value()], write.recording());
        }
    }

    private Tensor receive(Received received) {
        if (received.position() == 0) {
            differentiate((Pass) queued.get(received.pass()));
        }
        return gradients[received.position()];
    }

    private void differentiate(Pass pass) {
        Tensor root = made[pass.root()];
        Tensor seed = pass.seed() < 0 ? root.onesLike() : made[pass.seed()];
        List<Edge> leaves = Arrays.stream(pass.inputs())
                .mapToObj(input -> made[input].gradientEdge())
                .toList();
        Tensor[] found = BackwardPass.queued(root.gradientEdge(), seed, leaves, pass.retainsGraph());
        gradients = Arrays.stream(found).map(Tensor::owned).toArray(Tensor[]::new);
    }
}
