// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.op.Window;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * How the window of a pooling operator slides. Each list has an element for each dimension along which it does, or one for all.
 *
 * @param size how many elements the window shows
 * @param stride the distance of two positions; empty for the size, so that positions do not overlap
 * @param padding how many elements are put at either end, at most half of the window
 * @param dilation the distance of two elements that the window shows; 1 where elements are averaged
 * @param ceil true for a last position that reaches out at the end, in the place of elements that are left over
 * @param countsPadding where elements are averaged, whether padding counts as zeros
 * @param divisor where elements are averaged, what sums are divided by in the place of how many elements count
 */
public record PoolingOptions(
        List<Integer> size,
        List<Integer> stride,
        List<Integer> padding,
        List<Integer> dilation,
        boolean ceil,
        boolean countsPadding,
        OptionalInt divisor) {
    /** Copies the lists. */
    public PoolingOptions {
        size = List.copyOf(size);
        stride = List.copyOf(stride);
        padding = List.copyOf(padding);
        dilation = List.copyOf(dilation);
    }

    /** A window of this size whose positions lie side by side, without padding. */
    public static PoolingOptions ofSize(int... sizes) {
        return new PoolingOptions(
                ConvolutionOptions.list(sizes), List.of(), List.of(0), List.of(1), false, true, OptionalInt.empty());
    }

    /** The same with another {@link #stride()}. */
    public PoolingOptions withStride(int... strides) {
        return new PoolingOptions(
                size, ConvolutionOptions.list(strides), padding, dilation, ceil, countsPadding, divisor);
    }

    /** The same with another {@link #padding()}. */
    public PoolingOptions withPadding(int... paddings) {
        return new PoolingOptions(
                size, stride, ConvolutionOptions.list(paddings), dilation, ceil, countsPadding, divisor);
    }

    /** The same with another {@link #dilation()}. */
    public PoolingOptions withDilation(int... dilations) {
        return new PoolingOptions(
                size, stride, padding, ConvolutionOptions.list(dilations), ceil, countsPadding, divisor);
    }

    /** The same with or without a last position that reaches out at the end. */
    public PoolingOptions withCeil(boolean wanted) {
        return new PoolingOptions(size, stride, padding, dilation, wanted, countsPadding, divisor);
    }

    /** The same, with padding that counts as zeros or not at all. */
    public PoolingOptions withCountsPadding(boolean wanted) {
        return new PoolingOptions(size, stride, padding, dilation, ceil, wanted, divisor);
    }

    /** The same with another {@link #divisor()}. */
    public PoolingOptions withDivisor(int number) {
        return new PoolingOptions(size, stride, padding, dilation, ceil, countsPadding, OptionalInt.of(number));
    }

    /** A window for each of so many dimensions. */
    List<Window> windows(String operator, int dimensions) {
        List<Integer> sizes = ConvolutionOptions.each(operator, size, dimensions);
        List<Integer> strides = stride.isEmpty() ? sizes : ConvolutionOptions.each(operator, stride, dimensions);
        List<Integer> paddings = ConvolutionOptions.each(operator, padding, dimensions);
        List<Integer> dilations = ConvolutionOptions.each(operator, dilation, dimensions);
        return IntStream.range(0, dimensions)
                .mapToObj(i -> new Window(sizes.get(i), strides.get(i), paddings.get(i), dilations.get(i), ceil))
                .toList();
    }
}
