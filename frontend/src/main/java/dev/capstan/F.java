// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.op.MseLoss;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
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

    /** {@code e^x / sum(e^x)} along a dimension: positive numbers with sum 1. */
    public static Tensor softmax(Tensor input, int dimension) {
        return input.softmax(dimension);
    }

    /** The logarithms of {@link #softmax}. */
    public static Tensor logSoftmax(Tensor input, int dimension) {
        return input.logSoftmax(dimension);
    }

    /**
     * Replaces elements by 0, each with a probability of its own draw, and divides the others by the probability to stay, so
     * that the expected value is the input. The standard {@link Generator} draws; nothing is drawn if all elements stay, or
     * none.
     *
     * @param input a floating tensor of any shape
     * @param probability of an element to become 0
     * @param training false to give the input itself
     * @throws CapstanException if the probability is not between 0 and 1
     */
    public static Tensor dropout(Tensor input, double probability, boolean training) {
        Generator.verifyProbability("dropout", probability);
        if (!training || probability == 0 || input.numel() == 0) {
            return input;
        }
        DType dtype = input.dtype();
        if (!dtype.isFloating()) {
            throw new CapstanException(
                    "dropout", "only floating tensors are scaled", input.type().toString());
        }
        double stays = 1 - probability;
        if (stays == 0) {
            return input.mul(Tensor.zeros(dtype));
        }
        double factor = dtype == DType.FLOAT32 ? 1 / (float) stays : 1 / stays;
        return input.mul(
                Generator.standard().either(dtype, stays, factor, input.shape().sizes()));
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
