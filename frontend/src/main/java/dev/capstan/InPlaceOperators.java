// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.op.Abs;
import dev.capstan.runtime.op.Add;
import dev.capstan.runtime.op.Addmm;
import dev.capstan.runtime.op.Cast;
import dev.capstan.runtime.op.ClampMax;
import dev.capstan.runtime.op.ClampMin;
import dev.capstan.runtime.op.Cos;
import dev.capstan.runtime.op.Div;
import dev.capstan.runtime.op.Eq;
import dev.capstan.runtime.op.Exp;
import dev.capstan.runtime.op.Ge;
import dev.capstan.runtime.op.Gt;
import dev.capstan.runtime.op.Le;
import dev.capstan.runtime.op.Log;
import dev.capstan.runtime.op.Lt;
import dev.capstan.runtime.op.Mul;
import dev.capstan.runtime.op.Ne;
import dev.capstan.runtime.op.Neg;
import dev.capstan.runtime.op.Pow;
import dev.capstan.runtime.op.Relu;
import dev.capstan.runtime.op.Sigmoid;
import dev.capstan.runtime.op.Sign;
import dev.capstan.runtime.op.Sin;
import dev.capstan.runtime.op.Sqrt;
import dev.capstan.runtime.op.Sub;
import dev.capstan.runtime.op.Tanh;
import dev.capstan.runtime.op.Where;
import dev.capstan.runtime.type.CapstanException;

/**
 * The operators that write their result over their first operand, {@code this}, and give it back. The other operands
 * broadcast to its shape; the result is converted to its element type, which must be of no lower category.
 *
 * <p>Gradients are right whatever is written where: a write to a view changes how its base, and all other views of the base,
 * were computed. A backward pass that would need elements that are gone refuses.
 *
 * <p>All of them throw {@link CapstanException} if {@code this} is a leaf that requires a gradient, or a view of one, outside
 * of {@link GradMode#noGrad()}; and, but for {@link #fill_} and {@link #zero_}, if several of its elements are one place in
 * memory, as {@link #expand} makes them.
 */
abstract class InPlaceOperators extends TensorOperators {
    private InPlace inPlace() {
        return new InPlace(self());
    }

    /** {@code -x}. */
    public final Tensor neg_() {
        return Neg.neg(inPlace(), self());
    }

    /** Absolute values. */
    public final Tensor abs_() {
        return Abs.abs(inPlace(), self());
    }

    /** -1, 0 or 1. */
    public final Tensor sign_() {
        return Sign.sign(inPlace(), self());
    }

    /** Square roots. */
    public final Tensor sqrt_() {
        return Sqrt.sqrt(inPlace(), self());
    }

    /** {@code e^x}. */
    public final Tensor exp_() {
        return Exp.exp(inPlace(), self());
    }

    /** Natural logarithms. */
    public final Tensor log_() {
        return Log.log(inPlace(), self());
    }

    /** Sines. */
    public final Tensor sin_() {
        return Sin.sin(inPlace(), self());
    }

    /** Cosines. */
    public final Tensor cos_() {
        return Cos.cos(inPlace(), self());
    }

    /** Hyperbolic tangents. */
    public final Tensor tanh_() {
        return Tanh.tanh(inPlace(), self());
    }

    /** {@code 1 / (1 + e^-x)}. */
    public final Tensor sigmoid_() {
        return Sigmoid.sigmoid(inPlace(), self());
    }

    /** {@code max(x, 0)}. */
    public final Tensor relu_() {
        return Relu.relu(inPlace(), self());
    }

    /** {@code this += other}. */
    public final Tensor add_(Tensor other) {
        return Add.add(inPlace(), self(), other);
    }

    /** {@code this += other}. */
    public final Tensor add_(Number other) {
        return add_(Tensor.number(other));
    }

    /** {@code this -= other}. */
    public final Tensor sub_(Tensor other) {
        return Sub.sub(inPlace(), self(), other);
    }

    /** {@code this -= other}. */
    public final Tensor sub_(Number other) {
        return sub_(Tensor.number(other));
    }

    /** {@code this *= other}. */
    public final Tensor mul_(Tensor other) {
        return Mul.mul(inPlace(), self(), other);
    }

    /** {@code this *= other}. */
    public final Tensor mul_(Number other) {
        return mul_(Tensor.number(other));
    }

    /** {@code this /= other}, of real numbers. */
    public final Tensor div_(Tensor other) {
        return Div.div(inPlace(), self(), other);
    }

    /** {@code this /= other}, of real numbers. */
    public final Tensor div_(Number other) {
        return div_(Tensor.number(other));
    }

    /** {@code x^exponent} for an exponent that is a multiple of one half. */
    public final Tensor pow_(double exponent) {
        return Pow.pow(inPlace(), self(), exponent);
    }

    /** {@code x^2}. */
    public final Tensor square_() {
        return pow_(2);
    }

    /** {@code max(x, bound)}. */
    public final Tensor clampMin_(Tensor bound) {
        return ClampMin.clampMin(inPlace(), self(), bound);
    }

    /** {@code max(x, bound)}. */
    public final Tensor clampMin_(Number bound) {
        return clampMin_(Tensor.number(bound));
    }

    /** {@code min(x, bound)}. */
    public final Tensor clampMax_(Tensor bound) {
        return ClampMax.clampMax(inPlace(), self(), bound);
    }

