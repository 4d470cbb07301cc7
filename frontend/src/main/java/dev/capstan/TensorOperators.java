// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.op.Abs;
import dev.capstan.runtime.op.Add;
import dev.capstan.runtime.op.Addmm;
import dev.capstan.runtime.op.Bmm;
import dev.capstan.runtime.op.Cast;
import dev.capstan.runtime.op.ClampMax;
import dev.capstan.runtime.op.ClampMin;
import dev.capstan.runtime.op.Clone;
import dev.capstan.runtime.op.Cos;
import dev.capstan.runtime.op.Detach;
import dev.capstan.runtime.op.Div;
import dev.capstan.runtime.op.Eq;
import dev.capstan.runtime.op.Exp;
import dev.capstan.runtime.op.Expand;
import dev.capstan.runtime.op.Ge;
import dev.capstan.runtime.op.Gt;
import dev.capstan.runtime.op.Le;
import dev.capstan.runtime.op.Log;
import dev.capstan.runtime.op.Lt;
import dev.capstan.runtime.op.Matmul;
import dev.capstan.runtime.op.MatrixTranspose;
import dev.capstan.runtime.op.Maximum;
import dev.capstan.runtime.op.Minimum;
import dev.capstan.runtime.op.Mm;
import dev.capstan.runtime.op.Mul;
import dev.capstan.runtime.op.Ne;
import dev.capstan.runtime.op.Neg;
import dev.capstan.runtime.op.Permute;
import dev.capstan.runtime.op.Pow;
import dev.capstan.runtime.op.Relu;
import dev.capstan.runtime.op.Reshape;
import dev.capstan.runtime.op.Select;
import dev.capstan.runtime.op.Sigmoid;
import dev.capstan.runtime.op.Sign;
import dev.capstan.runtime.op.Sin;
import dev.capstan.runtime.op.Slice;
import dev.capstan.runtime.op.Sqrt;
import dev.capstan.runtime.op.Squeeze;
import dev.capstan.runtime.op.Sub;
import dev.capstan.runtime.op.Tanh;
import dev.capstan.runtime.op.Transpose;
import dev.capstan.runtime.op.Unsqueeze;
import dev.capstan.runtime.op.Where;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import java.util.Arrays;

/** The operators as methods; each is defined in {@code dev.capstan.runtime.op}. */
abstract class TensorOperators extends TensorFunctions {
    private static final TensorOps OPS = TensorOps.INSTANCE;

    /** {@code -x}, element by element. */
    public final Tensor neg() {
        return Neg.neg(OPS, self());
    }

    /** Absolute values; the gradient at 0 is 0. */
    public final Tensor abs() {
        return Abs.abs(OPS, self());
    }

    /** -1, 0 or 1; the gradient is 0. */
    public final Tensor sign() {
        return Sign.sign(OPS, self());
    }

    /** Square roots; NaN below 0. */
    public final Tensor sqrt() {
        return Sqrt.sqrt(OPS, self());
    }

    /** {@code e^x}. */
    public final Tensor exp() {
        return Exp.exp(OPS, self());
    }

    /** Natural logarithms. */
    public final Tensor log() {
        return Log.log(OPS, self());
    }

    /** Sines of angles in radians. */
    public final Tensor sin() {
        return Sin.sin(OPS, self());
    }

    /** Cosines of angles in radians. */
    public final Tensor cos() {
        return Cos.cos(OPS, self());
    }

    /** Hyperbolic tangents. */
    public final Tensor tanh() {
        return Tanh.tanh(OPS, self());
    }

    /** {@code 1 / (1 + e^-x)}. */
    public final Tensor sigmoid() {
        return Sigmoid.sigmoid(OPS, self());
    }

    /** {@code max(x, 0)}; the gradient at 0 is 0. */
    public final Tensor relu() {
        return Relu.relu(OPS, self());
    }

    /** {@code this + other}. */
    public final Tensor add(Tensor other) {
        return Add.add(OPS, self(), other);
    }

    /** The same with a number. */
    public final Tensor add(Number other) {
        return Add.add(OPS, self(), Tensor.number(other));
    }

    /** {@code this - other}. */
    public final Tensor sub(Tensor other) {
        return Sub.sub(OPS, self(), other);
    }

    /** The same with a number. */
    public final Tensor sub(Number other) {
        return Sub.sub(OPS, self(), Tensor.number(other));
    }

    /** {@code this * other}, element by element. */
    public final Tensor mul(Tensor other) {
        return Mul.mul(OPS, self(), other);
    }

