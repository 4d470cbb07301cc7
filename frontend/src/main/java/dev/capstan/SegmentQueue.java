// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.Queued.Input;
import dev.capstan.Queued.Operation;
import dev.capstan.Queued.Pass;
import dev.capstan.Queued.Received;
import dev.capstan.Queued.Write;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.op.Cast;
import dev.capstan.runtime.op.Clone;
import dev.capstan.runtime.op.Composite;
import dev.capstan.runtime.op.Detach;
import dev.capstan.runtime.op.Expand;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.op.Overwrite;
import dev.capstan.runtime.spi.PathEvent;
import dev.capstan.runtime.spi.Walk;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** How operators, writes, updates and backward passes become the {@linkplain SegmentEvents events} of a segment. */
abstract class SegmentQueue extends SegmentEvents {
    /** A write to a part of a tensor from outside is captured if the part is not smaller than this part of the whole. */
    private static final int MOST_PARTS = 8;

    final Region region;
    /** Tensors that may have a gradient that is queued here. */
    List<Tensor> leaves = List.of();

    List<QueuedUpdate> updates = List.of();
    private boolean passes;
    private final boolean taped;
    /** The nodes that were made while operators were queued here. */
    private List<Node> nodes = List.of();

    private @Nullable Runnable settlement;

    SegmentQueue(Region region, Walk walk, ThreadState thread) {
        super(walk, thread);
        this.region = region;
        this.taped = region.isTaped();
    }

    @Override
    final boolean isTaped() {
        return taped;
    }

    /** Takes note of a node of the tape. */
    void made(Node node) {
        nodes = nodes.isEmpty() ? new ArrayList<>() : nodes;
        nodes.add(node);
    }

    /** Adds what the nodes keep for backward passes to come. */
    void addSaved(List<Tensor> wanted) {
        nodes.forEach(node -> wanted.addAll(node.saved()));
        nodes = List.of();
    }

    /** How often a value's storage, which is the segment's own, was written to. */
    int writesTo(Tensor tensor) {
        return contents == null ? 0 : contents.writes(tensor.segmentValue());
    }

    /** This segment. */
    abstract Segment self();

    /** Queues an operator. */
    Tensor apply(Operator operator, Tensor operand) {
        boolean recording = thread.isRecording();
        if (recording && taped) {
            return applyOnTape(operator, operand);
        }
        int number = number(operand);
        PathEvent event = walk.repeat(operator, number, recording);
        if (event != null) {
            if (event.note() == null) {
                operation(event, operator, recording, number);
            }
            return add(event, operand);
        }
        return apply(operator, new Tensor[] {operand});
    }

    /** The same for two operands. */
    Tensor apply(Operator operator, Tensor first, Tensor second) {
        boolean recording = thread.isRecording();
        if (recording && taped) {
            return applyOnTape(operator, first, second);
        }
        if (!(recording && (first.isInference() || second.isInference()))) {
            int left = number(first);
            int right = number(second);
            PathEvent event = walk.repeat(operator, left, right, recording);
            if (event != null) {
                if (event.note() == null) {
                    operation(event, operator, recording, left, right);
                }
                return add(event, first);
            }
        }
        return apply(operator, new Tensor[] {first, second});
    }

    /** The same for three operands. */
    Tensor apply(Operator operator, Tensor first, Tensor second, Tensor third) {
        boolean recording = thread.isRecording();
        if (recording && taped) {
            return applyOnTape(operator, first, second, third);
        }
        if (!(recording && (first.isInference() || second.isInference() || third.isInference()))) {
            int left = number(first);
            int middle = number(second);
            int right = number(third);
            PathEvent event = walk.repeat(operator, left, middle, right, recording);
            if (event != null) {
                if (event.note() == null) {
                    operation(event, operator, recording, left, middle, right);
                }
                return add(event, first);
            }
        }
        return apply(operator, new Tensor[] {first, second, third});
    }

    /** The same for any number. */
    Tensor apply(Operator operator, Tensor[] operands) {
        boolean recording = thread.isRecording();
        if (recording && taped) {
            return applyOnTape(operator, operands);
        }
        if (!operator.isQueuedWhole()) {
            return ((Composite) operator).decompose(TensorOps.INSTANCE, List.of(operands));
        }
        if (recording) {
            SavedTensor.verifySavable(operator, operands);
        }
        return queue(operator, operands, recording);
    }

