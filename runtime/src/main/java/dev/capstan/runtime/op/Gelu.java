// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Functions;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * x times the probability that a normally distributed number is below x (D. Hendrycks and K. Gimpel, Gaussian Error Linear
 * Units, 2016).
 *
 * @param approximate true to compute that probability as {@code (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2}, false for
 *     {@code (1 + erf(x / sqrt(2))) / 2}
 */
public record Gelu(boolean approximate) implements FloatingElementwise {
    private static final double ROOT_OF_HALF = Math.sqrt(0.5);
    private static final double SCALE = Math.sqrt(2 / Math.PI);
    private static final double CUBIC = 0.044715;

    /** x times the probability that a normally distributed number is below x. */
    public static <T> T gelu(Ops<T> ops, T operand, boolean approximate) {
        return ops.apply(new Gelu(approximate), operand);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        Expr cube = x.mul(x).mul(x);
        Expr centered = approximate
                ? Functions.tanh(cube.mul(x.like(CUBIC)).add(x).mul(x.like(SCALE)))
                : Functions.erf(x.mul(x.like(ROOT_OF_HALF)));
        return x.mul(x.like(0.5)).mul(centered.add(x.like(1)));
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return true;
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        return Mul.mul(
                ops, at.gradient(), approximate ? approximateSlope(ops, at.operand(0)) : slope(ops, at.operand(0)));
    }

    /** The probability, and x times its density. */
    private static <T> T slope(Ops<T> ops, T x) {
        T erf = Erf.erf(ops, Mul.mul(ops, x, ops.number(ROOT_OF_HALF)));
        T probability = Mul.mul(ops, Add.add(ops, erf, ops.number(1)), ops.number(0.5));
        T power = Exp.exp(ops, Mul.mul(ops, Mul.mul(ops, x, x), ops.number(-0.5)));
        T density = Mul.mul(ops, power, ops.number(SCALE / 2));
        return Add.add(ops, probability, Mul.mul(ops, x, density));
    }

    private static <T> T approximateSlope(Ops<T> ops, T x) {
        T square = Mul.mul(ops, x, x);
        T cubic = Add.add(ops, Mul.mul(ops, square, ops.number(CUBIC)), ops.number(1));
        T tanh = Tanh.tanh(ops, Mul.mul(ops, Mul.mul(ops, x, cubic), ops.number(SCALE)));
        T probability = Mul.mul(ops, Add.add(ops, tanh, ops.number(1)), ops.number(0.5));
        T inner = Add.add(ops, Mul.mul(ops, square, ops.number(3 * CUBIC * SCALE)), ops.number(SCALE));
        T steep = Mul.mul(ops, Sub.sub(ops, ops.number(1), Mul.mul(ops, tanh, tanh)), inner);
        return Add.add(ops, probability, Mul.mul(ops, Mul.mul(ops, x, ops.number(0.5)), steep));
    }
}
