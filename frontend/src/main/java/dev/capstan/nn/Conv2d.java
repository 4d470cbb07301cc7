// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.ConvolutionOptions;
import dev.capstan.F;
import dev.capstan.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The products of a weight with what a window shows at each position, as it slides along the rows and columns of an image:
 * {@code [batch, in, height, width]} to {@code [batch, out, rows, columns]}, also without a batch. See {@link F#conv2d}.
 *
 * <p>Source: LeCun et al., "Backpropagation applied to handwritten zip code recognition", 1989.
 */
public final class Conv2d extends Module<Tensor, Tensor> {
    private final ConvolutionOptions options;
    private final Parameter weight;
    private final @Nullable Parameter bias;

    /** A layer with bias whose window moves by one element, without padding. */
    public Conv2d(int in, int out, int kernel) {
        this(in, out, kernel, kernel, ConvolutionOptions.standard(), true);
    }

    /** A layer with bias whose window is a square. */
    public Conv2d(int in, int out, int kernel, ConvolutionOptions options) {
        this(in, out, kernel, kernel, options, true);
    }

    /**
     * A layer.
     *
     * @param in channels of the input
     * @param out channels of the result
     * @param height how many rows the window shows
     * @param width how many columns
     * @param options how the window slides
     * @param bias whether a bias is added
     * @throws dev.capstan.runtime.type.CapstanException if the channels cannot be split into the groups
     */
    public Conv2d(int in, int out, int height, int width, ConvolutionOptions options, boolean bias) {
        int inner = Initialization.inGroups("conv2d", in, out, options.groups());
        this.options = options;
        this.weight = Initialization.uniform(inner * height * width, out, inner, height, width);
        this.bias = bias ? Initialization.uniform(inner * height * width, out) : null;
    }

    /** The weight, {@code [out, in / groups, height, width]}. */
    public Parameter weight() {
        return weight;
    }

    /** The bias, {@code [out]}, or null. */
    public @Nullable Parameter bias() {
        return bias;
    }

    @Override
    protected Tensor forward(Tensor input) {
        return F.conv2d(input, weight, bias, options);
    }
}
