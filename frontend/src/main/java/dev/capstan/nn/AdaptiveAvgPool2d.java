// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.F;
import dev.capstan.Tensor;

/** The means of parts into which an image is cut, as evenly as can be. See {@link F#adaptiveAvgPool2d}. */
public final class AdaptiveAvgPool2d extends Module<Tensor, Tensor> {
    private final int height;
    private final int width;

    /** So many parts. */
    public AdaptiveAvgPool2d(int height, int width) {
        this.height = height;
        this.width = width;
    }

    @Override
    protected Tensor forward(Tensor input) {
        return F.adaptiveAvgPool2d(input, height, width);
    }
}
