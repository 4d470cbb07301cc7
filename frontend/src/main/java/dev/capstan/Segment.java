// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.Queued.Input;
import dev.capstan.Queued.Operation;
import dev.capstan.Queued.Retaken;
import dev.capstan.Queued.Write;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.spi.Execution;
import dev.capstan.runtime.spi.Path;
import dev.capstan.runtime.spi.Program;
import dev.capstan.runtime.spi.Tape;
import dev.capstan.runtime.spi.Walk;
import dev.capstan.runtime.type.CallSite;
import dev.capstan.runtime.type.CapstanException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What a region has queued from its beginning, or from the last place where a value was read, to the next such place or
 * its end: operators, writes and backward passes. A segment runs once: by a program if its path has one, else event by
 * event as eager mode would. It remembers how to compute the values that the program did not give, in case one of them
 * has escaped from the region.
 */
final class Segment extends SegmentQueue {
    private static final int[] NOTHING = {};

    private boolean ended;
    /** True once it has run, or was refused. */
    private volatile boolean finished;
    /** True if nothing that is queued has happened, or ever will. */
    private boolean refused;

    private @Nullable Path path;
    private @Nullable RegionNode node;
    private long sequence;

    Segment(Region region, Walk walk, ThreadState thread) {
        super(region, walk, thread);
    }

    @Override
    Segment self() {
        return this;
    }

    /** True if this segment queues what this thread does now. */
    boolean isOpen() {
        return !ended && region.queuesInto(this);
    }

    /** True if nothing needs to be done before a tensor is an operand. */
    boolean takes(Tensor tensor) {
        return tensor.segment() == this || !tensor.isPending() && !tensor.isStale() && !isHiddenAlias(tensor);
    }

    @Override
    public void beforeWrite(Storage storage) {
        if (!finished && !region.isOwner()) {
            region.visit(this, () -> region.settle(storage));
        }
    }

    /** The path that ended; only after {@link #end}. */
    Path path() {
        return path;
    }

    /** Runs what is queued, for these tensors; none of them needs to be of this segment. */
    void end(List<Tensor> wanted) {
        try {
            runFor(wanted);
        } finally {
            finish();
        }
    }

    private void finish() {
        inputs.read(this);
        finished = true;
    }

    private void runFor(List<Tensor> wanted) {
        List<Tensor> tensors = wanted;
        if (!leaves.isEmpty() || isTaped()) {
            tensors = new ArrayList<>(wanted);
            addSaved(tensors);
            for (Tensor leaf : leaves) {
                if (leaf.grad() != null) {
                    tensors.add(leaf.grad());
                }
            }
        }
        int[] outputs = numbers(tensors);
        close();
        path = walk.end(outputs);
        Program program;
        try {
            program = region.program(path);
        } catch (RuntimeException e) {
            refused = true;
            throw e;
        }
        if (program == null) {
            replay(outputs);
        } else {
            run(program, tensors);
        }
    }

    /** The numbers of those tensors, and of their bases, that are queued here; each once. A view left behind needs none. */
    private int[] numbers(List<Tensor> tensors) {
        int[] numbers = new int[tensors.size()];
        int found = 0;
        boolean[] seen = new boolean[count];
        for (int i = 0; i < tensors.size(); i++) {
            for (Tensor next = tensors.get(i); next != null; next = next.base()) {
                if (next.isPending() && next.segment() == this && !isLeftBehind(next.segmentValue())) {
                    int number = number(next);
                    // a view that is taken again is new
                    seen = number < seen.length ? seen : Arrays.copyOf(seen, 2 * number);
                    if (!seen[number]) {
                        seen[number] = true;
                        numbers = found < numbers.length ? numbers : Arrays.copyOf(numbers, 2 * found);
                        numbers[found++] = number;
                    }
                }
            }
        }
        return found == numbers.length ? numbers : Arrays.copyOf(numbers, found);
    }

    /** Runs what is queued event by event, as after an exception. */
    void abandon() {
        close();
        try {
            replay(null);
        } finally {
            finish();
        }
    }

