// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;

/**
 * A tensor with elements of one value added at the ends of its last dimensions, or elements there taken away.
 *
 * @param amounts for each dimension, from the last one on, how many elements come before and how many after; negative for
 *     elements to take away
 * @param value of the added elements
 */
public record ConstantPad(List<Integer> amounts, double value) implements Composite {
    /** Copies the amounts. */
    public ConstantPad {
        amounts = List.copyOf(amounts);
    }

    /** A tensor with elements added, or taken away, at both ends of one dimension; the operand itself if there are none. */
    static <T> T along(Ops<T> ops, T operand, int dimension, int before, int after, double value) {
        return extend(ops, shorten(ops, operand, dimension, before, after), dimension, before, after, value);
    }

    private static <T> T shorten(Ops<T> ops, T operand, int dimension, int before, int after) {
        int length = ops.type(operand).shape().size(dimension);
        int kept = length + Math.min(before, 0) + Math.min(after, 0);
        return kept == length ? operand : Slice.slice(ops, operand, dimension, Math.max(-before, 0), kept, 1);
    }

    private static <T> T extend(Ops<T> ops, T operand, int dimension, int before, int after, double value) {
        int lead = Math.max(before, 0);
        int tail = Math.max(after, 0);
        if (lead == 0 && tail == 0) {
            return operand;
        }
        Shape shape = ops.type(operand).shape();
        if (value == 0) {
            Shape whole = shape.with(dimension, lead + shape.size(dimension) + tail);
            return Embed.embed(ops, operand, whole, dimension, lead, 1);
        }
        T element = Cast.cast(ops, ops.number(value), ops.type(operand).dtype());
        T first = Expand.expand(ops, element, shape.with(dimension, lead));
        T last = Expand.expand(ops, element, shape.with(dimension, tail));
        return Cat.cat(ops, List.of(first, operand, last), dimension);
    }

    @Override
    public String gradientName() {
        return "ConstantPadNdBackward";
    }

    @Override
    public boolean isOneNode() {
        return true;
    }

    @Override
    public TensorType infer(List<TensorType> operands) {
        TensorType operand = operands.get(0);
        int[] sizes = operand.shape().sizes();
        if (amounts.size() % 2 != 0 || amounts.size() > 2 * sizes.length) {
            throw new CapstanException(
                    name(), "amounts are not two for each of the last dimensions", amounts + " for " + operand);
        }
        for (int i = 0; i < amounts.size() / 2; i++) {
            int at = sizes.length - 1 - i;
            int before = amounts.get(2 * i);
            int after = amounts.get(2 * i + 1);
            if (sizes[at] + Math.min(before, 0) + Math.min(after, 0) < 0) {
                throw new CapstanException(
                        name(), "more elements are taken away than there are", amounts + " for " + operand);
            }
            sizes[at] += before + after;
        }
        return new TensorType(operand.dtype(), Shape.of(sizes));
    }

    @Override
    public <T> T decompose(Ops<T> ops, List<T> operands) {
        T padded = operands.get(0);
        int last = ops.type(padded).shape().rank() - 1;
        for (int i = 0; i < amounts.size() / 2; i++) {
            padded = shorten(ops, padded, last - i, amounts.get(2 * i), amounts.get(2 * i + 1));
        }
        T part = padded;
        for (int i = 0; i < amounts.size() / 2; i++) {
            padded = extend(ops, padded, last - i, amounts.get(2 * i), amounts.get(2 * i + 1), value);
        }
        // the result is no view of the operand
        return padded == part ? Clone.clone(ops, padded) : padded;
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        List<Integer> reversed = amounts.stream().map(amount -> -amount).toList();
        return at.ops().apply(new ConstantPad(reversed, 0), at.gradient());
    }
}
