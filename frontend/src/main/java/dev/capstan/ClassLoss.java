// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.op.Gather;
import dev.capstan.runtime.op.IndexSelect;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The loss of logarithms of probabilities against classes. Source of the definitions: PyTorch, {@code nll_loss} and
 * {@code cross_entropy}.
 */
final class ClassLoss {
    private final String operator;
    private final Tensor logarithms;
    private final Tensor target;
    private final LossOptions options;
    private final int along;
    private final int classes;

    /**
     * Looks at the shapes.
     *
     * @param logarithms {@code [n, classes, ...]} or {@code [classes]}
     */
    ClassLoss(String operator, Tensor logarithms, Tensor target, LossOptions options) {
        this.operator = operator;
        this.logarithms = logarithms;
        this.target = target;
        this.options = options;
        Shape shape = logarithms.shape();
        if (shape.rank() == 0) {
            throw new CapstanException(operator, "the input has no dimension of classes", shape.toString());
        }
        this.along = shape.rank() == 1 ? 0 : 1;
        this.classes = shape.size(along);
        Tensor weight = options.weight();
        if (weight != null && !weight.shape().equals(Shape.of(classes))) {
            throw new CapstanException(
                    operator, "there is not one weight for each class", weight.shape() + " for " + shape);
        }
    }

    private void verifyTarget(Shape expected) {
        if (!target.shape().equals(expected)) {
            throw new CapstanException(
                    operator, "the target does not fit", target.shape() + " for " + logarithms.shape());
        }
    }

    /** The loss against classes by their numbers. */
    Tensor ofNumbers() {
        verifyTarget(logarithms.shape().remove(along));
        if (target.dtype() != DType.INT64) {
            throw new CapstanException(
                    operator, "the target is not int64", target.type().toString());
        }
        OptionalLong ignored = OptionalLong.of(options.ignoreIndex());
        Tensor chosen = TensorOps.applyIndexed(new Gather(along, ignored), logarithms, target.unsqueeze(along));
        Tensor losses = chosen.squeeze(along).neg();
        Tensor weights = null;
        if (options.weight() != null) {
            Tensor numbers = target.reshape(-1);
            weights = TensorOps.applyIndexed(new IndexSelect(0, ignored), options.weight(), numbers)
                    .reshape(target.shape().sizes());
            losses = losses.mul(weights);
        }
        Tensor counted = target.ne(options.ignoreIndex());
        if (options.labelSmoothing() == 0) {
            return combined(losses, weights, counted);
        }
        Tensor zero = Tensor.zeros(logarithms.dtype());
        Tensor smooth = weighed(logarithms).sum(along).neg().where(counted, zero);
        double spread = options.labelSmoothing();
        return combined(losses, weights, counted)
                .mul(1 - spread)
                .add(combined(smooth, weights, counted).mul(spread / classes));
    }

    /** The loss against probabilities of all classes. */
    Tensor ofProbabilities() {
        verifyTarget(logarithms.shape());
        double spread = options.labelSmoothing();
        Tensor smoothed = spread == 0 ? target : target.mul(1 - spread).add(spread / classes);
        Tensor losses = weighed(logarithms.mul(smoothed));
        if (options.reduction() == F.Reduction.NONE) {
            return losses.sum(along).neg();
        }
        Tensor sum = losses.sum().neg();
        return options.reduction() == F.Reduction.SUM
                ? sum
                : sum.div((double) logarithms.shape().elements() / classes);
    }

    private Tensor weighed(Tensor values) {
        if (options.weight() == null) {
            return values;
        }
        int[] sizes = Shape.of(new int[values.dim()]).sizes();
        java.util.Arrays.fill(sizes, 1);
        sizes[along] = classes;
        return values.mul(options.weight().reshape(sizes));
    }

    /** @param weights for each loss the weight that is in it already, null if all are equal */
    private Tensor combined(Tensor losses, @Nullable Tensor weights, Tensor counted) {
        return switch (options.reduction()) {
            case NONE -> losses;
            case SUM -> losses.sum();
            case MEAN -> losses.sum().div((weights == null ? counted.to(losses.dtype()) : weights).sum());
        };
    }
}