    /** The path that was taken, of which no value was asked for. */
    Path explored() {
        return walk.end(NOTHING);
    }

    private void close() {
        ended = true;
        sequence = Node.reserve(operators * Replay.NUMBERS + 1);
        if (contents != null) {
            inputs.settle();
            if (!own.isEmpty()) {
                settleCounters();
            }
        }
    }

    private void settleCounters() {
        for (Queued event : own.values()) {
            if (event instanceof Write write && write.counter() != null) {
                write.counter().settle();
            }
        }
    }

    private void run(Program program, List<Tensor> wanted) {
        NdArray[] arrays = inputs.arrays();
        if (!inputs.areUnchanged()) {
            throw new CapstanException(
                    region.name(), "a tensor was changed by another thread while the region used it", "");
        }
        ShadowCheck shadow =
                region.isShadowed() ? new ShadowCheck(region.name(), inputs, queued(), updates, sequence) : null;
        Execution execution = program.run(arrays);
        if (contents != null) {
            contents.written();
        }
        int[] outputs = program.outputs();
        if (shadow != null) {
            shadow.compare(outputs, execution.outputs());
        }
        Tape tape = program.tape();
        if (!tape.outputs().isEmpty()) {
            node = new RegionNode(sequence + operators * Replay.NUMBERS, region, this, program, execution, inputs);
        }
        if (contents == null) {
            for (int i = 0; i < outputs.length; i++) {
                settle(values[outputs[i]], outputs[i], execution, i);
            }
        } else {
            settle(wanted, outputs, execution);
        }
        if (tape.outputs().isEmpty()) {
            execution.release();
        }
    }

    /** Gives the tensors that stand for outputs in the end, after all writes, their values. */
    private void settle(List<Tensor> wanted, int[] outputs, Execution execution) {
        Standing standing = standing(outputs);
        int[] places = places(outputs);
        for (Tensor tensor : wanted) {
            for (Tensor next = tensor; next != null; next = next.base()) {
                settle(next, places, execution);
            }
        }
        for (int value : standing.values()) {
            settle(values[value], places, execution);
        }
        for (Tensor tensor : wanted) {
            showLeftBehind(tensor);
        }
    }

    /**
     * Gives a view whose base a recorded write has changed its values, once the base has its own. On the tape it stays what it
     * was: eager mode connects it with the base, by a node of its own, when it is used next.
     *
     * @return false if it is none, or its base has no values
     */
    private boolean showLeftBehind(Tensor tensor) {
        if (!isHere(tensor)
                || tensor.base() == null
                || tensor.base().isPending()
                || !isLeftBehind(tensor.segmentValue())) {
            return false;
        }
        tensor.settle(arrayNow(tensor.segmentValue()), null, 0);
        tensor.leave();
        tensor.alias().outdate();
        return true;
    }

    /** The array of a view, taken of what its storage is now. */
    private NdArray arrayNow(int value) {
        Operation view = view(value);
        if (view == null) {
            return values[contents.root(value)].values();
        }
        return view.of(arrayNow(view.operands()[0]));
    }

    private int[] places(int[] outputs) {
        int[] places = new int[count];
        for (int i = 0; i < outputs.length; i++) {
            places[outputs[i]] = i + 1;
        }
        return places;
    }

    /**
     * The values whose tensors stand for outputs in the end: the same in all calls that take the path, because no storage is
     * written to in which several tensors from outside lie.
     *
     * @param outputs those of the program for which this was found out
     */
    private record Standing(int[] outputs, int[] values) {}

    private Standing standing(int[] outputs) {
        if (path.note() instanceof Standing known && known.outputs() == outputs) {
            return known;
        }
        int[] places = places(outputs);
        Standing standing = new Standing(
                outputs,
                IntStream.range(0, count)
                        .filter(value -> isHere(values[value]))
                        .filter(value -> place(values[value], places) > 0)
                        .toArray());
        path.note(standing);
        return standing;
    }

