// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.type.DType;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Simplifies scalar expressions where that keeps every bit: {@code x * 1}, {@code x / 1}, {@code x - 0.0}, {@code x +
 * -0.0}, {@code (x + 0.0) + 0.0}, {@code -(-x)}, operations on constants. Not {@code x + 0.0} alone, which makes +0.0
 * of -0.0, nor {@code x * 0}.
 */
public final class ScalarAlgebra {
    private final Map<Expr, Expr> simplified = new IdentityHashMap<>();

    /** An expression of the same value; parts shared between expressions given to one instance stay shared. */
    public Expr simplify(Expr expr) {
        Expr known = simplified.get(expr);
        if (known == null) {
            known = expr.operands().isEmpty() ? expr : rule(expr, operands(expr));
            simplified.put(expr, known);
        }
        return known;
    }

    private List<Expr> operands(Expr expr) {
        return expr.operands().stream().map(this::simplify).toList();
    }

    private static Expr rule(Expr expr, List<Expr> operands) {
        Expr a = operands.get(0);
        Expr b = operands.size() > 1 ? operands.get(1) : null;
        Expr result = switch (expr.primitive()) {
            case CAST -> cast(a, expr.type());
            case NEG -> a.primitive() == Primitive.NEG ? a.operands().get(0) : null;
            case MUL -> is(b, 1) ? a : is(a, 1) ? b : null;
            case DIV -> is(b, 1) ? a : null;
            case SUB -> is(b, 0) ? a : null;
            case ADD -> addition(a, b);
            case SELECT -> a.primitive() == Primitive.CONSTANT ? operands.get(a.bits() != 0 ? 1 : 2) : null;
            default -> null;
        };
        result = result == null ? folded(expr.primitive(), operands) : result;
        return result == null ? rebuilt(expr, operands) : result;
    }

    private static Expr addition(Expr a, Expr b) {
        if (isNeutral(b)) {
            return a;
        }
        if (isNeutral(a)) {
            return b;
        }
        boolean floating = a.type().isFloating();
        boolean again = floating
                && is(b, 0)
                && a.primitive() == Primitive.ADD
                && is(a.operands().get(1), 0);
        return again ? a : null;
    }

    private static boolean isNeutral(Expr summand) {
        return is(summand, summand.type().isFloating() ? -0.0 : 0);
    }

    /** True for the constant of this value; 0.0 and -0.0 differ. */
    private static boolean is(Expr expr, double value) {
        return expr.primitive() == Primitive.CONSTANT
                && expr.bits() == Expr.constant(expr.type(), value).bits();
    }

    /** A constant converted as a Java cast does it; null where the double does not decide the result. */
    private static Expr cast(Expr operand, DType target) {
        if (operand.primitive() != Primitive.CONSTANT) {
            return null;
        }
        if (!operand.type().isFloating()) {
            boolean exact = operand.bits() == (long) (double) operand.bits();
            return target.isFloating() && exact ? Expr.constant(target, operand.bits()) : null;
        }
        double value = Double.longBitsToDouble(operand.bits());
        if (target == DType.BOOL) {
            return Expr.integer(target, value != 0 ? 1 : 0);
        }
        boolean small = value >= 0 && value <= 255 && value == Math.rint(value);
        return target.isFloating() || small ? Expr.constant(target, value) : null;
    }

    private static Expr folded(Primitive primitive, List<Expr> operands) {
        DType type = operands.get(0).type();
        for (Expr operand : operands) {
            if (operand.primitive() != Primitive.CONSTANT || !operand.type().isFloating()) {
                return null;
            }
        }
        double a = Double.longBitsToDouble(operands.get(0).bits());
        double b = operands.size() > 1 ? Double.longBitsToDouble(operands.get(1).bits()) : 0;
        // a double holds the exact sum, product or quotient of two floats well enough to round it to float correctly
        return switch (primitive) {
            case ADD -> Expr.constant(type, a + b);
            case SUB -> Expr.constant(type, a - b);
            case MUL -> Expr.constant(type, a * b);
            case DIV -> Expr.constant(type, a / b);
            case NEG -> Expr.constant(type, -a);
            default -> null;
        };
    }

    private static Expr rebuilt(Expr expr, List<Expr> operands) {
        boolean same = true;
        for (int i = 0; i < operands.size(); i++) {
            same &= operands.get(i) == expr.operands().get(i);
        }
        if (same) {
            return expr;
        }
        return switch (expr.primitive()) {
            case CAST -> operands.get(0).cast(expr.type());
            case REINTERPRET -> operands.get(0).reinterpret();
            default -> Expr.apply(expr.primitive(), operands.toArray(Expr[]::new));
        };
    }
}
