// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.TensorType;
import java.util.List;

/** An element-wise function of numbers: bool operands are refused. */
interface NumericElementwise extends Elementwise {
    @Override
    default TensorType infer(List<TensorType> operands) {
        for (TensorType operand : operands) {
            if (operand.dtype() == DType.BOOL) {
                throw new CapstanException(name(), "bool elements are not numbers", operand.toString());
            }
        }
        return Elementwise.super.infer(operands);
    }
}
