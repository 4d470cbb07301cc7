// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.TensorType;
import java.util.List;

/** An element-wise test of truths: 0 is false, everything else is true, NaN too. */
interface Logical extends Predicate {
    @Override
    default DType computeType(List<TensorType> operands) {
        return DType.BOOL;
    }
}
