// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.op.Amax;
import dev.capstan.runtime.op.Amin;
import dev.capstan.runtime.op.Cumsum;
import dev.capstan.runtime.op.LogSoftmax;
import dev.capstan.runtime.op.LogSumExp;
import dev.capstan.runtime.op.Max;
import dev.capstan.runtime.op.Mean;
import dev.capstan.runtime.op.Min;
import dev.capstan.runtime.op.Norm;
import dev.capstan.runtime.op.Softmax;
import dev.capstan.runtime.op.Std;
import dev.capstan.runtime.op.Sum;
import dev.capstan.runtime.op.Var;
import java.util.List;
import java.util.stream.IntStream;

/** What combines elements along dimensions, as methods; each is defined in {@code dev.capstan.runtime.op}. */
abstract class TensorReductions extends TensorCreation {
    private static final TensorOps OPS = TensorOps.INSTANCE;

    static List<Integer> boxed(int[] numbers) {
        return IntStream.of(numbers).boxed().toList();
    }

    /** The sum of all elements, 0-d. */
    public final Tensor sum() {
        return Sum.sum(OPS, self(), List.of(), false);
    }

    /** The sum along dimensions, which are removed. */
    public final Tensor sum(int... dimensions) {
        return sum(false, dimensions);
    }

    /** The sum along dimensions, which stay with size 1 if so wanted. */
    public final Tensor sum(boolean keepDimensions, int... dimensions) {
        return Sum.sum(OPS, self(), boxed(dimensions), keepDimensions);
    }

    /** The mean of all elements, 0-d. */
    public final Tensor mean() {
        return Mean.mean(OPS, self(), List.of(), false);
    }

    /** The mean along dimensions, which are removed. */
    public final Tensor mean(int... dimensions) {
        return mean(false, dimensions);
    }

    /** The mean along dimensions, which stay with size 1 if so wanted. */
    public final Tensor mean(boolean keepDimensions, int... dimensions) {
        return Mean.mean(OPS, self(), boxed(dimensions), keepDimensions);
    }

    /** The largest element, 0-d; NaN if there is one. Equal ones share the gradient equally. */
    public final Tensor max() {
        return Max.max(OPS, self());
    }

    /** The smallest element, 0-d; NaN if there is one. Equal ones share the gradient equally. */
    public final Tensor min() {
        return Min.min(OPS, self());
    }

    /** The largest elements along dimensions, all if none is given, which are removed. */
    public final Tensor amax(int... dimensions) {
        return amax(false, dimensions);
    }

    /** The same; the dimensions stay with size 1 if so wanted. Equal elements share the gradient equally. */
    public final Tensor amax(boolean keepDimensions, int... dimensions) {
        return Amax.amax(OPS, self(), boxed(dimensions), keepDimensions);
    }

    /** The smallest elements along dimensions, all if none is given, which are removed. */
    public final Tensor amin(int... dimensions) {
        return amin(false, dimensions);
    }

    /** The same; the dimensions stay with size 1 if so wanted. Equal elements share the gradient equally. */
    public final Tensor amin(boolean keepDimensions, int... dimensions) {
        return Amin.amin(OPS, self(), boxed(dimensions), keepDimensions);
    }

    /** {@code log(sum(e^x))} along dimensions, all if none is given, which are removed. */
    public final Tensor logSumExp(int... dimensions) {
        return logSumExp(false, dimensions);
    }

    /** The same; the dimensions stay with size 1 if so wanted. */
    public final Tensor logSumExp(boolean keepDimensions, int... dimensions) {
        return LogSumExp.logSumExp(OPS, self(), boxed(dimensions), keepDimensions);
    }

    /** {@code e^x / sum(e^x)} along a dimension: positive numbers with sum 1. */
    public final Tensor softmax(int dimension) {
        return Softmax.softmax(OPS, self(), dimension);
    }

    /** The logarithms of {@link #softmax}, accurate also where that is close to 0. */
    public final Tensor logSoftmax(int dimension) {
        return LogSoftmax.logSoftmax(OPS, self(), dimension);
    }

    /** The variance of all elements as a sample: {@code sum((x - mean)^2) / (n - 1)}, 0-d. */
    public final Tensor var() {
        return var(1, false);
    }

    /**
     * The variance along dimensions, all if none is given.
     *
     * @param correction what the number of elements is lowered by: 1 for the estimate from a sample, 0 for the elements' own
     */
    public final Tensor var(int correction, boolean keepDimensions, int... dimensions) {
        return Var.var(OPS, self(), boxed(dimensions), correction, keepDimensions);
    }

    /** The standard deviation of all elements as a sample, 0-d: the root of {@link #var()}. */
    public final Tensor std() {
        return std(1, false);
    }

    /** The standard deviation along dimensions, all if none is given; see {@link #var(int, boolean, int...)}. */
    public final Tensor std(int correction, boolean keepDimensions, int... dimensions) {
        return Std.std(OPS, self(), boxed(dimensions), correction, keepDimensions);
    }

    /** The Euclidean length of all elements, 0-d. */
    public final Tensor norm() {
        return norm(false);
    }

    /** The Euclidean length along dimensions, all if none is given; they stay with size 1 if so wanted. */
    public final Tensor norm(boolean keepDimensions, int... dimensions) {
        return Norm.norm(OPS, self(), boxed(dimensions), keepDimensions);
    }

    /** The sums of the elements up to each one along a dimension; bool and integral elements are added as int64. */
    public final Tensor cumsum(int dimension) {
        return Cumsum.cumsum(OPS, self(), dimension);
    }
}
