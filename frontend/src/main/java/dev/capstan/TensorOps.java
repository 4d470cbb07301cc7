// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.eager.OperatorExecutor;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.op.Composite;
import dev.capstan.runtime.op.Indexed;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.op.Ops;
import dev.capstan.runtime.op.View;
import dev.capstan.runtime.type.TensorType;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Operators on tensors: queued inside of a compiled region, else executed now and recorded on the tape. */
enum TensorOps implements Ops<Tensor> {
    INSTANCE;

    @Override
    public Tensor apply(Operator operator, List<Tensor> operands) {
        Tensor[] array = operands.toArray(new Tensor[0]);
        Region region = Region.current();
        return region == null
                ? executeAny(operator, array)
                : region.segment(array).apply(operator, array);
    }

    @Override
    public Tensor apply(Operator operator, Tensor operand) {
        Segment open = operand.openSegment();
        if (open == null) {
            Region region = Region.current();
            if (region == null) {
                return executeAny(operator, operand);
            }
            open = region.segment(operand);
        }
        return open.apply(operator, operand);
    }

    @Override
    public Tensor apply(Operator operator, Tensor first, Tensor second) {
        Segment open = openSegment(first, second);
        if (open == null) {
            Region region = Region.current();
            if (region == null) {
                return executeAny(operator, first, second);
            }
            open = region.segment(first, second);
        }
        return open.apply(operator, first, second);
    }

    @Override
    public Tensor apply(Operator operator, Tensor first, Tensor second, Tensor third) {
        Segment open = openSegment(first, second);
        if (open == null || !open.takes(third)) {
            Region region = Region.current();
            if (region == null) {
                return executeAny(operator, first, second, third);
            }
            open = region.segment(first, second, third);
        }
        return open.apply(operator, first, second, third);
    }

    /** The segment that this thread queues the next operator in, if one of these is a value of it and nothing is to be done first. */
    private static @Nullable Segment openSegment(Tensor first, Tensor second) {
        Segment open = first.openSegment();
        if (open != null) {
            return open.takes(second) ? open : null;
        }
        open = second.openSegment();
        return open != null && open.takes(first) ? open : null;
    }

    private Tensor executeAny(Operator operator, Tensor... operands) {
        return operator.isDecomposed()
                ? ((Composite) operator).decompose(this, Arrays.asList(operands))
                : executeRecorded(operator, operands, -1);
    }

    /**
     * Executes an operator that is recorded as one.
     *
     * @param sequence the creation number of the tape node, -1 for the next one
     */
    static Tensor executeRecorded(Operator operator, Tensor[] operands, long sequence) {
        Tensor result = execute(operator, operands, sequence);
        return operator.isView()
                ? result.viewOf(operands[0], new Viewing((View) operator), GradMode.isEnabled())
                : result;
    }

    /**
     * Applies an operator that takes indices. Inside of a region they are looked at now, because a program would find a wrong
     * one too late.
     */
    static Tensor applyIndexed(Indexed operator, Tensor... operands) {
        Region region = Region.current();
        if (region != null) {
            operator.infer(Arrays.stream(operands).map(Tensor::type).toList());
            operator.verifyIndices(operands[0].shape(), region.elements(operands[1]));
        }
        return INSTANCE.apply(operator, List.of(operands));
    }

    /** The elements of a tensor, for the sake of which nothing that is queued runs unless it must. */
    static NdArray elements(Tensor tensor) {
        Region region = Region.current();
        return region == null ? tensor.values() : region.elements(tensor);
    }

    /** Executes an operator now. */
    static Tensor execute(Operator operator, Tensor[] operands) {
        return execute(operator, operands, -1);
    }

    /**
     * Executes an operator now.
     *
     * @param sequence the creation number of the tape node, -1 for the next one
     */
    static Tensor execute(Operator operator, Tensor[] operands, long sequence) {
        TensorType[] types = new TensorType[operands.length];
        NdArray[] arrays = new NdArray[operands.length];
        boolean required = false;
        for (int i = 0; i < operands.length; i++) {
            types[i] = operands[i].type();
            arrays[i] = operands[i].values();
            required |= operands[i].requiresGrad() && operator.differentiable(i);
        }
        NdArray values = OperatorExecutor.execute(operator, Arrays.asList(types), arrays);
        if (!isView(values, arrays)) {
            values.storage().made();
        }
        ThreadState thread = ThreadState.current();
        if (!required || !thread.isRecording() || !values.dtype().isFloating()) {
            return new Tensor(values, values.type(), thread.isInference());
        }
        OperatorNode node = new OperatorNode(sequence < 0 ? Node.reserve(1) : sequence, operator, operands, types);
        Tensor result = new Tensor(values, values.type(), node);
        node.produced(result);
        return result;
    }

    private static boolean isView(NdArray result, NdArray[] operands) {
        for (NdArray operand : operands) {
            if (operand.storage() == result.storage()) {
                return true;
            }
        }
        return false;
    }

    @Override
    public TensorType type(Tensor value) {
        return value.type();
    }

    @Override
    public Tensor number(double value) {
        return Tensor.number(value);
    }
}