    private boolean isHere(@Nullable Tensor tensor) {
        return tensor != null && tensor.segment() == this && tensor.isPending();
    }

    /** One more than the place of the output that a tensor stands for in the end; 0 if it stands for none. */
    private int place(Tensor tensor, int[] places) {
        int number = last(tensor.segmentValue());
        return number == Walk.NONE ? 0 : places[number];
    }

    private void settle(@Nullable Tensor tensor, int[] places, Execution execution) {
        if (isHere(tensor)) {
            int place = place(tensor, places);
            if (place > 0) {
                settle(tensor, last(tensor.segmentValue()), execution, place - 1);
            }
        }
    }

    private void settle(Tensor tensor, int number, Execution execution, int output) {
        if (tensor.isPending()) {
            boolean recorded = requiresGradient(number) && tensor.isOnTape();
            tensor.settle(execution.outputs()[output], recorded ? node : null, output);
            tensor.leave();
        }
    }

    /** Computes a tensor of this segment because somebody reads it, or looks at the tape behind it. */
    void read(Tensor tensor) {
        if (!finished) {
            if (!region.isOwner()) {
                region.visit(this, () -> region.bailOut(tensor));
            } else if (!ended) {
                region.bailOut(tensor);
            }
        }
        readAgain(tensor);
    }

    private synchronized void readAgain(Tensor tensor) {
        if (!tensor.isPending() || !tensor.isConcealed() && (showLeftBehind(tensor) || isShown(tensor))) {
            return;
        }
        if (path != null) {
            for (Tensor next = tensor; next != null; next = next.base()) {
                if (next.isPending() && next.segment() == this && last(next.segmentValue()) != Walk.NONE) {
                    path.escaped(last(next.segmentValue()));
                }
            }
        }
        if (!tensor.isConcealed()) {
            recompute(tensor);
            if (contents != null && contents.isRewritten(tensor.segmentValue()) && tensor.alias() != null) {
                // a view of what was overwritten: it is connected with that when it is used again, as in eager mode
                tensor.alias().outdate();
            }
        }
        tensor.reveal();
    }

    /**
     * Computes whatever is not computed yet. What cannot be made again, because the segment itself or a later one has
     * changed an input, is missed only if somebody reads it.
     */
    synchronized void settle() {
        if (!inputs.areUnchanged()) {
            return;
        }
        for (int i = 0; i < count; i++) {
            Tensor value = values[i];
            if (value != null && value.isPending() && !value.isConcealed()) {
                recompute(value);
                return;
            }
        }
    }

    /** Takes a view again if it shows a tensor from outside, whatever has been written there; false if it does not. */
    private boolean isShown(Tensor tensor) {
        int number = tensor.segmentValue();
        Operation view = view(number);
        Tensor shown = view == null ? null : holder(view.operands()[0]);
        if (shown == null || shown.isPending() && (shown.isConcealed() || !isShown(shown))) {
            return false;
        }
        boolean outside = queued(view.operands()[0]) instanceof Input;
        boolean differentiable = outside && node == null ? requiresGradient(number) : shown.requiresGrad();
        if (!isTaped() && differentiable && (!outside || inputs.areUnchanged())) {
            // its gradient belongs between those of the operators inside, even if nobody has asked for these yet
            return false;
        }
        long before = queued().subList(0, number).stream()
                .filter(event -> event instanceof Operation || event instanceof Retaken)
                .count();
        try (GradMode.Scope direct = Region.suspend();
                GradMode.Scope mode = GradMode.set(view.recording())) {
            Tensor again = TensorOps.execute(view.operator(), new Tensor[] {shown}, sequence + before * Replay.NUMBERS);
            boolean shows = again.values().storage() == shown.values().storage();
            if (shows) {
                tensor.become(again, again.values());
            }
            return shows;
        }
    }

