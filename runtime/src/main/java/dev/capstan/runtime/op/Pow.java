// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.TensorType;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * {@code x^exponent} for a fixed exponent that is a multiple of one half, by multiplications, square root and division.
 *
 * @param exponent a multiple of 0.5 between -64 and 64
 */
public record Pow(double exponent) implements Elementwise {
    private static final double LARGEST = 64;

    /** {@code operand^exponent}. */
    public static <T> T pow(Ops<T> ops, T operand, double exponent) {
        return ops.apply(new Pow(exponent), operand);
    }

    /** @throws CapstanException if the exponent is outside of what is computed exactly enough */
    public Pow {
        if (!(Math.abs(exponent) <= LARGEST) || exponent * 2 != Math.rint(exponent * 2)) {
            throw new CapstanException(
                    "pow", "the exponent is not a multiple of 0.5 between -64 and 64", Double.toString(exponent));
        }
    }

    @Override
    public DType computeType(List<TensorType> operands) {
        DType type = operands.get(0).dtype();
        boolean integral = exponent == Math.rint(exponent);
        if (type.isFloating() || !integral) {
            return type == DType.FLOAT64 ? type : DType.FLOAT32;
        }
        if (exponent < 0) {
            throw new CapstanException(name(), "integers have no negative powers", type + "^" + exponent);
        }
        return type == DType.BOOL ? DType.INT64 : type;
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        double magnitude = Math.abs(exponent);
        Expr result = whole(x, (int) magnitude);
        if (magnitude != Math.rint(magnitude)) {
            Expr root = Expr.apply(Primitive.SQRT, x);
            result = result == null ? root : result.mul(root);
        }
        if (result == null) {
            return x.like(1);
        }
        return exponent < 0 ? x.like(1).div(result) : result;
    }

    /** Repeated squaring; null for the empty product. */
    private static Expr whole(Expr x, int exponent) {
        Expr result = null;
        Expr square = x;
        for (int rest = exponent; rest > 0; rest >>= 1) {
            if ((rest & 1) == 1) {
                result = result == null ? square : result.mul(square);
            }
            square = rest > 1 ? square.mul(square) : square;
        }
        return result;
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return exponent != 0 && exponent != 1;
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        if (exponent == 0) {
            return Mul.mul(ops, at.gradient(), ops.number(0));
        }
        T power = exponent == 1 ? ops.number(1) : lower(ops, at.operand(0));
        return Mul.mul(ops, at.gradient(), Mul.mul(ops, power, ops.number(exponent)));
    }

    private <T> T lower(Ops<T> ops, T operand) {
        return exponent == 2 ? operand : pow(ops, operand, exponent - 1);
    }
}
