// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.TensorType;
import java.util.List;

/** An element-wise function of real numbers: bool and integral operands count as float32. */
interface FloatingElementwise extends Elementwise {
    @Override
    default DType computeType(List<TensorType> operands) {
        DType promoted = TensorType.promote(operands);
        return promoted.isFloating() ? promoted : DType.FLOAT32;
    }
}
