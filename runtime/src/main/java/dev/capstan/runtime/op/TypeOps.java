// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;

/** Runs a decomposition on types alone: shape inference of composites. */
enum TypeOps implements Ops<TensorType> {
    INSTANCE;

    @Override
    public TensorType apply(Operator operator, List<TensorType> operands) {
        return operator.infer(operands);
    }

    @Override
    public TensorType type(TensorType value) {
        return value;
    }

    @Override
    public TensorType number(double value) {
        return new TensorType(DType.FLOAT64, Shape.SCALAR, true);
    }
}