    /** The same with a number. */
    public final Tensor mul(Number other) {
        return Mul.mul(OPS, self(), Tensor.number(other));
    }

    /** {@code this / other} of real numbers. */
    public final Tensor div(Tensor other) {
        return Div.div(OPS, self(), other);
    }

    /** The same with a number. */
    public final Tensor div(Number other) {
        return Div.div(OPS, self(), Tensor.number(other));
    }

    /** The larger of two; NaN if either is. At a tie each gets half of the gradient. */
    public final Tensor maximum(Tensor other) {
        return Maximum.maximum(OPS, self(), other);
    }

    /** The smaller of two; NaN if either is. At a tie each gets half of the gradient. */
    public final Tensor minimum(Tensor other) {
        return Minimum.minimum(OPS, self(), other);
    }

    /** Where {@code this == other}, as bool. */
    public final Tensor eq(Tensor other) {
        return Eq.eq(OPS, self(), other);
    }

    /** The same with a number. */
    public final Tensor eq(Number other) {
        return Eq.eq(OPS, self(), Tensor.number(other));
    }

    /** Where {@code this != other}, as bool. */
    public final Tensor ne(Tensor other) {
        return Ne.ne(OPS, self(), other);
    }

    /** The same with a number. */
    public final Tensor ne(Number other) {
        return Ne.ne(OPS, self(), Tensor.number(other));
    }

    /** Where {@code this < other}, as bool. */
    public final Tensor lt(Tensor other) {
        return Lt.lt(OPS, self(), other);
    }

    /** The same with a number. */
    public final Tensor lt(Number other) {
        return Lt.lt(OPS, self(), Tensor.number(other));
    }

    /** Where {@code this <= other}, as bool. */
    public final Tensor le(Tensor other) {
        return Le.le(OPS, self(), other);
    }

    /** The same with a number. */
    public final Tensor le(Number other) {
        return Le.le(OPS, self(), Tensor.number(other));
    }

    /** Where {@code this > other}, as bool. */
    public final Tensor gt(Tensor other) {
        return Gt.gt(OPS, self(), other);
    }

    /** The same with a number. */
    public final Tensor gt(Number other) {
        return Gt.gt(OPS, self(), Tensor.number(other));
    }

    /** Where {@code this >= other}, as bool. */
    public final Tensor ge(Tensor other) {
        return Ge.ge(OPS, self(), other);
    }

    /** The same with a number. */
    public final Tensor ge(Number other) {
        return Ge.ge(OPS, self(), Tensor.number(other));
    }

    /** {@code max(x, bound)}; the gradient flows where {@code x >= bound}. */
    public final Tensor clampMin(Tensor bound) {
        return ClampMin.clampMin(OPS, self(), bound);
    }

    /** The same with a number. */
    public final Tensor clampMin(Number bound) {
        return ClampMin.clampMin(OPS, self(), Tensor.number(bound));
    }

    /** {@code min(x, bound)}; the gradient flows where {@code x <= bound}. */
    public final Tensor clampMax(Tensor bound) {
        return ClampMax.clampMax(OPS, self(), bound);
    }

    /** The same with a number. */
    public final Tensor clampMax(Number bound) {
        return ClampMax.clampMax(OPS, self(), Tensor.number(bound));
    }

    /** {@code min(max(x, low), high)}. */
    public final Tensor clamp(Number low, Number high) {
        return clampMin(low).clampMax(high);
    }

    /** {@code x^exponent} for an exponent that is a multiple of one half. */
    public final Tensor pow(double exponent) {
        return Pow.pow(OPS, self(), exponent);
    }

    /** {@code x^2}. */
    public final Tensor square() {
        return pow(2);
    }

    /** The elements of this where the condition holds, else those of the other. */
    public final Tensor where(Tensor condition, Tensor other) {
        return Where.where(OPS, condition, self(), other);
    }

    /** The elements converted to another type; this tensor if it has the type already. */
    public final Tensor to(DType dtype) {
        return Cast.cast(OPS, self(), dtype);
    }

    /** The product of two matrices, {@code [m,k] x [k,n]}. */
    public final Tensor mm(Tensor other) {
        return Mm.mm(OPS, self(), other);
    }

    /** The products of two stacks of matrices, {@code [b,m,k] x [b,k,n]}. */
    public final Tensor bmm(Tensor other) {
        return Bmm.bmm(OPS, self(), other);
    }

