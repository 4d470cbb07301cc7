// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.op.Detach;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.op.View;
import dev.capstan.runtime.spi.Execution;
import dev.capstan.runtime.spi.Path;
import dev.capstan.runtime.spi.Program;
import dev.capstan.runtime.spi.Walk;
import dev.capstan.runtime.type.CapstanException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a region has queued from its beginning, or from the last place where a value was read, to the next such place or
 * its end: operators, writes and backward passes. A segment runs once: by a program if its path has one, else event by
 * event as eager mode would. It remembers how to compute the values that the program did not give, in case one of them
 * has escaped from the region.
 */
final class Segment {
    private static final int[] NOTHING = {};

    private final Region region;
    private final Walk walk;
    private final List<@Nullable Tensor> values;
    private final List<Queued> queued;
    private final int[][] scratch = {{}, {0}, {0, 0}, {0, 0, 0}};
    private final Map<Storage, Integer> inputs = new IdentityHashMap<>(8);
    private final List<Tensor> inputOrder = new ArrayList<>();
    private final List<Tensor> leaves = new ArrayList<>();
    /** Updates, by the number of the first of their operators. */
    private Map<Integer, Update> updates = Map.of();

    private int[] versions = new int[8];
    private int[] writes = new int[8];
    private int operators;
    private boolean passes;
    private @Nullable Contents contents;
    private boolean ended;
    /** True if nothing that is queued has happened, or ever will. */
    private boolean refused;

    private @Nullable Path path;
    private @Nullable RegionNode node;
    private long sequence;

    /** One event; its value's number is its place in the queue. */
    sealed interface Queued {}

    /** The first use of a tensor from outside. */
    record Input(Tensor tensor, int alias) implements Queued {}

    /** An operator, whose operands are numbers of values. */
    record Operation(Operator operator, int[] operands, boolean recording) implements Queued {}

    /**
     * A view that is taken again, because the storage has another content.
     *
     * @param value the view so far
     * @param view how it is taken
     */
    record Retaken(int value, Operation view) implements Queued {}

    /**
     * A write.
     *
     * @param content the number of the old content
     * @param value the number of what is written
     * @param counter what counts the write, null if the storage does
     */
    record Write(
            int content,
            int value,
            boolean recording,
            @Nullable VersionCounter counter) implements Queued {}

    /** A backward pass. Its results follow as {@link Received}. */
    record Pass(int root, int seed, boolean retainsGraph, int[] inputs) implements Queued {}

    /** What a backward pass gave an input. */
    record Received(int pass, int position) implements Queued {}

    Segment(Region region, Walk walk) {
        this.region = region;
        this.walk = walk;
        int length = walk.likelyLength();
        this.values = new ArrayList<>(length);
        this.queued = new ArrayList<>(length);
    }

    // ---- queueing

    /** Queues an operator. */
    Tensor apply(Operator operator, Tensor[] operands) {
        int[] numbers = operands.length < scratch.length ? scratch[operands.length] : new int[operands.length];
        for (int i = 0; i < operands.length; i++) {
            numbers[i] = number(operands[i]);
        }
        boolean recording = GradMode.isEnabled();
        int value = walk.apply(operator, numbers, recording);
        // what equal calls have queued before is the same event
        Object known = walk.attachment(value);
        if (known == null) {
            known = new Operation(operator, numbers.clone(), recording);
            walk.attach(value, known);
        }
        Tensor result = new Tensor(walk.type(value), walk.requiresGradient(value), this, value);
        add((Operation) known, result);
        operators++;
        return result;
    }

    private void add(Queued event, @Nullable Tensor value) {
        queued.add(event);
        values.add(value);
        if (contents != null) {
            contents.add(event, walk.type(queued.size() - 1).shape());
        }
    }

    /** The number that a tensor has now: a write may have given it another content. */
    private int number(Tensor tensor) {
        if (tensor.isPending() && tensor.segment() == this) {
            if (contents != null) {
                tensor.moveTo(current(tensor.segmentValue()));
            }
            return tensor.segmentValue();
        }
        int value = inputNumber(tensor);
        return contents == null ? value : current(value);
    }

