// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.F;
import dev.capstan.Tensor;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Shape;
import org.jspecify.annotations.Nullable;

/**
 * Brings the last dimensions of each example to mean 0 and variance 1, {@code (x - mean) / sqrt(variance + eps)}, then scales
 * and shifts each element: {@code y = x' weight + bias}. The variance is that of the whole, divided by n. See {@link
 * F#layerNorm}.
 *
 * <p>Source: Ba, Kiros and Hinton, "Layer Normalization", 2016.
 */
public final class LayerNorm extends Module<Tensor, Tensor> {
    private final Shape shape;
    private final double eps;
    private final @Nullable Parameter weight;
    private final @Nullable Parameter bias;

    /** A layer for these last sizes, with weight and bias and an eps of 1e-5. */
    public LayerNorm(int... sizes) {
        this(1e-5, true, sizes);
    }

    /**
     * A layer.
     *
     * @param eps what is added to the variance
     * @param affine whether it has weight and bias
     * @param sizes the last sizes of what it takes
     */
    public LayerNorm(double eps, boolean affine, int... sizes) {
        if (sizes.length == 0) {
            throw new CapstanException("layerNorm", "there is no dimension", "[]");
        }
        this.shape = Shape.of(sizes);
        this.eps = eps;
        this.weight = affine ? new Parameter(Tensor.ones(sizes)) : null;
        this.bias = affine ? new Parameter(Tensor.zeros(sizes)) : null;
    }

    @Override
    protected Tensor forward(Tensor input) {
        return F.layerNorm(input, shape, weight, bias, eps);
    }
}