    /** {@code min(x, bound)}. */
    public final Tensor clampMax_(Number bound) {
        return clampMax_(Tensor.number(bound));
    }

    /** {@code min(max(x, low), high)}. */
    public final Tensor clamp_(Number low, Number high) {
        return clampMin_(low).clampMax_(high);
    }

    /** 1 where {@code this == other}, else 0. */
    public final Tensor eq_(Tensor other) {
        return Eq.eq(inPlace(), self(), other);
    }

    /** 1 where {@code this == other}, else 0. */
    public final Tensor eq_(Number other) {
        return eq_(Tensor.number(other));
    }

    /** 1 where {@code this != other}, else 0. */
    public final Tensor ne_(Tensor other) {
        return Ne.ne(inPlace(), self(), other);
    }

    /** 1 where {@code this != other}, else 0. */
    public final Tensor ne_(Number other) {
        return ne_(Tensor.number(other));
    }

    /** 1 where {@code this < other}, else 0. */
    public final Tensor lt_(Tensor other) {
        return Lt.lt(inPlace(), self(), other);
    }

    /** 1 where {@code this < other}, else 0. */
    public final Tensor lt_(Number other) {
        return lt_(Tensor.number(other));
    }

    /** 1 where {@code this <= other}, else 0. */
    public final Tensor le_(Tensor other) {
        return Le.le(inPlace(), self(), other);
    }

    /** 1 where {@code this <= other}, else 0. */
    public final Tensor le_(Number other) {
        return le_(Tensor.number(other));
    }

    /** 1 where {@code this > other}, else 0. */
    public final Tensor gt_(Tensor other) {
        return Gt.gt(inPlace(), self(), other);
    }

    /** 1 where {@code this > other}, else 0. */
    public final Tensor gt_(Number other) {
        return gt_(Tensor.number(other));
    }

    /** 1 where {@code this >= other}, else 0. */
    public final Tensor ge_(Tensor other) {
        return Ge.ge(inPlace(), self(), other);
    }

    /** 1 where {@code this >= other}, else 0. */
    public final Tensor ge_(Number other) {
        return ge_(Tensor.number(other));
    }

    /** {@code this += a x b}, a product of matrices of this shape. */
    public final Tensor addmm_(Tensor a, Tensor b) {
        return Addmm.addmm(inPlace(), self(), a, b);
    }

    // ---- assignment

    /** Writes the elements of another tensor, which broadcasts, converted to this element type. */
    public final Tensor copy_(Tensor source) {
        return inPlace().copy(source);
    }

    /** Writes one number everywhere, converted to this element type. */
    public final Tensor fill_(Number value) {
        return inPlace().fill("fill_", Tensor.number(value));
    }

    /** Writes the one element of a 0-d tensor everywhere. */
    public final Tensor fill_(Tensor value) {
        requireScalar("fill_", value);
        return inPlace().fill("fill_", value);
    }

    /** Writes zeros. */
    public final Tensor zero_() {
        return inPlace().fill("zero_", Tensor.number(0));
    }

    /**
     * Writes a number, converted to this element type, where a mask holds.
     *
     * @param mask of bool, which broadcasts
     */
    public final Tensor maskedFill_(Tensor mask, Number value) {
        return maskedFill_(mask, Tensor.number(value));
    }

    /**
     * Writes the one element of a 0-d tensor, converted to this element type, where a mask holds.
     *
     * @param mask of bool, which broadcasts
     */
    public final Tensor maskedFill_(Tensor mask, Tensor value) {
        requireScalar("maskedFill_", value);
        Tensor converted = Cast.cast(TensorOps.INSTANCE, value, self().dtype());
        return Where.where(inPlace(), mask, converted, self());
    }

    private static void requireScalar(String operator, Tensor value) {
        if (value.dim() != 0) {
            throw new CapstanException(
                    operator, "the value is not 0-d", value.type().toString());
        }
    }

    /**
     * {@code x[index] = value} along the first dimension.
     *
     * @param index negative from the end
     * @param value broadcasts to {@code x[index]}
     */
    public final Tensor set(int index, Tensor value) {
        self().select(0, index).copy_(value);
        return self();
    }

    /**
     * {@code x[index] = value} along the first dimension.
     *
     * @param index negative from the end
     */
    public final Tensor set(int index, Number value) {
        self().select(0, index).fill_(value);
        return self();
    }

    /**
     * {@code x[start:end] = value} along the first dimension.
     *
     * @param start negative from the end
     * @param end exclusive, negative from the end
     * @param value broadcasts to {@code x[start:end]}
     */
    public final Tensor setSlice(int start, int end, Tensor value) {
        part(start, end).copy_(value);
        return self();
    }

    /**
     * {@code x[start:end] = value} along the first dimension.
     *
     * @param start negative from the end
     * @param end exclusive, negative from the end
     */
    public final Tensor setSlice(int start, int end, Number value) {
        part(start, end).fill_(value);
        return self();
    }

    /** {@code x[start:end]}: as in Python, what lies outside is left out. */
    private Tensor part(int start, int end) {
        int size = self().size(0);
        int from = Math.min(Math.max(start < 0 ? start + size : start, 0), size);
        int to = Math.min(Math.max(end < 0 ? end + size : end, 0), size);
        return self().narrow(0, from, Math.max(to - from, 0));
    }
}
