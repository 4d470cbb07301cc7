// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.TensorType;

/** A tensor that a tape node keeps for its gradient rule, with the version of its storage at that time. */
final class SavedTensor {
    private final Tensor tensor;
    private final int version;

    SavedTensor(Tensor tensor) {
        verifySavable(tensor);
        this.tensor = tensor.forTape();
        this.version = tensor.tapeVersion();
    }

    /** The tensor, unchanged since it was saved. */
    Tensor unpack(String node) {
        verify(node, tensor.tapeVersion(), version, tensor.type());
        return tensor;
    }

    /** The tensor, whatever has become of it. */
    Tensor tensor() {
        return tensor;
    }

    private static void verifySavable(Tensor tensor) {
        if (tensor.isInference()) {
            throw new CapstanException(
                    "saveForBackward",
                    "an inference tensor cannot be kept for the backward pass; copy it first",
                    tensor.type().toString());
        }
    }

    /** Refuses what the tape will refuse when an operator that is queued runs. */
    static void verifySavable(Operator operator, Tensor[] operands) {
        boolean recorded = false;
        for (int i = 0; i < operands.length; i++) {
            recorded |= operands[i].requiresGrad() && operator.differentiable(i);
        }
        for (int i = 0; i < operands.length; i++) {
            if (recorded
                    && operands[i].isInference()
                    && operator.savesOperand(i, j -> operands[j].requiresGrad() && operator.differentiable(j))) {
                verifySavable(operands[i]);
            }
        }
    }

    static void verify(String node, int now, int then, TensorType type) {
        if (now != then) {
            throw new CapstanException(
                    "backward",
                    "a tensor needed for the gradient was modified in place",
                    type + " of " + node + " is at version " + now + ", expected " + then);
        }
    }
}