    private int inputNumber(Tensor tensor) {
        NdArray array = tensor.values();
        Integer known = inputs.get(array.storage());
        if (known == null) {
            int value = input(tensor, array, Walk.NONE);
            inputs.put(array.storage(), value);
            return value;
        }
        if (values.get(known) == tensor) {
            return known;
        }
        for (int i = known + 1; i < queued.size(); i++) {
            if (queued.get(i) instanceof Input other && other.tensor() == tensor) {
                return i;
            }
        }
        return input(tensor, array, known);
    }

    private int input(Tensor tensor, NdArray array, int alias) {
        int value = walk.input(tensor.type(), array.layout(), tensor.requiresGrad(), alias);
        if (inputOrder.size() == versions.length) {
            versions = Arrays.copyOf(versions, 2 * versions.length);
            writes = Arrays.copyOf(writes, versions.length);
        }
        versions[inputOrder.size()] = tensor.version();
        writes[inputOrder.size()] = tensor.writes();
        inputOrder.add(tensor);
        add(new Input(tensor, alias), tensor);
        return value;
    }

    /** A value in terms of what storages hold now; a view of an old content is taken again of the new one. */
    private int current(int value) {
        if (!contents.isStale(value)) {
            return value;
        }
        Operation view = view(value);
        int content = contents.of(value);
        boolean detached = walk.requiresGradient(value) != walk.requiresGradient(content);
        if (view == null || !contents.isPart(value) && !detached) {
            return content;
        }
        int again = walk.apply(view.operator(), new int[] {current(view.operands()[0])}, view.recording());
        add(new Retaken(value, view), null);
        operators++;
        return again;
    }

    /** The number that a value has in the end, {@link Walk#NONE} for a view that was not taken again. */
    private int last(int value) {
        if (contents == null || !contents.isStale(value)) {
            return value;
        }
        return view(value) == null || !contents.isPart(value) ? contents.of(value) : Walk.NONE;
    }

    private @Nullable Operation view(int value) {
        Queued event = queued.get(value);
        if (event instanceof Retaken retaken) {
            return retaken.view();
        }
        return event instanceof Operation operation && operation.operator() instanceof View ? operation : null;
    }

    /** True if a tensor lies in storage to which a write is queued, but was not used here before. */
    boolean isHiddenAlias(Tensor tensor) {
        if (contents == null || tensor.isPending()) {
            return false;
        }
        Integer known = inputs.get(tensor.values().storage());
        return known != null && contents.isWritten(known) && values.get(known) != tensor;
    }

    /**
     * Queues a write to a tensor.
     *
     * @param recording whether the tape records it
     * @return false if only eager mode can make it; then nothing is queued
     */
    boolean write(Tensor target, Tensor source, boolean recording) {
        int shown = number(target);
        int value = number(source);
        if (contents == null) {
            contents = new Contents();
            for (int i = 0; i < queued.size(); i++) {
                contents.add(queued.get(i), walk.type(i).shape());
            }
        }
        int whole = shown;
        while (view(whole) != null && view(whole).operator() instanceof Detach) {
            whole = view(whole).operands()[0];
        }
        boolean outside = queued.get(contents.root(shown)) instanceof Input;
        if (contents.isPart(whole) || recording && (outside || view(shown) != null)) {
            return false;
        }
        int content = walk.write(contents.of(whole), value, recording);
        if (content == Walk.NONE) {
            return false;
        }
        VersionCounter counter = target.counter();
        add(new Write(contents.of(whole), value, recording, counter), null);
        if (outside) {
            defer(contents.root(content), counter);
        }
        if (recording) {
            target.require();
        }
        return true;
    }

    /** Says that operators and the writes of their results, all just queued, can be made as one update. */
    void join(Update update, Tensor[] changed) {
        int first = changed[0].segmentValue();
        if (first + 2 * changed.length == queued.size()) {
            updates = updates.isEmpty() ? new HashMap<>() : updates;
            updates.put(first, update);
            for (int i = 0; i < changed.length; i++) {
                values.set(first + i, null);
            }
        }
    }

