// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Shape;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How a window slides along one dimension of an image or of a sequence.
 *
 * @param size how many elements it shows
 * @param step the distance of two positions
 * @param padding how many elements are put at either end before it slides
 * @param dilation the distance of two elements that it shows
 * @param partial true for a last position that reaches out at the end, if a part of what would be left over lies inside
 */
public record Window(int size, int step, int padding, int dilation, boolean partial) {
    /**
     * Checks the ranges.
     *
     * @throws CapstanException if a size, step or dilation is below 1, or a padding below 0
     */
    public Window {
        if (size < 1 || step < 1 || dilation < 1 || padding < 0) {
            throw new CapstanException(
                    "window",
                    "size, stride and dilation are at least 1, padding at least 0",
                    "size " + size + ", stride " + step + ", dilation " + dilation + ", padding " + padding);
        }
    }

    private long reach() {
        return Unfold.reach(size, dilation);
    }

    /**
     * How many positions there are.
     *
     * @param operator the operator that asks, for the error
     * @throws CapstanException if there is none
     */
    int positions(String operator, int length) {
        long room = length + 2L * padding - reach();
        if (room < 0) {
            throw new CapstanException(
                    operator,
                    "the window is longer than the padded input",
                    reach() + " for " + length + " padded by " + padding);
        }
        int positions = (int) ((partial ? room + step - 1 : room) / step + 1);
        // the last one begins inside, or in the padding before it
        return partial && (positions - 1L) * step >= (long) length + padding ? positions - 1 : positions;
    }

    /** By how many elements the last position reaches beyond the end; negative if it ends before. */
    int overhang(int length) {
        return (int) ((positions("window", length) - 1L) * step + reach() - length - padding);
    }

    /**
     * What windows show at all positions as they slide along the last dimensions: the dimensions of the positions, then those
     * of the windows. It is a view of the padded operand.
     */
    static <T> T over(Ops<T> ops, T operand, List<Window> windows, double filler) {
        int lead = ops.type(operand).shape().rank() - windows.size();
        T padded = operand;
        for (int i = 0; i < windows.size(); i++) {
            Window window = windows.get(i);
            int overhang = window.overhang(ops.type(operand).shape().size(lead + i));
            padded = ConstantPad.along(ops, padded, lead + i, window.padding, overhang, filler);
        }
        T shown = padded;
        for (int i = 0; i < windows.size(); i++) {
            shown = ops.apply(windows.get(i).unfold(lead + i), shown);
        }
        return shown;
    }

    /** The gradient of {@link #over} for an operand of this shape. */
    static <T> T fold(Ops<T> ops, T shown, List<Window> windows, Shape operand) {
        int count = windows.size();
        int lead = operand.rank() - count;
        // what is left of the windows comes before the positions, so that copies have long rows
        T folded = Permute.permute(ops, shown, order(lead, lead + count, lead + 2 * count, lead, lead + count));
        for (int i = count - 1; i >= 0; i--) {
            Window window = windows.get(i);
            int length = operand.size(lead + i);
            int padded = window.padding + length + window.overhang(length);
            int along = lead + 2 * i;
            T last = Permute.permute(
                    ops, folded, order(lead + i, lead + i + 1, lead + i + 1 + count, lead + i, lead + i + 1));
            folded = window.unfold(along).fold(ops, last, along, padded);
        }
        for (int i = 0; i < windows.size(); i++) {
            Window window = windows.get(i);
            int overhang = window.overhang(operand.size(lead + i));
            folded = ConstantPad.along(ops, folded, lead + i, -window.padding, -overhang, 0);
        }
        return folded;
    }

    /** The dimensions before {@code first}, then those of two ranges. */
    private static List<Integer> order(int first, int from, int to, int secondFrom, int secondTo) {
        return IntStream.concat(
                        IntStream.range(0, first),
                        IntStream.concat(IntStream.range(from, to), IntStream.range(secondFrom, secondTo)))
                .boxed()
                .toList();
    }

    private Unfold unfold(int dimension) {
        return new Unfold(dimension, size, step, dilation);
    }

    /** The shape of what several windows show together, which slide along the last dimensions. */
    static Shape positions(String operator, Shape shape, List<Window> windows) {
        int[] sizes = shape.sizes();
        int lead = sizes.length - windows.size();
        for (int i = 0; i < windows.size(); i++) {
            sizes[lead + i] = windows.get(i).positions(operator, sizes[lead + i]);
        }
        return Shape.of(sizes);
    }
}
