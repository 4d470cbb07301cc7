// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import dev.capstan.Tensor;
import dev.capstan.autograd.Context;
import dev.capstan.autograd.Function;
import dev.capstan.autograd.OnceDifferentiable;
import java.util.List;

/** Functions whose gradients nobody but they themselves can know, because they are wrong. */
final class RandomFunctions {
    private RandomFunctions() {}

    /** A product whose gradient is three times as large as it should be. */
    static final class Product extends Function {
        @Override
        protected List<Tensor> forward(Context context, Tensor... inputs) {
            context.saveForBackward(inputs);
            return List.of(inputs[0].mul(inputs[1]));
        }

        @Override
        protected List<Tensor> backward(Context context, Tensor... gradients) {
            Tensor scaled = gradients[0].mul(3);
            return List.of(
                    scaled.mul(context.savedTensors().get(1)),
                    scaled.mul(context.savedTensors().get(0)));
        }
    }

    /** Keeps what it has made itself, and has a second output without a gradient; its backward pass writes in place. */
    static final class Squash extends Function {
        @Override
        protected List<Tensor> forward(Context context, Tensor... inputs) {
            Tensor inner = inputs[0].abs().add(1);
            Tensor result = inner.log();
            context.saveForBackward(inner, result);
            return List.of(result, inner.gt(2));
        }

        @Override
        protected List<Tensor> backward(Context context, Tensor... gradients) {
            Tensor inner = context.savedTensors().get(0);
            return List.of(gradients[0].div(inner).maskedFill_(inner.lt(1.5), 0));
        }
    }

    /** Hyperbolic tangents by a loop over an array. */
    @OnceDifferentiable
    static final class ArrayTanh extends Function {
        @Override
        protected List<Tensor> forward(Context context, Tensor... inputs) {
            float[] elements = inputs[0].toFloatArray();
            for (int i = 0; i < elements.length; i++) {
                elements[i] = (float) StrictMath.tanh(elements[i]);
            }
            Tensor result = Tensor.of(elements, inputs[0].shape().sizes());
            context.saveForBackward(result);
            return List.of(result);
        }

        @Override
        protected List<Tensor> backward(Context context, Tensor... gradients) {
            float[] elements = context.savedTensors().get(0).toFloatArray();
            float[] upstream = gradients[0].toFloatArray();
            for (int i = 0; i < elements.length; i++) {
                elements[i] = upstream[i] * (1 - elements[i] * elements[i]);
            }
            return List.of(Tensor.of(elements, gradients[0].shape().sizes()));
        }
    }

    /** Writes to its input. */
    static final class Doubled extends Function {
        @Override
        protected List<Tensor> forward(Context context, Tensor... inputs) {
            context.markDirty(inputs[0]);
            return List.of(inputs[0].mul_(2));
        }

        @Override
        protected List<Tensor> backward(Context context, Tensor... gradients) {
            return List.of(gradients[0].mul(5));
        }
    }
}
