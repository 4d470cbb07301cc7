// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.op.Composite;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.op.Ops;
import dev.capstan.runtime.type.TensorType;
import java.util.List;

/** Executes an operator that was queued, with the nodes that eager mode would have made of it. */
final class ReplayOps implements Ops<Tensor> {
    private long sequence;

    /**
     * Executes nothing yet.
     *
     * @param sequence the creation number of the first node
     */
    ReplayOps(long sequence) {
        this.sequence = sequence;
    }

    @Override
    public Tensor apply(Operator operator, List<Tensor> operands) {
        return operator.isDecomposed()
                ? ((Composite) operator).decompose(this, operands)
                : TensorOps.executeRecorded(operator, operands.toArray(new Tensor[0]), sequence++);
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