    private void defer(int root, @Nullable VersionCounter counter) {
        Tensor written = ((Input) queued.get(root)).tensor();
        Storage storage = written.values().storage();
        region.beforeOwnWrite(storage);
        storage.defer(region::settleWrites, counter == null);
        if (counter != null) {
            counter.defer();
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
            return false;
        }
        for (int input : reached) {
            if (!((Input) queued.get(input)).tensor().accumulatesPlainly()) {
                return false;
            }
        }
        int first = walk.backward(from, gradient, retainsGraph);
        passes = true;
        add(new Pass(from, gradient, retainsGraph, reached), null);
        List<Tensor> received = new ArrayList<>();
        for (int i = 0; i < reached.length; i++) {
            Tensor tensor = new Tensor(walk.type(first + i), false, this, first + i);
            received.add(tensor);
            add(new Received(first - 1, i), tensor);
        }
        try (GradMode.Scope off = GradMode.noGrad()) {
            for (int i = 0; i < reached.length; i++) {
                Tensor leaf = ((Input) queued.get(reached[i])).tensor();
                if (leaf.grad() == null) {
                    leaf.setGrad(received.get(i));
                } else {
                    leaf.grad().add_(received.get(i));
                }
                keepGradientOf(leaf);
            }
        }
        return true;
    }