    private void recompute(Tensor tensor) {
        if (refused) {
            throw new CapstanException(
                    region.name(),
                    "the call of the region that made this tensor was refused",
                    tensor.shape().toString());
        }
        if (!inputs.areUnchanged()) {
            throw new CapstanException(
                    region.name(),
                    "a tensor made inside of the compiled region is read after a tensor it depends on has changed;"
                            + " later calls keep it",
                    tensor.shape().toString());
        }
        replayAgain(NOTHING);
    }

    /** Makes the operators of this segment available on the tape, behind its {@link RegionNode}. */
    synchronized void expand() {
        if (!inputs.areUnchanged()) {
            throw new CapstanException(
                    region.name(), "the operators of the compiled region are needed after its inputs have changed", "");
        }
        replayAgain(null);
    }

    private void replayAgain(int @Nullable [] wanted) {
        if (path != null) {
            path.bailedOut("made again at " + CallSite.current().orElse("unknown place"));
        }
        replay(wanted);
    }

    /** The values computed beside those that there are; null for what cannot be made again, or is not made by an operator. */
    @Nullable
    Tensor[] valuesOnceMore() {
        return contents == null ? replayedValues() : valuesBesideWrites();
    }

    private @Nullable Tensor[] valuesBesideWrites() {
        Tensor[] made = new Tensor[count];
        try (GradMode.Scope direct = Region.suspend();
                GradMode.Scope off = GradMode.noGrad()) {
            for (int i = 0; i < count; i++) {
                if (queued(i) instanceof Input input) {
                    made[i] = isChangedInput(i) ? null : inputs.get(input.place());
                } else if (values[i] != null && !values[i].isPending() && values[i].writes() == 0) {
                    made[i] = values[i];
                } else if (queued(i) instanceof Operation operation) {
                    Tensor[] operands = IntStream.of(operation.operands())
                            .mapToObj(operand -> made[operand])
                            .toArray(Tensor[]::new);
                    boolean known = !Arrays.asList(operands).contains(null);
                    made[i] = known ? TensorOps.execute(operation.operator(), operands) : null;
                }
            }
        }
        return made;
    }

    private boolean isChangedInput(int value) {
        return queued(value) instanceof Input input && !inputs.isUnchanged(input.place());
    }

    private @Nullable Tensor[] replayedValues() {
        Tensor[] made;
        try (GradMode.Scope direct = Region.suspend()) {
            made = new Replay(queued(), Collections.nCopies(count, null), inputs.tensors(), updates, sequence).run();
        }
        for (int i = 0; i < count; i++) {
            if (queued(i) instanceof Operation operation) {
                for (int operand : operation.operands()) {
                    made[i] = isChangedInput(operand) || made[operand] == null ? null : made[i];
                }
            }
        }
        return made;
    }

    /** True if nobody has looked at what this path leaves behind: its values have to be there in case somebody does. */
    boolean isUnobserved() {
        return path == null || !path.isObserved();
    }

    /**
     * Runs event by event.
     *
     * @param wanted the numbers of the values that are asked for, so that it is noticed if others are, too; null if that
     *     does not matter
     */
    private void replay(int @Nullable [] wanted) {
        for (int i = 0; i < count; i++) {
            if (values[i] != null && values[i].segment() == this && values[i].isPending() && !values[i].isConcealed()) {
                values[i].forgetRewrites();
            }
        }
        Replay replay =
                new Replay(queued(), Arrays.asList(values).subList(0, count), inputs.tensors(), updates, sequence);
        Tensor[] made;
        try (GradMode.Scope direct = Region.suspend()) {
            made = replay.run();
        }
        if (path != null) {
            path.observed();
        }
        if (wanted != null) {
            Set<Tensor> asked = Collections.newSetFromMap(new IdentityHashMap<>());
            for (int number : wanted) {
                asked.add(made[number]);
            }
            for (int i = 0; i < made.length; i++) {
                if (made[i] == values[i] && made[i] != null && made[i].segment() == this && !asked.contains(made[i])) {
                    made[i].conceal();
                }
            }
        }
        if (node != null) {
            node.continueIn(made, replay);
        }
    }
}
