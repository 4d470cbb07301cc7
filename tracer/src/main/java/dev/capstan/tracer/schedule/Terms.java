// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Instruction;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.type.DType;
import dev.capstan.tracer.rewrite.ScalarAlgebra;
import java.util.HashMap;
import java.util.Map;

/**
 * The arithmetic of terms. A term says how an element is computed, from which elements of which inputs, by which operations
 * and in which order. It has two parts, of 64 and of 61 bits: the <em>identity</em> says all but which elements, so that all
 * elements of {@code x + y} have the same, and the <em>origin</em> says which.
 *
 * <p>An identity is a hash of an operation and its operands' identities. The origin of an input's element is its position;
 * that of a result is the sum of its operands' origins, each multiplied by a {@linkplain #coefficient coefficient} that is
 * as good as random for each place of an operand in each identity. So it is linear in the positions, along a run of
 * elements: an operation is done for a run at once, and where a run begins and ends changes no term.
 *
 * <p>That two computations of one identity with the same origin read the same elements: the difference of both origins is a
 * sum over the paths from the result to the elements that are read, of the product of a path's coefficients times the
 * difference of the positions. The identities of a path are all different, since each is made of the next one, and the
 * coefficients of a path tell the path. So this is a polynomial in the coefficients, of degree one in each, in which
 * each position that differs has a monomial of its own; it is not zero, and modulo a prime its value for random
 * coefficients is zero with a probability of at most the length of a path divided by the prime, 2^61 - 1 (Schwartz and
 * Zippel). If coefficients were the same for all identities, {@code (a * b) * (c * d)} and {@code (a * c) * (b * d)}
 * would have the same origin.
 *
 * <p>Only what {@link ScalarAlgebra} knows of numbers is known of terms: constants, {@code x * 1}, {@code -(-x)} and the
 * like. What that asks for shows in identities alone; a constant has the origin 0.
 */
final class Terms {
    /** Among the flags of an identity: that of a constant. */
    private static final long CONSTANT = 1;

    /** That of {@code x + 0.0}, to which 0.0 can be added without effect. */
    private static final long ZERO_ADDED = 2;

    /** That of {@code -x}, which else has the identity of x. */
    private static final long NEGATED = 4;

    private static final long FLAGS = CONSTANT | ZERO_ADDED | NEGATED;
    private static final long COEFFICIENT = 9L << 48;

    /** An operation with a constant as its result, or one that is computed. */
    static final int NONE = -1;

    private final Map<Long, Expr> constants = new HashMap<>();
    private final long[] ones = new long[DType.values().length];
    private final long[] zeros = new long[DType.values().length];
    private final long[] neutral = new long[DType.values().length];
    private int origin;

    Terms() {
        for (DType type : DType.values()) {
            ones[type.ordinal()] = constant(Expr.constant(type, 1));
            zeros[type.ordinal()] = constant(Expr.constant(type, 0));
            neutral[type.ordinal()] = constant(Expr.constant(type, type.isFloating() ? -0.0 : 0));
        }
    }

    /** An identity made of two others, in this order, or of other numbers. */
    static long mixed(long kind, long a, long b) {
        return hash(kind, a, b) & ~FLAGS;
    }

    private static long hash(long kind, long a, long b) {
        long hash = (kind + 0x632BE59BD9B4E019L) * 0x9E3779B97F4A7C15L + a;
        hash = (hash ^ hash >>> 32) * 0xBF58476D1CE4E5B9L + b;
        hash = (hash ^ hash >>> 29) * 0x94D049BB133111EBL;
        return hash ^ hash >>> 32;
    }

    /** What the origin of an operand is multiplied by: a residue for each identity and each of its operands. */
    static long coefficient(long id, int operand) {
        // after one multiplication only, the coefficients of operands would be nearly linear in their number
        long hash = hash(COEFFICIENT, id, operand) * 0xD6E8FEB86659FD93L;
        return Residues.of(hash ^ hash >>> 32);
    }