    /** Says that a tensor may have a gradient that is queued here, which has to be there at the end. */
    void keepGradientOf(Tensor tensor) {
        leaves.add(tensor);
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

    /** True if the segment has an input in this storage. */
    boolean reads(Storage storage) {
        return inputs.containsKey(storage);
    }

    /** True if an operator of the segment takes the value. */
    boolean usesInside(int value) {
        for (Queued event : queued) {
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
        List<Tensor> tensors = new ArrayList<>(wanted);
        for (Tensor leaf : leaves) {
            if (leaf.grad() != null) {
                tensors.add(leaf.grad());
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
            run(program, outputs, tensors);
        }
    }

    /** The numbers of those tensors, and of their bases, that are queued here; each once. */
    private int[] numbers(List<Tensor> tensors) {
        int[] numbers = new int[tensors.size()];
        int count = 0;
        BitSet seen = new BitSet();
        for (Tensor tensor : tensors) {
            Tensor next = tensor;
            while (next != null) {
                if (next.isPending() && next.segment() == this && !seen.get(number(next))) {
                    seen.set(next.segmentValue());
                    numbers = count < numbers.length ? numbers : Arrays.copyOf(numbers, 2 * count);
                    numbers[count++] = next.segmentValue();
                }
                next = next.alias() == null ? null : next.alias().base();
            }
        }
        return Arrays.copyOf(numbers, count);
    }

    /** A tensor with those of which it is a view: a write to one is a write to the others. */
    private static Stream<Tensor> withBases(Tensor tensor) {
        return Stream.iterate(
                tensor,
                Objects::nonNull,
                view -> view.alias() == null ? null : view.alias().base());
    }

    /** Runs what is queued event by event, as after an exception. */
    void abandon() {
        close();
        replay(null);
    }

    /** The path that was taken, of which no value was asked for. */
    Path explored() {
        return walk.end(NOTHING);
    }

    private void close() {
        ended = true;
        sequence = Node.reserve(operators + 1);
        if (contents != null) {
            inputOrder.forEach(input -> input.values().storage().settle());
            for (Queued event : queued) {
                if (event instanceof Write write && write.counter() != null) {
                    write.counter().settle();
                }
            }
        }
    }

    private void run(Program program, int[] wanted, List<Tensor> tensors) {
        NdArray[] arrays = new NdArray[inputOrder.size()];
        for (int i = 0; i < arrays.length; i++) {
            arrays[i] = inputOrder.get(i).values();
        }
        if (!inputsUnchanged()) {
            throw new CapstanException(
                    region.name(), "a tensor was changed by another thread while the region used it", "");
        }
        ShadowCheck shadow =
                region.isShadowed() ? ShadowCheck.of(region.name(), inputOrder, queued, updates, sequence) : null;
        Execution execution = program.run(arrays);
        if (contents != null) {
            contents.written(queued);
        }
        int[] outputs = program.outputs();
        if (shadow != null) {
            shadow.compare(outputs, execution.outputs());
        }
        boolean[] differentiable = program.isDifferentiable();
        boolean required = false;
        boolean live = false;
        for (int i = 0; i < outputs.length; i++) {
            required |= walk.requiresGradient(outputs[i]);
            live |= differentiable[i];
        }
        if (required) {
            node = new RegionNode(sequence + operators, region, this, program, live ? execution : null, inputOrder);
        }
        IntFunction<List<Tensor>> holders = holders(tensors);
        for (int i = 0; i < outputs.length; i++) {
            Edge made = walk.requiresGradient(outputs[i]) ? new Edge(node, i) : null;
            for (Tensor result : holders.apply(outputs[i])) {
                result.settle(execution.outputs()[i], result.requiresGrad() ? made : null);
                result.leave();
            }
        }
        if (!live) {
            execution.release();
        }
    }

    /** By the number of a value the tensors that stand for it in the end. */
    private IntFunction<List<Tensor>> holders(List<Tensor> wanted) {
        if (contents == null) {
            return number -> values.get(number).isPending() ? List.of(values.get(number)) : List.of();
        }
        Map<Integer, List<Tensor>> holders = Stream.concat(wanted.stream().flatMap(Segment::withBases), values.stream())
                .filter(tensor -> tensor != null && tensor.isPending() && tensor.segment() == this)
                .distinct()
                .collect(Collectors.groupingBy(tensor -> last(tensor.segmentValue())));
        return number -> holders.getOrDefault(number, List.of());
    }

    /** Computes a tensor of this segment because somebody reads it, or looks at the tape behind it. */
    synchronized void read(Tensor tensor) {
        if (!ended) {
            region.bailOut(tensor);
            return;
        }
        if (!tensor.isPending() || !tensor.isConcealed() && isShown(tensor)) {
            return;
        }
        if (path != null) {
            withBases(tensor)
                    .filter(value -> value.isPending() && value.segment() == this)
                    .mapToInt(value -> last(value.segmentValue()))
                    .filter(value -> value != Walk.NONE)
                    .forEach(path::escaped);
        }
        if (!tensor.isConcealed()) {
            recompute(tensor);
        }
        tensor.reveal();
    }

    /**
     * Computes whatever is not computed yet. What cannot be made again, because the segment itself or a later one has
     * changed an input, is missed only if somebody reads it.
     */
    synchronized void settle() {
        if (!inputsUnchanged()) {
            return;
        }
        for (Tensor value : values) {
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
        Tensor shown = view == null ? null : values.get(view.operands()[0]);
        if (shown == null
                || shown.isPending() && (shown.isConcealed() || !isShown(shown))
                || shown.requiresGrad() && !(queued.get(view.operands()[0]) instanceof Input)) {
            return false;
        }
        long before = queued.subList(0, number).stream()
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

    private void recompute(Tensor tensor) {
        if (refused) {
            throw new CapstanException(
                    region.name(),
                    "the call of the region that made this tensor was refused",
                    tensor.shape().toString());
        }
        if (!inputsUnchanged()) {
            throw new CapstanException(
                    region.name(),
                    "a tensor made inside of the compiled region is read after a tensor it depends on has changed;"
                            + " later calls keep it",
                    tensor.shape().toString());
        }
        replay(NOTHING);
    }

    /** True if nobody has written to an input since the region first used it. */
    boolean inputsUnchanged() {
        for (int i = 0; i < inputOrder.size(); i++) {
            Tensor input = inputOrder.get(i);
            if (input.version() != versions[i] || input.writes() != writes[i]) {
                return false;
            }
        }
        return true;
    }

    /** Whether an input still has the version it had when the region first used it. */
    void verifyInput(int input, String function) {
        Tensor tensor = inputOrder.get(input);
        SavedTensor.verify(function, tensor.version(), versions[input], tensor);
    }

    /** Makes the operators of this segment available on the tape, behind its {@link RegionNode}. */
    synchronized void expand() {
        if (!inputsUnchanged()) {
            throw new CapstanException(
                    region.name(), "the operators of the compiled region are needed after its inputs have changed", "");
        }
        replay(null);
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
        try (GradMode.Scope direct = Region.suspend()) {
            made = new Replay(queued, values, updates, sequence).run();
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
                if (made[i] == values.get(i)
                        && made[i] != null
                        && made[i].segment() == this
                        && !asked.contains(made[i])) {
                    made[i].conceal();
                }
            }
        }
        if (node != null) {
            int[] outputs = node.outputs();
            Edge[] places = new Edge[outputs.length];
            for (int i = 0; i < places.length; i++) {
                places[i] = made[outputs[i]].gradientEdge();
            }
            node.continueAt(places);
        }
    }
}
