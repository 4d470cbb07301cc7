// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.type.CapstanException;

/** A tensor that a tape node keeps for its gradient rule, with the version of its storage at that time. */
final class SavedTensor {
    private final Tensor tensor;
    private final int version;

    SavedTensor(Tensor tensor) {
        this.tensor = tensor.forTape();
        this.version = tensor.version();
    }

    /** The tensor, unchanged since it was saved. */
    Tensor unpack(String node) {
        verify(node, tensor.version(), version, tensor);
        return tensor;
    }

    static void verify(String node, int now, int then, Tensor tensor) {
        if (now != then) {
            throw new CapstanException(
                    "backward",
                    "a tensor needed for the gradient was modified in place",
                    tensor.type() + " of " + node + " is at version " + now + ", expected " + then);
        }
    }
}
