// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.op.ConstantPad;
import dev.capstan.runtime.op.Elu;
import dev.capstan.runtime.op.Embedding;
import dev.capstan.runtime.op.Gelu;
import dev.capstan.runtime.op.LayerNorm;
import dev.capstan.runtime.op.LeakyRelu;
import dev.capstan.runtime.op.Linear;
import dev.capstan.runtime.op.MseLoss;
import dev.capstan.runtime.op.OneHot;
import dev.capstan.runtime.op.Silu;
import dev.capstan.runtime.op.Softplus;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
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
        if (input.dim() < 2 || weight.dim() != 2) {
            Tensor product = input.matmul(weight.t());
            return bias == null ? product : product.add(bias);
        }
        return bias == null
                ? Linear.linear(TensorOps.INSTANCE, input, weight)
                : Linear.linear(TensorOps.INSTANCE, input, weight, bias);
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

    /** x times the probability that a normally distributed number is below x. */
    public static Tensor gelu(Tensor input) {
        return gelu(input, false);
    }

    /** The same; the probability by an approximation with a hyperbolic tangent if so wanted. */
    public static Tensor gelu(Tensor input, boolean approximate) {
        return Gelu.gelu(TensorOps.INSTANCE, input, approximate);
    }

    /** {@code x / (1 + e^-x)}. */
    public static Tensor silu(Tensor input) {
        return Silu.silu(TensorOps.INSTANCE, input);
    }

    /** x where it is positive, else x times a slope, usually 0.01. */
    public static Tensor leakyRelu(Tensor input, double slope) {
        return LeakyRelu.leakyRelu(TensorOps.INSTANCE, input, slope);
    }

    /** x where it is positive, else {@code scale (e^x - 1)}; the scale is usually 1. */
    public static Tensor elu(Tensor input, double scale) {
        return Elu.elu(TensorOps.INSTANCE, input, scale);
    }

    /** {@code log(1 + e^x)}; x itself beyond 20. */
    public static Tensor softplus(Tensor input) {
        return softplus(input, 1, 20);
    }

    /** {@code log(1 + e^(sharpness x)) / sharpness}; x itself where {@code sharpness x} is beyond the threshold. */
    public static Tensor softplus(Tensor input, double sharpness, double threshold) {
        return Softplus.softplus(TensorOps.INSTANCE, input, sharpness, threshold);
    }

    /**
     * Each part of a tensor, over its last dimensions, with its mean taken away and divided by its standard deviation; then
     * multiplied by the weight and added to the bias.
     *
     * @param input floating, {@code [..., normalized]}
     * @param normalized the sizes of a part
     * @param weight of the normalized shape, or null
     * @param bias of the normalized shape, or null; not without a weight
     * @param epsilon what is added to the variance, usually 1e-5
     */
    public static Tensor layerNorm(
            Tensor input, Shape normalized, @Nullable Tensor weight, @Nullable Tensor bias, double epsilon) {
        if (weight == null) {
            if (bias != null) {
                throw new CapstanException(
                        "layerNorm",
                        "there is a bias but no weight",
                        bias.type().toString());
            }
            return TensorOps.INSTANCE.apply(new LayerNorm(normalized, epsilon, 0), input);
        }
        return bias == null
                ? TensorOps.INSTANCE.apply(new LayerNorm(normalized, epsilon, 1), input, weight)
                : TensorOps.INSTANCE.apply(new LayerNorm(normalized, epsilon, 2), List.of(input, weight, bias));
    }

    /**
     * {@code softmax(query x key^T / sqrt(width) + mask) x value}.
     *
     * @param query floating, {@code [..., targets, width]}
     * @param key {@code [..., sources, width]}
     * @param value {@code [..., sources, any]}
     * @param causal true if a target looks at sources up to its own position only
     * @return {@code [..., targets, any]}
     */
    public static Tensor scaledDotProductAttention(Tensor query, Tensor key, Tensor value, boolean causal) {
        Tensor mask = causal
                ? Tensor.full(DType.BOOL, 1, query.size(-2), key.size(-2)).tril(0)
                : null;
        return scaledDotProductAttention(query, key, value, mask);
    }

    /**
     * The same with a mask.
     *
     * @param mask bool, true where a target looks at a source, or floating, added to the products; it broadcasts to
     *     {@code [..., targets, sources]}; null for none
     */
    public static Tensor scaledDotProductAttention(Tensor query, Tensor key, Tensor value, @Nullable Tensor mask) {
        Tensor scaled = query.mul(1 / Math.sqrt(query.size(-1)));
        Tensor scores = scaled.matmul(key.transpose(-2, -1));
        if (mask != null) {
            scores = mask.dtype() == DType.BOOL
                    ? scores.maskedFill(mask.logicalNot(), Double.NEGATIVE_INFINITY)
                    : scores.add(mask);
        }
        return scores.softmax(-1).matmul(value);
    }

    /**
     * The products of a weight with what a window shows at each position, as it slides along a sequence.
     *
     * @param input floating, {@code [batch, in, length]} or {@code [in, length]}
     * @param weight {@code [out, in / groups, kernel]}
     * @param bias {@code [out]}, or null
     * @return {@code [batch, out, positions]} or {@code [out, positions]}
     */
    public static Tensor conv1d(Tensor input, Tensor weight, @Nullable Tensor bias, ConvolutionOptions options) {
        return SlidingWindows.convolution("conv1d", 1, input, weight, bias, options);
    }

    /**
     * The products of a weight with what a window shows at each position, as it slides along the rows and columns of an image.
     *
     * @param input floating, {@code [batch, in, height, width]} or {@code [in, height, width]}
     * @param weight {@code [out, in / groups, kernel height, kernel width]}
     * @param bias {@code [out]}, or null
     * @return {@code [batch, out, rows, columns]} or {@code [out, rows, columns]}
     */
    public static Tensor conv2d(Tensor input, Tensor weight, @Nullable Tensor bias, ConvolutionOptions options) {
        return SlidingWindows.convolution("conv2d", 2, input, weight, bias, options);
    }

    /**
     * The largest element that a window shows at each position, as it slides along the last dimension.
     *
     * @param input floating, {@code [batch, channels, length]} or {@code [channels, length]}
     */
    public static Tensor maxPool1d(Tensor input, PoolingOptions options) {
        return SlidingWindows.maxPool("maxPool1d", 1, input, options);
    }

    /**
     * The largest element that a window shows at each position, as it slides along the last two dimensions.
     *
     * @param input floating, {@code [batch, channels, height, width]} or {@code [channels, height, width]}
     */
    public static Tensor maxPool2d(Tensor input, PoolingOptions options) {
        return SlidingWindows.maxPool("maxPool2d", 2, input, options);
    }

    /** The same, with the index {@code row x width + column} of each element in its channel. */
    public static ValuesAndIndices maxPool2dWithIndices(Tensor input, PoolingOptions options) {
        return new ValuesAndIndices(maxPool2d(input, options), SlidingWindows.maxPoolIndices(input, options));
    }

    /**
     * The mean of what a window shows at each position, as it slides along the last dimension.
     *
     * @param input floating, {@code [batch, channels, length]} or {@code [channels, length]}
     */
    public static Tensor avgPool1d(Tensor input, PoolingOptions options) {
        return SlidingWindows.avgPool("avgPool1d", 1, input, options);
    }

    /**
     * The mean of what a window shows at each position, as it slides along the last two dimensions.
     *
     * @param input floating, {@code [batch, channels, height, width]} or {@code [channels, height, width]}
     */
    public static Tensor avgPool2d(Tensor input, PoolingOptions options) {
        return SlidingWindows.avgPool("avgPool2d", 2, input, options);
    }

    /**
     * The means of parts into which the last dimension is cut, as evenly as can be.
     *
     * @param input floating, {@code [batch, channels, length]} or {@code [channels, length]}
     */
    public static Tensor adaptiveAvgPool1d(Tensor input, int size) {
        return SlidingWindows.adaptiveAvgPool("adaptiveAvgPool1d", input, size);
    }

    /**
     * The means of parts into which the last two dimensions are cut, as evenly as can be.
     *
     * @param input floating, {@code [batch, channels, height, width]} or {@code [channels, height, width]}
     */
    public static Tensor adaptiveAvgPool2d(Tensor input, int height, int width) {
        return SlidingWindows.adaptiveAvgPool("adaptiveAvgPool2d", input, height, width);
    }

    /**
     * A tensor with elements of one value added at the ends of its last dimensions.
     *
     * @param amounts for each dimension, from the last one on, how many elements come before and how many after; negative
     *     for elements to take away
     */
    public static Tensor pad(Tensor input, double value, int... amounts) {
        return TensorOps.INSTANCE.apply(new ConstantPad(ConvolutionOptions.list(amounts), value), input);
    }
}
