// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.op.Ceil;
import dev.capstan.runtime.op.Erf;
import dev.capstan.runtime.op.Expm1;
import dev.capstan.runtime.op.Floor;
import dev.capstan.runtime.op.Isfinite;
import dev.capstan.runtime.op.Isinf;
import dev.capstan.runtime.op.Isnan;
import dev.capstan.runtime.op.Log1p;
import dev.capstan.runtime.op.LogicalAnd;
import dev.capstan.runtime.op.LogicalNot;
import dev.capstan.runtime.op.LogicalOr;
import dev.capstan.runtime.op.LogicalXor;
import dev.capstan.runtime.op.MaskedFill;
import dev.capstan.runtime.op.Reciprocal;
import dev.capstan.runtime.op.Round;
import dev.capstan.runtime.op.Rsqrt;
import dev.capstan.runtime.op.Tril;
import dev.capstan.runtime.op.Triu;
import dev.capstan.runtime.op.Trunc;

/** Further functions of single elements, as methods; each is defined in {@code dev.capstan.runtime.op}. */
abstract class TensorFunctions extends TensorSelections {
    private static final TensorOps OPS = TensorOps.INSTANCE;

    /** The error function, {@code 2 / sqrt(pi)} times the integral of {@code e^(-t^2)} from 0 to x. */
    public final Tensor erf() {
        return Erf.erf(OPS, self());
    }

    /** {@code 1 / sqrt(x)}; NaN below 0. */
    public final Tensor rsqrt() {
        return Rsqrt.rsqrt(OPS, self());
    }

    /** {@code 1 / x}. */
    public final Tensor reciprocal() {
        return Reciprocal.reciprocal(OPS, self());
    }

    /** {@code log(1 + x)} without cancellation for small x. */
    public final Tensor log1p() {
        return Log1p.log1p(OPS, self());
    }

    /** {@code e^x - 1} without cancellation for small x. */
    public final Tensor expm1() {
        return Expm1.expm1(OPS, self());
    }

    /** The largest whole numbers that are not above; the gradient is 0. */
    public final Tensor floor() {
        return Floor.floor(OPS, self());
    }

    /** The smallest whole numbers that are not below; the gradient is 0. */
    public final Tensor ceil() {
        return Ceil.ceil(OPS, self());
    }

    /** The nearest whole numbers, the even one of two; the gradient is 0. */
    public final Tensor round() {
        return Round.round(OPS, self());
    }

    /** The numbers without their fractions; the gradient is 0. */
    public final Tensor trunc() {
        return Trunc.trunc(OPS, self());
    }

    /** Where there is no number, as bool. */
    public final Tensor isnan() {
        return Isnan.isnan(OPS, self());
    }

    /** Where there is an infinity, as bool. */
    public final Tensor isinf() {
        return Isinf.isinf(OPS, self());
    }

    /** Where there is a number that is not infinite, as bool. */
    public final Tensor isfinite() {
        return Isfinite.isfinite(OPS, self());
    }

    /** Where an element is 0, as bool. */
    public final Tensor logicalNot() {
        return LogicalNot.logicalNot(OPS, self());
    }

    /** Where neither of two elements is 0, as bool. */
    public final Tensor logicalAnd(Tensor other) {
        return LogicalAnd.logicalAnd(OPS, self(), other);
    }

    /** Where not both of two elements are 0, as bool. */
    public final Tensor logicalOr(Tensor other) {
        return LogicalOr.logicalOr(OPS, self(), other);
    }

    /** Where exactly one of two elements is 0, as bool. */
    public final Tensor logicalXor(Tensor other) {
        return LogicalXor.logicalXor(OPS, self(), other);
    }

    /** Matrices with zeros above a diagonal: 0 is the main one, 1 the one above it. */
    public final Tensor tril(int diagonal) {
        return Tril.tril(OPS, self(), diagonal);
    }

    /** Matrices with zeros below a diagonal: 0 is the main one, 1 the one above it. */
    public final Tensor triu(int diagonal) {
        return Triu.triu(OPS, self(), diagonal);
    }

    /** These elements, and a value, converted to their type, where a bool mask is true. */
    public final Tensor maskedFill(Tensor mask, Number value) {
        return MaskedFill.maskedFill(OPS, self(), mask, Tensor.number(value));
    }

    /** The same with a 0-d tensor. */
    public final Tensor maskedFill(Tensor mask, Tensor value) {
        return MaskedFill.maskedFill(OPS, self(), mask, value);
    }
}
