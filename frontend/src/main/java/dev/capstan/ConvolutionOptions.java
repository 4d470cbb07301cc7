// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.type.CapstanException;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * How the window of a convolution slides. Each list has an element for each dimension along which it does, or one for all.
 *
 * @param stride the distance of two positions
 * @param padding how many zeros are put at either end
 * @param samePadding true to pad so that there are as many positions as elements, whatever {@code padding} says; only with a
 *     stride of 1
 * @param dilation the distance of two elements that the window shows
 * @param groups into how many groups the channels are split, each with a weight of its own
 */
public record ConvolutionOptions(
        List<Integer> stride, List<Integer> padding, boolean samePadding, List<Integer> dilation, int groups) {
    private static final ConvolutionOptions STANDARD =
            new ConvolutionOptions(List.of(1), List.of(0), false, List.of(1), 1);

    /** Copies the lists. */
    public ConvolutionOptions {
        stride = List.copyOf(stride);
        padding = List.copyOf(padding);
        dilation = List.copyOf(dilation);
    }

    /** A stride and a dilation of 1, no padding, one group. */
    public static ConvolutionOptions standard() {
        return STANDARD;
    }

    /** The same with another {@link #stride()}. */
    public ConvolutionOptions withStride(int... strides) {
        return new ConvolutionOptions(list(strides), padding, samePadding, dilation, groups);
    }

    /** The same with another {@link #padding()}. */
    public ConvolutionOptions withPadding(int... paddings) {
        return new ConvolutionOptions(stride, list(paddings), false, dilation, groups);
    }

    /** The same, padded so that there are as many positions as elements; where that is odd, more at the end. */
    public ConvolutionOptions withSamePadding() {
        return new ConvolutionOptions(stride, padding, true, dilation, groups);
    }

    /** The same with another {@link #dilation()}. */
    public ConvolutionOptions withDilation(int... dilations) {
        return new ConvolutionOptions(stride, padding, samePadding, list(dilations), groups);
    }

    /** The same with another number of {@link #groups()}. */
    public ConvolutionOptions withGroups(int number) {
        return new ConvolutionOptions(stride, padding, samePadding, dilation, number);
    }

    static List<Integer> list(int... elements) {
        return Arrays.stream(elements).boxed().toList();
    }

    /**
     * An element for each of so many dimensions.
     *
     * @throws CapstanException if there are not that many, and not one for all
     */
    static List<Integer> each(String operator, List<Integer> elements, int dimensions) {
        if (elements.size() == 1) {
            return Collections.nCopies(dimensions, elements.get(0));
        }
        if (elements.size() != dimensions) {
            throw new CapstanException(
                    operator, "an option does not have an element for each dimension", elements + " for " + dimensions);
        }
        return elements;
    }
}
