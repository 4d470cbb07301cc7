// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.op.Embedding;
import dev.capstan.runtime.op.MseLoss;
import dev.capstan.runtime.op.OneHot;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Functions of tensors that are not methods of one: PyTorch's {@code torch.nn.functional}. */
public final class F {
    private F() {}

    /** What becomes of the losses of single elements. */
    public enum Reduction {
        /** Their mean. */
        MEAN,
        /** Their sum. */
        SUM,
        /** They stay what they are. */
        NONE
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

    /** The squared error of all elements: averaged or summed, 0-d, or each by itself. */
    public static Tensor mseLoss(Tensor input, Tensor target, Reduction reduction) {
        if (reduction == Reduction.NONE) {
            return input.sub(target).square();
        }
        return MseLoss.mseLoss(TensorOps.INSTANCE, input, target, reduction == Reduction.MEAN);
    }

    /**
     * For each index the row of a matrix.
     *
     * @param index int64 or int32, of any shape
     * @param weight of shape {@code [rows, width]}
     * @return of the shape of the indices with {@code width} behind
     * @throws CapstanException if an index is out of range
     */
    public static Tensor embedding(Tensor index, Tensor weight) {
        return TensorOps.applyIndexed(new Embedding(OptionalLong.empty()), weight, index);
    }

    /**
     * The same.
     *
     * @param padding the index of a row that gets no gradient, negative from the end
     */
    public static Tensor embedding(Tensor index, Tensor weight, int padding) {
        int rows = weight.dim() == 0 ? 0 : weight.size(0);
        if (padding < -rows || padding >= rows) {
            throw new CapstanException("embedding", "padding index out of range", padding + " for " + weight.shape());
        }
        long row = padding < 0 ? padding + rows : padding;
        return TensorOps.applyIndexed(new Embedding(OptionalLong.of(row)), weight, index);
    }

    /**
     * For each index a vector that is 1 there and 0 elsewhere.
     *
     * @param index int64 or int32, of any shape
     * @param classes the length of the vectors
     * @return int64, of the shape of the indices with {@code classes} behind
     * @throws CapstanException if an index is out of range
     */
    public static Tensor oneHot(Tensor index, int classes) {
        OneHot operator = new OneHot(classes);
        operator.infer(List.of(index.type()));
        operator.verifyIndices(TensorOps.elements(index));
        return OneHot.oneHot(TensorOps.INSTANCE, index, classes);
    }

    /** The negative logarithm of the probability of the class that was right, averaged. */
    public static Tensor nllLoss(Tensor logProbabilities, Tensor target) {
        return nllLoss(logProbabilities, target, LossOptions.standard());
    }

    /**
     * The negative logarithm of the probability of the class that was right.
     *
     * @param logProbabilities floating, {@code [n, classes, ...]} or {@code [classes]}
     * @param target numbers of classes, int64, of that shape without the dimension of the classes
     * @param options without label smoothing
     * @return 0-d, or of the target's shape if nothing is reduced
     * @throws CapstanException if a class is out of range and not the one that is ignored
     */
    public static Tensor nllLoss(Tensor logProbabilities, Tensor target, LossOptions options) {
        if (options.labelSmoothing() != 0) {
            throw new CapstanException(
                    "nllLoss", "labels are not smoothed here", Double.toString(options.labelSmoothing()));
        }
        return new ClassLoss("nllLoss", logProbabilities, target, options).ofNumbers();
    }

    /** The cross entropy of {@code softmax(input)} and a target, averaged. */
    public static Tensor crossEntropy(Tensor input, Tensor target) {
        return crossEntropy(input, target, LossOptions.standard());
    }

    /**
     * The cross entropy of {@code softmax(input)} and a target.
     *
     * @param input floating, {@code [n, classes, ...]} or {@code [classes]}
     * @param target numbers of classes, int64, of that shape without the dimension of the classes; or, floating, the
     *     probabilities of all classes, of the input's shape
     * @return 0-d, or of the shape without classes if nothing is reduced
     * @throws CapstanException if a class is out of range and not the one that is ignored
     */
    public static Tensor crossEntropy(Tensor input, Tensor target, LossOptions options) {
        int along = input.dim() < 2 ? 0 : 1;
        ClassLoss loss = new ClassLoss("crossEntropy", input.logSoftmax(along), target, options);
        return target.dtype().isFloating() ? loss.ofProbabilities() : loss.ofNumbers();
    }
}
