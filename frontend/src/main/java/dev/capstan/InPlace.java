// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.eager.OperatorExecutor;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.op.Ops;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;

/**
 * Operators whose result is written over their first operand. The tape records the operator as always; the written tensor
 * becomes its result, and the version of its storage rises, so that a backward pass that would need the old values refuses.
 */
final class InPlace implements Ops<Tensor> {
    private final Tensor target;

    InPlace(Tensor target) {
        this.target = target;
    }

    @Override
    public Tensor apply(Operator operator, List<Tensor> operands) {
        verifyLeaf(operator.name());
        TensorType result = operator.infer(operands.stream().map(Tensor::type).toList());
        verifyResult(operator.name(), result);
        Region.beforeWrite(target.values().storage());
        Tensor computed = TensorOps.execute(operator, operands.toArray(new Tensor[0]));
        return write(operator.name(), computed);
    }

    /** Writes another tensor's elements. */
    Tensor overwrite(Tensor source) {
        verifyLeaf("copy");
        if (GradMode.isEnabled() && source.requiresGrad()) {
            throw new CapstanException(
                    "copy_",
                    "a source that requires a gradient cannot be recorded",
                    source.type().toString());
        }
        verifyResult("copy", new TensorType(target.dtype(), Shape.broadcast("copy_", target.shape(), source.shape())));
        if (GradMode.isEnabled() && target.requiresGrad()) {
            throw new CapstanException(
                    "copy_",
                    "overwriting a tensor on the tape cannot be recorded",
                    target.type().toString());
        }
        Region.beforeWrite(target.values().storage());
        store(source);
        return target;
    }

    private Tensor write(String operator, Tensor computed) {
        Node node = computed.gradFn();
        if (node != null && target.values().storage().isShared()) {
            throw new CapstanException(
                    operator + "_",
                    "a write to a tensor that has views cannot be recorded",
                    target.type().toString());
        }
        store(computed);
        if (node != null) {
            target.rebase(node);
        }
        return target;
    }

    private void store(Tensor source) {
        NdArray to = target.values();
        NdArray from = source.values();
        NdArray expanded = from.view(from.layout().expand(to.shape()));
        boolean overlaps = from.storage() == to.storage() && !expanded.layout().equals(to.layout());
        OperatorExecutor.copy(overlaps ? source.contiguousCopy().values() : expanded, to);
    }

    private void verifyLeaf(String operator) {
        if (GradMode.isEnabled() && target.requiresGrad() && target.isLeaf()) {
            throw new CapstanException(
                    operator + "_",
                    "a leaf that requires a gradient is changed in place outside of noGrad",
                    target.type().toString());
        }
    }

    private void verifyResult(String operator, TensorType result) {
        if (!result.shape().equals(target.shape())) {
            throw new CapstanException(
                    operator + "_",
                    "the result does not fit into the first operand",
                    result + " into " + target.type());
        }
        if (result.dtype().category().compareTo(target.dtype().category()) > 0) {
            throw new CapstanException(
                    operator + "_",
                    "the result's element type cannot be stored in the first operand",
                    result + " into " + target.type());
        }
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
