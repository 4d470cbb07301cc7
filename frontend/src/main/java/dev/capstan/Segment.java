// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.eager.OperatorExecutor;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.op.View;
import dev.capstan.runtime.spi.Execution;
import dev.capstan.runtime.spi.Path;
import dev.capstan.runtime.spi.Program;
import dev.capstan.runtime.spi.Walk;
import dev.capstan.runtime.type.CapstanException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The operators that a region has queued from its beginning, or from the last place where a value was read, to the next
 * such place or its end. A segment runs once: by a program if its path has one, else operator by operator. It remembers
 * how to compute the values that the program did not give, in case one of them has escaped from the region.
 */
final class Segment {
    private final Region region;
    private final Walk walk;
    private final List<Tensor> values = new ArrayList<>();
    private final List<@Nullable Queued> queued = new ArrayList<>();
    private final Map<Tensor, Integer> inputs = new IdentityHashMap<>();
    private final List<Tensor> inputOrder = new ArrayList<>();
    private int[] versions = new int[8];
    private int operators;
    private boolean ended;
    private @Nullable Path path;
    private @Nullable RegionNode node;
    private long sequence;

    /** One operator in the queue, whose operands are numbers of values. */
    private record Queued(Operator operator, int[] operands, boolean recording) {}

    Segment(Region region, Walk walk) {
        this.region = region;
        this.walk = walk;
    }

    /** Queues an operator. */
    Tensor apply(Operator operator, Tensor[] operands) {
        int[] numbers = new int[operands.length];
        for (int i = 0; i < operands.length; i++) {
            numbers[i] = number(operands[i]);
        }
        boolean recording = GradMode.isEnabled();
        int value = walk.apply(operator, numbers, recording);
        Tensor result = new Tensor(walk.type(value), walk.requiresGradient(value), this, value);
        values.add(result);
        queued.add(new Queued(operator, numbers, recording));
        operators++;
        return result;
    }

    private int number(Tensor tensor) {
        if (tensor.isPending() && tensor.segment() == this) {
            return tensor.segmentValue();
        }
        Integer known = inputs.get(tensor);
        return known == null ? input(tensor) : known;
    }

    private int input(Tensor tensor) {
        NdArray array = tensor.values();
        int value = walk.input(tensor.type(), array.layout(), tensor.requiresGrad());
        if (inputOrder.size() == versions.length) {
            versions = Arrays.copyOf(versions, 2 * versions.length);
        }
        versions[inputOrder.size()] = tensor.version();
        inputs.put(tensor, value);
        inputOrder.add(tensor);
        values.add(tensor);
        queued.add(null);
        return value;
    }

    /** The path that ended; only after {@link #end}. */
    Path path() {
        return path;
    }

    /** True if the segment has an input in this storage. */
    boolean reads(Storage storage) {
        for (Tensor input : inputOrder) {
            if (input.values().storage() == storage) {
                return true;
            }
        }
        return false;
    }

    /** True if an operator of the segment takes the value. */
    boolean usesInside(int value) {
        for (Queued event : queued) {
            if (event != null && Arrays.stream(event.operands()).anyMatch(operand -> operand == value)) {
                return true;
            }
        }
        return false;
    }

    /** Runs what is queued, for these tensors; none of them needs to be of this segment. */
    void end(List<Tensor> wanted) {
        int[] outputs = wanted.stream()
                .flatMap(Segment::withBases)
                .filter(tensor -> tensor.isPending() && tensor.segment() == this)
                .mapToInt(Tensor::segmentValue)
                .distinct()
                .toArray();
        ended = true;
        sequence = Node.reserve(operators + 1);
        path = walk.end(outputs);
        Program program = region.program(path);
        if (program == null) {
            replay();
        } else {
            run(program);
        }
    }

    /** A tensor with those of which it is a view: a write to one is a write to the others. */
    private static Stream<Tensor> withBases(Tensor tensor) {
        return Stream.iterate(
                tensor,
                Objects::nonNull,
                view -> view.alias() == null ? null : view.alias().base());
    }

    /** Runs what is queued operator by operator, as after an exception. */
    void abandon() {
        ended = true;
        sequence = Node.reserve(operators + 1);
        replay();
    }

    private void run(Program program) {
        NdArray[] arrays = new NdArray[inputOrder.size()];
        for (int i = 0; i < arrays.length; i++) {
            arrays[i] = inputOrder.get(i).values();
        }
        if (!inputsUnchanged()) {
            throw new CapstanException(
                    region.name(), "a tensor was changed by another thread while the region used it", "");
        }
        Execution execution = program.run(arrays);
        int[] outputs = program.outputs();
        boolean required = false;
        for (int output : outputs) {
            required |= walk.requiresGradient(output);
        }
        Tensor[] results = new Tensor[outputs.length];
        if (required) {
            node = new RegionNode(sequence + operators, region, this, program, execution, inputOrder);
        }
        for (int i = 0; i < outputs.length; i++) {
            results[i] = values.get(outputs[i]);
            boolean recorded = walk.requiresGradient(outputs[i]);
            results[i].settle(execution.outputs()[i], recorded ? new Edge(node, i) : null);
        }
        if (!required) {
            execution.release();
        }
    }

    /** Computes a tensor of this segment because somebody reads it, or looks at the tape behind it. */
    synchronized void read(Tensor tensor) {
        if (!ended) {
            region.bailOut(tensor);
        } else if (tensor.isPending()) {
            path.escaped(tensor.segmentValue());
            recompute(tensor);
        }
    }

    /** Computes whatever is not computed yet. */
    synchronized void settle() {
        for (Tensor value : values) {
            if (value.isPending()) {
                recompute(value);
                return;
            }
        }
    }

    private void recompute(Tensor tensor) {
        if (!inputsUnchanged()) {
            throw new CapstanException(
                    region.name(),
                    "a tensor made inside of the compiled region is read after a tensor it depends on has changed",
                    tensor.shape().toString());
        }
        replay();
    }

    /** True if every input still has the version it had when the region first used it. */
    boolean inputsUnchanged() {
        for (int i = 0; i < inputOrder.size(); i++) {
            if (inputOrder.get(i).version() != versions[i]) {
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
        replay();
    }

    private void replay() {
        Tensor[] made = new Tensor[values.size()];
        long next = sequence;
        for (int i = 0; i < made.length; i++) {
            Queued event = queued.get(i);
            if (event == null) {
                made[i] = values.get(i);
            } else {
                made[i] = execute(event, made, next++);
                adopt(values.get(i), made[i], event, made);
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

    private Tensor execute(Queued event, Tensor[] made, long number) {
        Tensor[] operands = new Tensor[event.operands().length];
        for (int i = 0; i < operands.length; i++) {
            operands[i] = made[event.operands()[i]];
        }
        try (GradMode.Scope mode = GradMode.set(event.recording())) {
            return TensorOps.execute(event.operator(), operands, number);
        }
    }

    private void adopt(Tensor pending, Tensor made, Queued event, Tensor[] all) {
        if (pending.isPending()) {
            pending.settle(array(made, event, all), made.requiresGrad() ? made.gradientEdge() : null);
        }
    }

    /** The array of a value made again: a view is one of what its operand is now, which may have been written to. */
    private NdArray array(Tensor made, Queued event, Tensor[] all) {
        int operand = event.operands()[0];
        boolean shares = event.operator() instanceof View
                && made.values().storage() == all[operand].values().storage();
        if (!shares) {
            return made.values();
        }
        NdArray shown = values.get(operand).values();
        return OperatorExecutor.execute(event.operator(), List.of(shown.type()), new NdArray[] {shown});
    }
}
