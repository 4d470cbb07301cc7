// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

import dev.capstan.Tensor;
import dev.capstan.autograd.Context;
import dev.capstan.autograd.Function;
import java.util.List;

/** The rectifier as a function of one's own: what is below 0 becomes 0, and lets no gradient through. */
final class MyReLU extends Function {
    @Override
    protected List<Tensor> forward(Context context, Tensor... inputs) {
        context.saveForBackward(inputs);
        return List.of(inputs[0].clampMin(0));
    }

    @Override
    protected List<Tensor> backward(Context context, Tensor... gradients) {
        Tensor x = context.savedTensors().get(0);
        return List.of(gradients[0].copy().maskedFill_(x.lt(0), 0));
    }
}