    /** The identity of a constant. */
    long constant(Expr constant) {
        long id = mixed(kind(Primitive.CONSTANT, constant.type()), constant.bits(), 0) | CONSTANT;
        constants.putIfAbsent(id, constant);
        return id;
    }

    /** The identity of a kernel's constant. */
    long constant(Instruction constant) {
        return constant(
                constant.type().isFloating()
                        ? Expr.constant(constant.type(), constant.constant())
                        : Expr.integer(constant.type(), constant.bits()));
    }

    /** The identity of 0 of a type. */
    long zero(DType type) {
        return zeros[type.ordinal()];
    }

    static boolean isConstant(long id) {
        return (id & CONSTANT) != 0;
    }

    /** Which operand, from 0 on, the last result is; {@link #NONE} if it is another value. */
    int origin() {
        return origin;
    }

    private long is(int operand, long id) {
        origin = operand;
        return id;
    }

    /**
     * The identity of a primitive's result, by the rules of {@link ScalarAlgebra}.
     *
     * @param type of the result
     * @param a the first operand
     * @param b the second one, or anything
     * @param c the third one, or anything
     */
    long apply(Primitive primitive, DType type, long a, long b, long c) {
        long kind = kind(primitive, type);
        origin = NONE;
        return switch (primitive) {
            case SELECT -> select(kind, a, b, c);
            case ADD -> add(kind, type, a, b);
            case MUL, DIV, SUB -> {
                long nothing = primitive == Primitive.SUB ? zeros[type.ordinal()] : ones[type.ordinal()];
                yield b == nothing
                        ? is(0, a)
                        : primitive == Primitive.MUL && a == nothing ? is(1, b) : term(kind, primitive, type, a, b);
            }
            case NEG -> isConstant(a) ? folded(primitive, type, a, a) : is(0, a ^ NEGATED);
            case CAST -> isConstant(a) ? folded(primitive, type, a, a) : mixed(kind, a, 0);
            default ->
                switch (primitive.arity()) {
                    case 1 -> mixed(kind, a, 0);
                    case 2 -> mixed(kind, a, b);
                    default -> mixed(mixed(kind, a, b), c, 0);
                };
        };
    }

    private long select(long kind, long condition, long b, long c) {
        Expr constant = isConstant(condition) ? constants.get(condition) : null;
        if (constant == null) {
            return mixed(mixed(kind, condition, b), c, 0);
        }
        return constant.bits() != 0 ? is(1, b) : is(2, c);
    }

    private long add(long kind, DType type, long a, long b) {
        long nothing = neutral[type.ordinal()];
        boolean added = b == (type.isFloating() ? zeros[type.ordinal()] : nothing);
        if (b == nothing || added && (a & (ZERO_ADDED | NEGATED)) == ZERO_ADDED) {
            return is(0, a);
        }
        if (a == nothing) {
            return is(1, b);
        }
        long sum = term(kind, Primitive.ADD, type, a, b);
        return added && !isConstant(sum) ? sum | ZERO_ADDED : sum;
    }

    private static long kind(Primitive primitive, DType type) {
        return (long) primitive.ordinal() << Byte.SIZE | type.ordinal();
    }

    private long term(long kind, Primitive primitive, DType type, long a, long b) {
        return isConstant(a) && isConstant(b) ? folded(primitive, type, a, b) : mixed(kind, a, b);
    }

    /** The identity of a constant if {@link ScalarAlgebra} makes a constant of this, else that of the operation. */
    private long folded(Primitive primitive, DType type, long a, long b) {
        Expr first = constants.get(a);
        Expr second = constants.get(b);
        Expr applied = primitive == Primitive.CAST
                ? first.cast(type)
                : primitive.arity() == 1 ? Expr.apply(primitive, first) : Expr.apply(primitive, first, second);
        Expr simplified = new ScalarAlgebra().simplify(applied);
        return simplified.primitive() == Primitive.CONSTANT
                ? constant(simplified)
                : mixed(kind(primitive, type), a, primitive.arity() == 1 ? 0 : b);
    }
}
