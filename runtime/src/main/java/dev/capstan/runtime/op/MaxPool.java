// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * The largest element that windows show at each position, as they slide along the last dimensions; NaN if they show one.
 * Padding is smaller than every number. The first of equal elements receives the gradient.
 *
 * @param windows one for each of the last dimensions
 */
public record MaxPool(List<Window> windows) implements FloatingComposite {
    /** Copies the list. */
    public MaxPool {
        windows = List.copyOf(windows);
    }

    @Override
    public String gradientName() {
        return "MaxPool" + windows.size() + "DWithIndicesBackward";
    }

    @Override
    public TensorType infer(List<TensorType> operands) {
        Pooling.verify(this, windows, operands.get(0));
        return FloatingComposite.super.infer(operands);
    }

    @Override
    public <T> T decompose(Ops<T> ops, List<T> operands) {
        T shown = Window.over(ops, operands.get(0), windows, Double.NEGATIVE_INFINITY);
        return Amax.amax(ops, shown, Pooling.last(windows.size()), false);
    }

    /**
     * For each position which of the elements that the windows show is chosen, in row-major order.
     *
     * @return int64, of the shape of the positions with a 1 behind
     */
    public static <T> T chosen(Ops<T> ops, T operand, List<Window> windows) {
        T shown = Window.over(ops, operand, windows, Double.NEGATIVE_INFINITY);
        return Argmax.argmax(ops, row(ops, shown, windows), Optional.of(-1), true);
    }

    /**
     * The index of what is chosen among all elements of an image.
     *
     * @param chosen what {@link #chosen} gives for two windows
     * @return int64, of the shape of the windows' positions
     */
    public static <T> T places(Ops<T> ops, List<Window> windows, int height, int width, T chosen) {
        T numbers = Reshape.reshape(ops, ops.apply(new Arange(height * width), List.of()), Shape.of(height, width));
        Shape shape = ops.type(chosen).shape();
        T shown = row(ops, Window.over(ops, numbers, windows, -1), windows);
        int last = shape.rank() - 1;
        T everywhere = Expand.expand(ops, shown, shape.with(last, Pooling.elements(windows)));
        return Squeeze.squeeze(ops, Gather.gather(ops, everywhere, chosen, last), last);
    }

    /** What windows show together as one last dimension. */
    private static <T> T row(Ops<T> ops, T shown, List<Window> windows) {
        return Reshape.reshape(ops, shown, Pooling.row(ops.type(shown).shape(), windows));
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return true;
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        Shape positions = at.outputType().shape();
        Shape shown = Pooling.shown(positions, windows);
        Shape row = Pooling.row(shown, windows);
        T places = Arange.along(ops, Pooling.elements(windows), row.rank() - 1, row.rank());
        T chosen = Eq.eq(ops, places, chosen(ops, at.operand(0), windows));
        T gradient = Unsqueeze.unsqueeze(ops, at.gradient(), -1);
        T spread = Where.where(ops, chosen, gradient, ops.number(0));
        return Window.fold(
                ops,
                Reshape.reshape(ops, spread, shown),
                windows,
                at.operandType(0).shape());
    }
}
