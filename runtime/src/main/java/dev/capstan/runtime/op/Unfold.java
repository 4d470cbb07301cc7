// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * All positions of a window that slides along one dimension: the dimension counts the positions, and what the window shows
 * there is a new last dimension. Positions overlap where the step is shorter than the window.
 *
 * @param dimension the dimension, negative from the end
 * @param size how many elements the window shows
 * @param step the distance of two positions
 * @param dilation the distance of two elements that the window shows
 */
public record Unfold(int dimension, int size, int step, int dilation) implements View {
    /** All positions of a window. */
    public static <T> T unfold(Ops<T> ops, T operand, int dimension, int size, int step, int dilation) {
        return ops.apply(new Unfold(dimension, size, step, dilation), operand);
    }

    @Override
    public Optional<Layout> view(Layout operand) {
        Shape shape = operand.shape();
        if (shape.rank() == 0) {
            throw new CapstanException(name(), "a 0-d tensor has no dimension to unfold", shape.toString());
        }
        int at = shape.dimension(name(), dimension);
        if (size < 1 || step < 1 || dilation < 1) {
            throw new CapstanException(name(), "size, step and dilation are not all at least 1", toString());
        }
        if (reach() > shape.size(at)) {
            throw new CapstanException(
                    name(),
                    "the window is longer than the dimension",
                    reach() + " for dimension " + at + " of " + shape);
        }
        int[] sizes = Arrays.copyOf(shape.sizes(), shape.rank() + 1);
        int[] strides = Arrays.copyOf(operand.strides(), shape.rank() + 1);
        sizes[at] = (int) ((shape.size(at) - reach()) / step + 1);
        strides[at] = operand.stride(at) * step;
        sizes[shape.rank()] = size;
        strides[shape.rank()] = operand.stride(at) * dilation;
        return Optional.of(Layout.of(Shape.of(sizes), strides, operand.offset()));
    }

    private long reach() {
        return reach(size, dilation);
    }

    /** From the first to the last element that a window shows, how many elements there are. */
    static long reach(int size, int dilation) {
        return (size - 1L) * dilation + 1;
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        Shape shape = at.operandType(0).shape();
        int along = shape.dimension(name(), dimension);
        return fold(at.ops(), at.gradient(), along, shape.size(along));
    }

    /**
     * The reverse: what windows show, laid where they showed it, and added where they overlap.
     *
     * @param windows as {@link #view} gives them
     * @param along the dimension along which the windows slid, from the beginning
     * @param length its size before
     */
    <T> T fold(Ops<T> ops, T windows, int along, int length) {
        Shape shown = ops.type(windows).shape();
        int count = shown.size(along);
        Shape whole = shown.remove(shown.rank() - 1).with(along, length);
        if (step == size && dilation == 1) {
            // positions lie side by side
            T rows = Permute.permute(
                    ops,
                    windows,
                    IntStream.range(0, shown.rank())
                            .map(i -> i <= along ? i : i == along + 1 ? shown.rank() - 1 : i - 1)
                            .boxed()
                            .toList());
            T line = Reshape.reshape(ops, rows, whole.with(along, count * size));
            return count * size == length ? line : Embed.embed(ops, line, whole, along, 0, 1);
        }
        T sum = null;
        for (int i = 0; i < size; i++) {
            T shownThere = Select.select(ops, windows, -1, i);
            T laid = Embed.embed(ops, shownThere, whole, along, i * dilation, step);
            sum = sum == null ? laid : Add.add(ops, sum, laid);
        }
        return sum;
    }
}