    /** The matrix product for any rank: vectors stand for rows or columns, leading dimensions broadcast. */
    public final Tensor matmul(Tensor other) {
        return Matmul.matmul(OPS, self(), other);
    }

    /** {@code this + a x b}, this broadcast over the product. */
    public final Tensor addmm(Tensor a, Tensor b) {
        return Addmm.addmm(OPS, self(), a, b);
    }

    /** The transpose of a matrix, a view. */
    public final Tensor t() {
        return MatrixTranspose.t(OPS, self());
    }

    /** Two dimensions exchanged, a view. */
    public final Tensor transpose(int first, int second) {
        return Transpose.transpose(OPS, self(), first, second);
    }

    /** Dimensions in another order, a view: dimension i of the result is dimension {@code order[i]} of this. */
    public final Tensor permute(int... order) {
        return Permute.permute(OPS, self(), boxed(order));
    }

    /** One dimension fixed at an index and removed, a view. */
    public final Tensor select(int dimension, int index) {
        return Select.select(OPS, self(), dimension, index);
    }

    /** {@code length} indices of one dimension from {@code start} on, a view. */
    public final Tensor narrow(int dimension, int start, int length) {
        return Slice.slice(OPS, self(), dimension, start, length, 1);
    }

    /** Every {@code step}-th index of one dimension from {@code start} up to but not including {@code end}, a view. */
    public final Tensor slice(int dimension, int start, int end, int step) {
        int length = step < 1 ? 0 : Math.max(0, (end - start + step - 1) / step);
        return Slice.slice(OPS, self(), dimension, start, length, step);
    }

    /** The same elements in row-major order under another shape; one size may be -1. A view where strides allow. */
    public final Tensor reshape(int... sizes) {
        return Reshape.reshape(OPS, self(), infer(sizes));
    }

    /** Dimensions {@code first} to {@code last} made one. */
    public final Tensor flatten(int first, int last) {
        Shape shape = self().shape();
        int from = shape.dimension("flatten", first);
        int to = shape.dimension("flatten", last);
        if (from > to) {
            throw new CapstanException("flatten", "the first dimension comes after the last", first + " > " + last);
        }
        if (shape.rank() == 0) {
            return reshape(1);
        }
        int[] sizes = new int[shape.rank() - (to - from)];
        Arrays.fill(sizes, 1);
        for (int i = 0; i < shape.rank(); i++) {
            sizes[i <= from ? i : Math.max(from, i - (to - from))] *= shape.size(i);
        }
        return reshape(sizes);
    }

    /** Stretched to a larger shape without copying; -1 keeps a size. */
    public final Tensor expand(int... sizes) {
        Shape shape = self().shape();
        int[] target = sizes.clone();
        int lead = target.length - shape.rank();
        for (int i = 0; i < target.length; i++) {
            if (target[i] == -1 && i >= lead) {
                target[i] = shape.size(i - lead);
            }
        }
        return Expand.expand(OPS, self(), Shape.of(target));
    }

    /** A dimension of size 1 inserted, a view. */
    public final Tensor unsqueeze(int dimension) {
        return Unsqueeze.unsqueeze(OPS, self(), dimension);
    }

    /** One dimension removed if its size is 1, a view. */
    public final Tensor squeeze(int dimension) {
        return Squeeze.squeeze(OPS, self(), dimension);
    }

    /** The same storage, off the tape. */
    public final Tensor detach() {
        return Detach.detach(OPS, self());
    }

    /** The same values in new storage, on the tape. */
    public final Tensor copy() {
        return Clone.clone(OPS, self());
    }

    /** Row-major order without gaps: this tensor if it is so already, else a copy. */
    public final Tensor contiguous() {
        return self().values().layout().isContiguous() ? self() : copy();
    }

    private Shape infer(int[] sizes) {
        int known = 1;
        int open = -1;
        for (int i = 0; i < sizes.length; i++) {
            if (sizes[i] >= 0) {
                known *= sizes[i];
            } else if (sizes[i] == -1 && open < 0) {
                open = i;
            } else {
                throw new CapstanException("reshape", "a size is negative, other than one -1", Arrays.toString(sizes));
            }
        }
        int[] full = sizes.clone();
        if (open >= 0) {
            int elements = self().shape().elements();
            if (known == 0 || elements % known != 0) {
                throw new CapstanException(
                        "reshape", "no size fits in place of -1", self().shape() + " to " + Arrays.toString(sizes));
            }
            full[open] = elements / known;
        }
        return Shape.of(full);
    }
}
