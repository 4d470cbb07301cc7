// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.TensorType;
import java.util.List;

/** A composite of real numbers that the tape records as one node: other element types are refused. */
interface FloatingComposite extends Composite {
    @Override
    default boolean isOneNode() {
        return true;
    }

    @Override
    default TensorType infer(List<TensorType> operands) {
        if (!operands.get(0).dtype().isFloating()) {
            throw new CapstanException(
                    name(), "the elements are not floating", operands.get(0).toString());
        }
        return Composite.super.infer(operands);
    }
}
