// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.op.MseLoss;
import org.jspecify.annotations.Nullable;

/** Functions of tensors that are not methods of one: PyTorch's {@code torch.nn.functional}. */
public final class F {
    private F() {}

    /** What becomes of the losses of single elements. */
    public enum Reduction {
        /** Their mean. */
        MEAN,
        /** Their sum. */
        SUM
    }

    /**
     * {@code x W^T + b}.
     *
     * @param input of shape {@code [..., in]}
     * @param weight of shape {@code [out, in]}
     * @param bias of shape {@code [out]} or null
     * @return of shape {@code [..., out]}
     */
    public static Tensor linear(Tensor input, Tensor weight, @Nullable Tensor bias) {
        if (bias == null) {
            return input.matmul(weight.t());
        }
        return input.dim() == 2
                ? bias.addmm(input, weight.t())
                : input.matmul(weight.t()).add(bias);
    }

    /** {@code max(x, 0)}. */
    public static Tensor relu(Tensor input) {
        return input.relu();
    }

    /** Hyperbolic tangents. */
    public static Tensor tanh(Tensor input) {
        return input.tanh();
    }

    /** The mean squared error. */
    public static Tensor mseLoss(Tensor input, Tensor target) {
        return mseLoss(input, target, Reduction.MEAN);
    }

    /** The squared error of all elements, averaged or summed, 0-d. */
    public static Tensor mseLoss(Tensor input, Tensor target, Reduction reduction) {
        return MseLoss.mseLoss(TensorOps.INSTANCE, input, target, reduction == Reduction.MEAN);
    }
}
