// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.Queued.Input;
import dev.capstan.Queued.Operation;
import dev.capstan.Queued.Pass;
import dev.capstan.Queued.Received;
import dev.capstan.Queued.Retaken;
import dev.capstan.Queued.Write;
import dev.capstan.runtime.eager.OperatorExecutor;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.op.AsStrided;
import dev.capstan.runtime.op.Cast;
import dev.capstan.runtime.op.Clone;
import dev.capstan.runtime.op.Composite;
import dev.capstan.runtime.op.Detach;
import dev.capstan.runtime.op.Expand;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.op.Overwrite;
import dev.capstan.runtime.spi.Execution;
import dev.capstan.runtime.spi.Path;
import dev.capstan.runtime.spi.PathEvent;
import dev.capstan.runtime.spi.Program;
import dev.capstan.runtime.spi.Tape;
import dev.capstan.runtime.spi.Walk;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What a region has queued from its beginning, or from the last place where a value was read, to the next such place or
 * its end: operators, writes and backward passes. A segment runs once: by a program if its path has one, else event by
 * event as eager mode would. It remembers how to compute the values that the program did not give, in case one of them
 * has escaped from the region.
 */
final class Segment implements Storage.Reader {
    /** A write to a part of a tensor from outside is captured if the part is not smaller than this part of the whole. */
    private static final int MOST_PARTS = 8;

    private static final int[] NOTHING = {};

    private final Region region;
    private final Walk walk;
    private final ThreadState thread;
    private final Inputs inputs = new Inputs();
    /** For each event the tensor that stands for its value, or null. */
    private @Nullable Tensor[] values;

    private int count;
    private List<Tensor> leaves = List.of();
    private List<QueuedUpdate> updates = List.of();
    /** Events of this call only, by number. */
    private Map<Integer, Queued> own = Map.of();

    private int operators;
    private boolean passes;
    private @Nullable Runnable settlement;
    private @Nullable Contents contents;
    private boolean ended;
    /** True once it has run, or was refused. */
    private volatile boolean finished;
    /** True if nothing that is queued has happened, or ever will. */
    private boolean refused;

    private @Nullable Path path;
    private @Nullable RegionNode node;
    private long sequence;

    Segment(Region region, Walk walk, ThreadState thread) {
        this.region = region;
        this.walk = walk;
        this.thread = thread;
        this.values = new Tensor[walk.likelyLength()];
    }

    // ---- queueing

    /** True if this segment queues what this thread does now. */
    boolean isOpen() {
        return !ended && region.queuesInto(this);
    }

    /** True if nothing needs to be done before a tensor is an operand. */
    boolean takes(Tensor tensor) {
        return tensor.segment() == this || !tensor.isPending() && !isHiddenAlias(tensor);
    }

    /** Queues an operator. */
    Tensor apply(Operator operator, Tensor operand) {
        boolean recording = thread.isRecording();
        if (!(recording && operand.isInference())) {
            int number = number(operand);
            PathEvent event = walk.repeat(operator, number, recording);
            if (event != null) {
                if (event.note() == null) {
                    event.note(new Operation(operator, new int[] {number}, recording));
                }
                return add(event, operand);
            }
        }
        return apply(operator, new Tensor[] {operand});
    }

    /** The same for two operands. */
    Tensor apply(Operator operator, Tensor first, Tensor second) {
        boolean recording = thread.isRecording();
        if (!(recording && (first.isInference() || second.isInference()))) {
            int left = number(first);
            int right = number(second);
            PathEvent event = walk.repeat(operator, left, right, recording);
            if (event != null) {
                if (event.note() == null) {
                    event.note(new Operation(operator, new int[] {left, right}, recording));
                }
                return add(event, first);
            }
        }
        return apply(operator, new Tensor[] {first, second});
    }

    /** The same for three operands. */
    Tensor apply(Operator operator, Tensor first, Tensor second, Tensor third) {
        boolean recording = thread.isRecording();
        if (!(recording && (first.isInference() || second.isInference() || third.isInference()))) {
            int left = number(first);
            int middle = number(second);
            int right = number(third);
            PathEvent event = walk.repeat(operator, left, middle, right, recording);
            if (event != null) {
                if (event.note() == null) {
                    event.note(new Operation(operator, new int[] {left, middle, right}, recording));
                }
                return add(event, first);
            }
        }
        return apply(operator, new Tensor[] {first, second, third});
    }