    private Tensor queue(Operator operator, Tensor[] operands, boolean recording) {
        int[] numbers = new int[operands.length];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = number(operands[i]);
        }
        PathEvent event = walk.apply(operator, numbers, recording);
        operation(event, operator, recording, numbers);
        return add(event, operands[0]);
    }

    /** Queues an operator as one that is not recorded, and makes its node. */
    private Tensor applyOnTape(Operator operator, Tensor... operands) {
        if (operator.isDecomposed()) {
            return ((Composite) operator).decompose(TensorOps.INSTANCE, List.of(operands));
        }
        SavedTensor.verifySavable(operator, operands);
        Tensor result = queue(operator, operands, false);
        boolean required = false;
        for (int i = 0; i < operands.length; i++) {
            required |= operands[i].requiresGrad() && operator.differentiable(i);
        }
        if (required && result.dtype().isFloating()) {
            OperatorNode node = new OperatorNode(Node.reserve(1), operator, operands);
            result.become(node, 0);
            node.produced(result);
            made(node);
        }
        return result;
    }

    /** Adds an operator that was noted, and the tensor that stands for its value. */
    Tensor add(PathEvent event, Tensor operand) {
        Tensor result = new Tensor(event.type(), event.requiresGradient(), thread.isInference(), self(), count);
        add(result);
        operators++;
        return event.isView() ? result.queuedViewOf(operand, event, thread.isRecording()) : result;
    }

    /** Makes a tensor of one number that was queued last, and not used, one from outside: as it will be if it is a leaf. */
    void takeOut(Tensor tensor) {
        int value = tensor.segmentValue();
        if (value == count - 1
                && queued(value) instanceof Operation copy
                && copy.operator() instanceof Clone
                && queued(copy.operands()[0]) instanceof Operation repeated
                && repeated.operator() instanceof Expand
                && queued(repeated.operands()[0]) instanceof Input) {
            Tensor element = input(repeated.operands()[0]);
            if (element.numel() == 1 && !element.requiresGrad()) {
                values[value] = null;
                tensor.settle(
                        Tensor.filled(tensor.dtype(), element.item(), tensor.shape())
                                .values(),
                        null,
                        0);
                tensor.leave();
            }
        }
    }

    /**
     * Queues a write to a tensor.
     *
     * @param recording whether the tape records it
     * @param computed whether an operator on the target gave the source, which then stands for it on the tape
     * @return false if only eager mode can make it
     */
    boolean write(Tensor target, Tensor source, boolean recording, boolean computed) {
        if (recording && taped) {
            return false;
        }
        int shown = number(target);
        int value = number(source);
        if (contents == null) {
            contents = new Contents(this, inputs, values.length);
        }
        int whole = shown;
        while (view(whole) != null && view(whole).operator() instanceof Detach) {
            whole = view(whole).operands()[0];
        }
        int root = contents.root(shown);
        boolean outside = queued(root) instanceof Input;
        if (taped && !outside && target.counter() != null) {
            // the program would count it too late for what the tape saves meanwhile
            return false;
        }
        if (recording && (outside || isDetached(shown) || !isRecorded(shown))) {
            return false;
        }
        int content = contents.of(shown);
        boolean laid =
                contents.isPart(whole) || recording && !(computed && view(shown) == null && requiresGradient(value));
        if (laid && recording && isMistakenForCopied(value, shown, computed)) {
            return false;
        }
        if (laid || recording) {
            Layout place = contents.place(shown);
            if (place == null || outside && !isWorthCapturing(shown, root)) {
                return false;
            }
            value = fitted(value, type(shown), recording);
            value = laid ? derived(new Overwrite(place), recording, content, value) : value;
            if (recording && !requiresGradient(value)) {
                return false;
            }
        }
        PathEvent event = walk.write(content, value, recording);
        if (event == null) {
            return false;
        }
        VersionCounter counter = target.counter();
        if (event.note() == null) {
            event.note(new Write(content, value, shown, recording, null));
        }
        if (counter != null || ((Write) event.note()).target() != shown) {
            own(new Write(content, value, shown, recording, counter));
        }
        add(null);
        contents.write(root, event.number(), recording, counter);
        if (outside) {
            defer(root, counter);
        }
        if (recording) {
            target.rewritten();
        }
        return true;
    }

    /**
     * False for a write to a small part of a tensor from outside, where a program would copy the whole, and for one in a
     * segment that may leave results on the tape, which no program can do that changes tensors from outside.
     */
    private boolean isWorthCapturing(int part, int root) {
        boolean large = MOST_PARTS * (long) type(part).shape().elements()
                >= type(root).shape().elements();
        boolean taped = !passes && IntStream.range(0, count).anyMatch(this::isResultOnTape);
        return large && !taped;
    }

    private boolean isResultOnTape(int value) {
        return requiresGradient(value) && !(queued(value) instanceof Input) && !(queued(value) instanceof Write);
    }

    /**
     * True if a value was just made of what lies where it is going to be written. An operator in place keeps a copy of that
     * for the tape, of its target alone; a path does not tell by which name it went.
     *
     * @param computed whether it was an operator in place on the target
     */
    private boolean isMistakenForCopied(int value, int target, boolean computed) {
        return value == count - 1
                && queued(value) instanceof Operation operation
                && IntStream.of(operation.operands())
                        .filter(operand -> !computed || operand != target)
                        .filter(operand -> contents.root(operand) == contents.root(target))
                        .anyMatch(operand -> Objects.equals(contents.place(operand), contents.place(target)));
    }

    /** A value that is to be stored, in the type and shape of the place. */
    private int fitted(int value, TensorType place, boolean recording) {
        int fitted = value;
        if (type(fitted).dtype() != place.dtype()) {
            fitted = derived(new Cast(place.dtype()), recording, fitted);
        }
        if (!type(fitted).shape().equals(place.shape())) {
            fitted = derived(new Expand(place.shape()), recording, fitted);
        }
        return fitted;
    }

    /**
     * Queues an update if it came here in an earlier call.
     *
     * @return false if it is not known, or has to be queued operator by operator; then nothing was queued
     */
    boolean repeat(Update update, Tensor[] operands) {
        int[] numbers = new int[operands.length];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = number(operands[i]);
        }
        if (!(walk.event(count - 1).sequel() instanceof QueuedUpdate queued && queued.is(update, numbers))) {
            return false;
        }
        // all else that a write looks at is part of the path: where its target lies, what shares the storage, what is
        // on the tape
        for (int i = 0; i < queued.changes(); i++) {
            if (operands[i].counter() != null) {
                return false;
            }
        }
        if (!walk.follow(queued.events())) {
            return false;
        }
        for (int i = 0; i < queued.events().length; i++) {
            add(null);
        }
        operators += queued.changes();
        if (contents == null) {
            contents = new Contents(this, inputs, values.length);
        }
        for (int i = 0; i < queued.changes(); i++) {
            int root = contents.root(numbers[i]);
            contents.write(root, queued.content(i), false, null);
            if (queued(root) instanceof Input) {
                defer(root, null);
            }
        }
        addUpdate(queued);
        return true;
    }

    /** Says that operators and the writes of their results, all just queued, can be made as one update. */
    void join(Update update, Tensor[] changed) {
        int first = changed[0].segmentValue();
        if (first + 2 * changed.length == count) {
            PathEvent[] events = new PathEvent[2 * changed.length];
            Arrays.setAll(events, i -> walk.event(first + i));
            for (int i = 0; i < changed.length; i++) {
                values[first + i] = null;
            }
            QueuedUpdate queued = new QueuedUpdate(update, ((Operation) queued(first)).operands(), events);
            addUpdate(queued);
            walk.event(first - 1).sequel(queued);
        }
    }

    private void addUpdate(QueuedUpdate queued) {
        updates = updates.isEmpty() ? new ArrayList<>() : updates;
        updates.add(queued);
    }

    private void defer(int root, @Nullable VersionCounter counter) {
        Storage storage = input(root).values().storage();
        storage.beforeWrite();
        region.beforeOwnWrite(storage);
        settlement = settlement == null ? this::settleWrites : settlement;
        storage.defer(settlement, counter == null);
        if (counter != null) {
            counter.defer();
        }
    }

    /** Makes the writes that are queued, because somebody asks for an array that they change. */
    private void settleWrites() {
        if (region.isOwner()) {
            region.settleWrites();
        } else {
            region.visit(self(), region::settleWrites);
        }
    }

    /**
     * Queues a backward pass that adds to the gradients of leaves.
     *
     * @return false if only eager mode can make it; then nothing is queued
     */
    boolean backward(Tensor root, @Nullable Tensor seed, boolean retainsGraph) {
        int from = number(root);
        int gradient = seed == null ? Walk.NONE : number(seed);
        int[] reached = walk.gradientInputs(from);
        if (reached == null) {
            if (requiresGradient(from)) {
                // eager mode refuses the pass, half-way: what it leaves only its tape can tell
                region.abandonSegment();
            }
            return false;
        }
        for (int input : reached) {
            if (!input(input).accumulatesPlainly()) {
                region.meetsMoreThanLeaves();
                return false;
            }
        }
        int first = walk.backward(from, gradient, retainsGraph);
        passes = true;
        if (walk.event(count).note() == null) {
            walk.event(count).note(new Pass(from, gradient, retainsGraph, reached));
        }
        add(null);
        Tensor[] received = new Tensor[reached.length];
        for (int i = 0; i < reached.length; i++) {
            received[i] = new Tensor(type(first + i), false, thread.isInference(), self(), first + i);
            if (walk.event(count).note() == null) {
                walk.event(count).note(new Received(first - 1, i));
            }
            add(received[i]);
        }
        try (GradMode.Scope off = GradMode.noGrad()) {
            for (int i = 0; i < reached.length; i++) {
                Tensor leaf = input(reached[i]);
                if (leaf.grad() == null) {
                    leaf.setGrad(received[i]);
                } else {
                    leaf.grad().add_(received[i]);
                    keepGradientOf(leaf);
                }
            }
        }
        return true;
    }

    /** Says that a tensor may have a gradient that is queued here, which has to be there at the end. */
    void keepGradientOf(Tensor tensor) {
        leaves = leaves.isEmpty() ? new ArrayList<>() : leaves;
        leaves.add(tensor);
    }
}
