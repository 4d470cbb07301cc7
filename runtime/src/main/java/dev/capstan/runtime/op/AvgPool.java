// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/**
 * The mean of what windows show at each position, as they slide along the last dimensions.
 *
 * @param windows one for each of the last dimensions
 * @param countsPadding true if padding counts as zeros, false if it does not count
 * @param divisor what the sums are divided by, in the place of how many elements count
 */
public record AvgPool(List<Window> windows, boolean countsPadding, OptionalInt divisor) implements FloatingComposite {
    /**
     * Copies the list.
     *
     * @throws CapstanException if the divisor is 0
     */
    public AvgPool {
        windows = List.copyOf(windows);
        if (divisor.isPresent() && divisor.getAsInt() == 0) {
            throw new CapstanException("avgPool", "the divisor is 0", "0");
        }
    }

    @Override
    public String gradientName() {
        return "AvgPool" + windows.size() + "DBackward";
    }

    @Override
    public TensorType infer(List<TensorType> operands) {
        Pooling.verify(this, windows, operands.get(0));
        return FloatingComposite.super.infer(operands);
    }

    @Override
    public <T> T decompose(Ops<T> ops, List<T> operands) {
        T operand = operands.get(0);
        T sums = Sum.sum(ops, Window.over(ops, operand, windows, 0), Pooling.last(windows.size()), false);
        return Div.div(ops, sums, count(ops, ops.type(operand)));
    }

    /** How many elements count at each position: a number, or of the shape of the windows' positions. */
    private <T> T count(Ops<T> ops, TensorType operand) {
        int lead = operand.shape().rank() - windows.size();
        int size = 1;
        boolean uniform = true;
        for (int i = 0; i < windows.size(); i++) {
            Window window = windows.get(i);
            int overhang = window.overhang(operand.shape().size(lead + i));
            uniform &= countsPadding ? overhang <= window.padding() : window.padding() == 0 && overhang <= 0;
            size *= window.size();
        }
        if (divisor.isPresent() || uniform) {
            return ops.number(divisor.orElse(size));
        }
        T count = null;
        for (int i = 0; i < windows.size(); i++) {
            T along = count(ops, windows.get(i), operand.shape().size(lead + i), operand.dtype());
            int positions = ops.type(along).shape().size(0);
            int[] sizes = new int[windows.size()];
            Arrays.fill(sizes, 1);
            sizes[i] = positions;
            T placed = Reshape.reshape(ops, along, Shape.of(sizes));
            count = count == null ? placed : Mul.mul(ops, count, placed);
        }
        return count;
    }

    private <T> T count(Ops<T> ops, Window window, int length, DType dtype) {
        T ones = Expand.expand(ops, Cast.cast(ops, ops.number(1), dtype), Shape.of(length));
        int overhang = window.overhang(length);
        if (countsPadding) {
            ones = ConstantPad.along(ops, ones, 0, window.padding(), Math.min(window.padding(), overhang), 1);
            ones = ConstantPad.along(ops, ones, 0, 0, Math.max(0, overhang - window.padding()), 0);
        } else {
            ones = ConstantPad.along(ops, ones, 0, window.padding(), overhang, 0);
        }
        T shown = Unfold.unfold(ops, ones, 0, window.size(), window.step(), window.dilation());
        return Sum.sum(ops, shown, List.of(-1), false);
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        T shared = Div.div(ops, at.gradient(), count(ops, at.operandType(0)));
        Shape shown = Pooling.shown(at.outputType().shape(), windows);
        for (int i = 0; i < windows.size(); i++) {
            shared = Unsqueeze.unsqueeze(ops, shared, -1);
        }
        return Window.fold(
                ops,
                Expand.expand(ops, shared, shown),
                windows,
                at.operandType(0).shape());
    }
}