    /** The same for any number. */
    Tensor apply(Operator operator, Tensor[] operands) {
        if (operator.isDecomposed()) {
            return ((Composite) operator).decompose(TensorOps.INSTANCE, List.of(operands));
        }
        boolean recording = thread.isRecording();
        if (recording) {
            SavedTensor.verifySavable(operator, operands);
        }
        int[] numbers = new int[operands.length];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = number(operands[i]);
        }
        PathEvent event = walk.apply(operator, numbers, recording);
        operation(event, operator, recording, numbers);
        return add(event, operands[0]);
    }

    private static Operation operation(PathEvent event, Operator operator, boolean recording, int... numbers) {
        if (event.note() == null) {
            event.note(new Operation(operator, numbers, recording));
        }
        return (Operation) event.note();
    }

    /** Adds an operator that was noted, and the tensor that stands for its value. */
    private Tensor add(PathEvent event, Tensor operand) {
        Tensor result = new Tensor(event.type(), event.requiresGradient(), thread.isInference(), this, count);
        add(result);
        operators++;
        return event.isView() ? viewOf(event, result, operand) : result;
    }

    private static Tensor viewOf(PathEvent event, Tensor result, Tensor operand) {
        Operation view = (Operation) event.note();
        return result.viewOf(operand, view.viewing(), view.recording());
    }

    private void add(@Nullable Tensor value) {
        if (count == values.length) {
            values = Arrays.copyOf(values, 2 * count + 1);
        }
        values[count++] = value;
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

    /** Puts an event of this call only in the place of what others have noted there. */
    private void own(Queued event) {
        own = own.isEmpty() ? new HashMap<>() : own;
        own.put(count, event);
    }

    Queued queued(int value) {
        Queued special = own.isEmpty() ? null : own.get(value);
        return special == null ? (Queued) walk.event(value).note() : special;
    }

    /** All events, in order. */
    private List<Queued> queued() {
        Queued[] all = new Queued[count];
        for (int i = 0; i < count; i++) {
            all[i] = queued(i);
        }
        return Arrays.asList(all);
    }

    private TensorType type(int value) {
        return walk.event(value).type();
    }

    Shape shape(int value) {
        return type(value).shape();
    }

    private boolean requiresGradient(int value) {
        return walk.event(value).requiresGradient();
    }

    /** The number that a tensor has now: a write may have given it another content. */
    private int number(Tensor tensor) {
        int value = tensor.segmentValue();
        if (value >= count || values[value] != tensor) {
            value = tensor.segment() == this && tensor.isPending() ? value : inputNumber(tensor);
        }
        if (contents == null || !contents.isStale(value)) {
            return value;
        }
        int current = current(value);
        if (tensor.segment() == this && tensor.isPending()) {
            tensor.moveTo(current);
        }
        return current;
    }

    private int inputNumber(Tensor tensor) {
        NdArray array = tensor.values();
        int alias = Walk.NONE;
        if (!array.storage().awaitedBy(this)) {
            int known = inputs.of(tensor);
            if (known != Walk.NONE) {
                return known;
            }
            alias = inputs.in(array.storage());
        }
        PathEvent event = walk.input(tensor.type(), array.layout(), tensor.requiresGrad(), alias);
        if (event.note() == null) {
            event.note(new Input(inputs.count(), alias));
        }
        inputs.add(tensor, array, count, alias);
        if (tensor.segment() == null) {
            // it is found at once when it is used again, here and, as a rule, in the next call
            tensor.moveTo(count);
        }
        add(tensor);
        return count - 1;
    }

    /** A value in terms of what storages hold now; a view of an old content is taken again of the new one. */
    private int current(int value) {
        Operation view = view(value);
        int content = contents.of(value);
        boolean detached = requiresGradient(value) != requiresGradient(content) || isApart(value);
        if (view == null || !contents.isPart(value) && !detached) {
            return content;
        }
        if (contents.isRewritten(value) && !isDetached(value)) {
            if (requiresGradient(value) || isRecorded(value)) {
                return retaken(value, new AsStrided(contents.place(value)), content, true);
            }
            if (thread.isRecording()) {
                throw Alias.refusal(type(value));
            }
        }
        // off the tape the view is what it was
        int again = retaken(value, view.operator(), upToDate(view.operands()[0]), false);
        if (!requiresGradient(value)) {
            return again;
        }
        PathEvent event = walk.retake(value, again);
        if (event.note() == null) {
            event.note(new Retaken(value, view, false));
        }
        add(null);
        operators++;
        return count - 1;
    }

    private int upToDate(int value) {
        return contents.isStale(value) ? current(value) : value;
    }

    private int retaken(int value, Operator view, int operand, boolean connected) {
        PathEvent again = walk.apply(view, new int[] {operand}, connected);
        // the user may have made the same event where this is the view taken again
        Operation operation = operation(again, view, connected, operand);
        own(new Retaken(value, connected ? operation : view(value), connected));
        add(null);
        operators++;
        return count - 1;
    }

    /** True if a value's version is not that of its storage's content. */
    private boolean isApart(int value) {
        return view(value) != null && counter(value) != counter(contents.root(value));
    }

    private @Nullable VersionCounter counter(int value) {
        int made = value;
        while (queued(made) instanceof Retaken retaken) {
            made = retaken.value();
        }
        return values[made] == null ? null : values[made].counter();
    }

    /** The version of a value that is apart from what it was made of. */
    int version(int value) {
        return counter(value).version();
    }

    /** True if a value shares storage with another and nothing else. */
    private boolean isDetached(int value) {
        for (int shown = value; view(shown) != null; shown = view(shown).operands()[0]) {
            if (view(shown).operator() instanceof Detach) {
                return true;
            }
        }
        return false;
    }

    /** False if a value is a view that was made while nothing was recorded. */
    private boolean isRecorded(int value) {
        for (int shown = value; view(shown) != null; shown = view(shown).operands()[0]) {
            if (!view(shown).recording()) {
                return false;
            }
        }
        return true;
    }

    /** The number that a value has in the end, {@link Walk#NONE} for a view that was not taken again. */
    private int last(int value) {
        if (contents == null || !contents.isStale(value)) {
            return value;
        }
        return view(value) == null || !contents.isPart(value) ? contents.of(value) : Walk.NONE;
    }

    private @Nullable Operation view(int value) {
        Queued event = queued(value);
        if (event instanceof Retaken retaken) {
            return retaken.view();
        }
        return event instanceof Operation operation && operation.isView() ? operation : null;
    }

    /** True if a tensor lies in storage to which a write is queued, but was not used here before. */
    boolean isHiddenAlias(Tensor tensor) {
        if (contents == null || tensor.isPending()) {
            return false;
        }
        int value = tensor.segmentValue();
        if (value < count && values[value] == tensor) {
            return walk.event(value).isSharing() && contents.isWritten(((Input) queued(value)).alias());
        }
        Storage storage = tensor.values().storage();
        int known = storage.isAwaited() ? inputs.in(storage) : Walk.NONE;
        return known != Walk.NONE && contents.isWritten(known) && values[known] != tensor;
    }

    /**
     * Queues a write to a tensor.
     *
     * @param recording whether the tape records it
     * @param computed whether an operator on the target gave the source, which then stands for it on the tape
     * @return false if only eager mode can make it
     */
    boolean write(Tensor target, Tensor source, boolean recording, boolean computed) {
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
        if (recording && (outside || isDetached(shown) || !isRecorded(shown))) {
            return false;
        }
        int content = contents.of(shown);
        boolean laid =
                contents.isPart(whole) || recording && !(computed && view(shown) == null && requiresGradient(value));
        if (laid && recording && !computed && reads(value, shown)) {
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

    /** True if a value was just made of another: as an operator in place it would keep a copy for the tape. */
    private boolean reads(int value, int operand) {
        return value == count - 1
                && queued(value) instanceof Operation operation
                && IntStream.of(operation.operands()).anyMatch(number -> number == operand);
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

    /** Queues an operator for whose result there is no tensor. */
    private int derived(Operator operator, boolean recording, int... operands) {
        PathEvent event = walk.apply(operator, operands, recording);
        operation(event, operator, recording, operands);
        add(null);
        operators++;
        return count - 1;
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
            region.visit(this, region::settleWrites);
        }
    }

    @Override
    public void beforeWrite(Storage storage) {
        if (!finished && !region.isOwner()) {
            region.visit(this, () -> region.settle(storage));
        }
    }

    private Tensor input(int value) {
        return inputs.get(((Input) queued(value)).place());
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
            return false;
        }
        for (int input : reached) {
            if (!input(input).accumulatesPlainly()) {
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
            received[i] = new Tensor(type(first + i), false, thread.isInference(), this, first + i);
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

    /** What a view of a tensor from outside shows; null for another value, and where writes are queued. */
    @Nullable
    NdArray shown(int value) {
        if (contents != null) {
            return null;
        }
        if (queued(value) instanceof Input input) {
            return inputs.get(input.place()).values();
        }
        Operation view = view(value);
        NdArray whole = view == null ? null : shown(view.operands()[0]);
        return whole == null
                ? null
                : OperatorExecutor.execute(view.operator(), List.of(whole.type()), new NdArray[] {whole});
    }

    // ---- running

    /** The path that ended; only after {@link #end}. */
    Path path() {
        return path;
    }

    /** True if a backward pass is queued. */
    boolean hasPasses() {
        return passes;
    }

    /** True if writes are queued. */
    boolean hasWrites() {
        return contents != null;
    }

    /** True if the segment has an input in this storage. */
    boolean reads(Storage storage) {
        return inputs.in(storage) != Walk.NONE;
    }

    /** True if an operator of the segment takes the value. */
    boolean usesInside(int value) {
        for (Queued event : queued()) {
            boolean operand = event instanceof Operation operation
                    && Arrays.stream(operation.operands()).anyMatch(number -> number == value);
            boolean written = event instanceof Write write && (write.content() == value || write.value() == value);
            if (operand || written) {
                return true;
            }
        }
        return false;
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
        if (!leaves.isEmpty()) {
            tensors = new ArrayList<>(wanted);
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

    /** The numbers of those tensors, and of their bases, that are queued here; each once. */
    private int[] numbers(List<Tensor> tensors) {
        int[] numbers = new int[tensors.size()];
        int found = 0;
        boolean[] seen = new boolean[count];
        for (int i = 0; i < tensors.size(); i++) {
            for (Tensor next = tensors.get(i); next != null; next = next.base()) {
                if (next.isPending() && next.segment() == this) {
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
        sequence = Node.reserve(operators + 1);
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
            node = new RegionNode(sequence + operators, region, this, program, execution, inputs);
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
        if (!tensor.isPending() || !tensor.isConcealed() && isShown(tensor)) {
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
        if (shown.requiresGrad() && (!outside || node != null && inputs.areUnchanged())) {
            // its gradient belongs between those of the operators inside
            return false;
        }
        long before = queued().subList(0, number).stream()
                .filter(event -> event instanceof Operation || event instanceof Retaken)
                .count();
        try (GradMode.Scope direct = Region.suspend();
                GradMode.Scope mode = GradMode.set(view.recording())) {
            Tensor again = TensorOps.execute(view.operator(), new Tensor[] {shown}, sequence + before);
            boolean shows = again.values().storage() == shown.values().storage();
            if (shows) {
                tensor.become(again, again.values());
            }
            return shows;
        }
    }

    /** The tensor that stands for a value, or for the storage that it is the content of; or null. */
    private @Nullable Tensor holder(int value) {
        return values[value] == null && contents != null ? values[contents.root(value)] : values[value];
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
        replay(NOTHING);
    }

    /** What the segment took from outside. */
    Inputs inputs() {
        return inputs;
    }

    /** Makes the operators of this segment available on the tape, behind its {@link RegionNode}. */
    synchronized void expand() {
        if (!inputs.areUnchanged()) {
            throw new CapstanException(
                    region.name(), "the operators of the compiled region are needed after its inputs have changed", "");
        }
        replay(null);
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

    /** The way through the path tree. */
    Walk walk() {
        return walk;
    }

    /** Number of events. */
    int events() {
        return count;
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
        Tensor[] made;
        for (int i = 0; i < count; i++) {
            if (values[i] != null && values[i].segment() == this && values[i].isPending() && !values[i].isConcealed()) {
                values[i].forgetRewrites();
            }
        }
        try (GradMode.Scope direct = Region.suspend()) {
            made = new Replay(queued(), Arrays.asList(values).subList(0, count), inputs.tensors(), updates, sequence)
                    .run();
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
            node.continueIn(made);
        }
    }
}
