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
 * The arithmetic of terms: a term says how an element is computed, from which elements of which inputs, by which operations
 * and in which order. It is represented by 64 bits that are as good as random, so that two terms that differ have the same
 * bits with a probability of 2^-64 at each operation, but for {@link #ZERO_ADDED}. Elements with equal terms have equal
 * values whatever the inputs are.
 *
 * <p>Only what {@link ScalarAlgebra} knows of numbers is known of terms: constants, {@code x * 1}, {@code -(-x)} and the
 * like.
 */
final class Terms {
    /** The upper bits of a constant's term; the others have them by chance, which {@link #constants} tells. */
    private static final long CONSTANT = 0x3C7AL;

    /**
     * The upper bits of {@code x + 0.0}, to which 0.0 can be added without effect. One other term in 65,536 has them by
     * chance, of which {@code x + 0.0} then is {@code x}: whether zero was added shows at the tensor's other elements.
     */
    private static final long ZERO_ADDED = 0x51E6L;

    private static final int TAG = 48;

    private final Map<Long, Expr> constants = new HashMap<>();
    /** What was folded last, for it often comes again. */
    private long unfolded;

    private long known;
    private final long[] ones = new long[DType.values().length];
    private final long[] zeros = new long[DType.values().length];
    private final long[] neutral = new long[DType.values().length];

    Terms() {
        for (DType type : DType.values()) {
            ones[type.ordinal()] = constant(Expr.constant(type, 1));
            zeros[type.ordinal()] = constant(Expr.constant(type, 0));
            neutral[type.ordinal()] = constant(Expr.constant(type, type.isFloating() ? -0.0 : 0));
        }
    }

    /** A term made of two others, in this order; they are as good as random already, or positions. */
    static long mixed(long kind, long a, long b) {
        long hash = (kind + 0x632BE59BD9B4E019L) * 0x9E3779B97F4A7C15L + a;
        hash = (hash ^ hash >>> 32) * 0xBF58476D1CE4E5B9L + b;
        hash = (hash ^ hash >>> 29) * 0x94D049BB133111EBL;
        return hash ^ hash >>> 32;
    }

    private static long tagged(long tag, long term) {
        return tag << TAG | term >>> Long.SIZE - TAG;
    }

    /** The term of a constant. */
    long constant(Expr constant) {
        long term = tagged(CONSTANT, mixed(kind(Primitive.CONSTANT, constant.type()), constant.bits(), 0));
        constants.putIfAbsent(term, constant);
        return term;
    }

    /** The term of a kernel's constant. */
    long constant(Instruction constant) {
        return constant(
                constant.type().isFloating()
                        ? Expr.constant(constant.type(), constant.constant())
                        : Expr.integer(constant.type(), constant.bits()));
    }

    /** The term of 0 of a type. */
    long zero(DType type) {
        return zeros[type.ordinal()];
    }

    /** The term of a value of one type converted to another. */
    long cast(long term, DType from, DType to) {
        return from == to ? term : converted(to, term);
    }

    /** Whether there may be a constant among terms. */
    static boolean mayHaveConstants(long[] terms, int count) {
        long found = 0;
        for (int i = 0; i < count; i++) {
            found |= (terms[i] >>> TAG ^ CONSTANT) - 1;
        }
        return found < 0;
    }

    /** The same as {@link #apply} where there are no constants among the operands. */
    static void applyToOthers(
            Primitive primitive, DType type, long[] a, long[] b, long[] c, long[] results, int count) {
        long kind = kind(primitive, type);
        if (primitive == Primitive.NEG) {
            for (int i = 0; i < count; i++) {
                results[i] = -a[i];
            }
        } else if (primitive.arity() == 1) {
            for (int i = 0; i < count; i++) {
                results[i] = mixed(kind, a[i], 0);
            }
        } else {
            for (int i = 0; i < count; i++) {
                results[i] = mixed(kind, a[i], b[i]);
            }
        }
        if (primitive.arity() == 3) {
            for (int i = 0; i < count; i++) {
                results[i] = mixed(results[i], c[i], 0);
            }
        }
    }

    /**
     * The terms of a primitive's results, element by element, by the rules of {@link ScalarAlgebra}.
     *
     * @param type of the results
     * @param a the first operands
     * @param b the second ones, or anything
     * @param c the third ones, or anything
     */
    void apply(Primitive primitive, DType type, long[] a, long[] b, long[] c, long[] results, int count) {
        long kind = kind(primitive, type);
        switch (primitive) {
            case SELECT -> {
                for (int i = 0; i < count; i++) {
                    boolean known = isConstant(a[i]);
                    results[i] = known ? chosen(kind, a[i], b[i], c[i]) : mixed(mixed(kind, a[i], b[i]), c[i], 0);
                }
            }
            case FMA -> {
                for (int i = 0; i < count; i++) {
                    results[i] = mixed(mixed(kind, a[i], b[i]), c[i], 0);
                }
            }
            case ADD -> add(kind, type, a, b, results, count);
            case MUL, DIV, SUB -> {
                boolean commutes = primitive == Primitive.MUL;
                long neutral = primitive == Primitive.SUB ? zeros[type.ordinal()] : ones[type.ordinal()];
                for (int i = 0; i < count; i++) {
                    results[i] = b[i] == neutral
                            ? a[i]
                            : commutes && a[i] == neutral ? b[i] : term(kind, primitive, type, a[i], b[i]);
                }
            }
            case NEG -> {
                for (int i = 0; i < count; i++) {
                    results[i] = isConstant(a[i]) ? folded(-a[i], primitive, type, a[i], 0) : -a[i];
                }
            }
            case CAST -> {
                for (int i = 0; i < count; i++) {
                    results[i] = converted(type, a[i]);
                }
            }
            default -> {
                boolean unary = primitive.arity() == 1;
                for (int i = 0; i < count; i++) {
                    results[i] = mixed(kind, a[i], unary ? 0 : b[i]);
                }
            }
        }
    }

    private void add(long kind, DType type, long[] a, long[] b, long[] results, int count) {
        long nothing = neutral[type.ordinal()];
        long zero = type.isFloating() ? zeros[type.ordinal()] : nothing;
        for (int i = 0; i < count; i++) {
            boolean added = b[i] == zero;
            results[i] = b[i] == nothing || added && a[i] >>> TAG == ZERO_ADDED
                    ? a[i]
                    : a[i] == nothing ? b[i] : term(kind, Primitive.ADD, type, a[i], b[i]);
            if (added && results[i] != a[i] && !isConstant(results[i])) {
                results[i] = tagged(ZERO_ADDED, results[i]);
            }
        }
    }

    private static long kind(Primitive primitive, DType type) {
        return (long) primitive.ordinal() << Byte.SIZE | type.ordinal();
    }

    private long chosen(long kind, long condition, long b, long c) {
        Expr constant = constants.get(condition);
        return constant == null ? mixed(mixed(kind, condition, b), c, 0) : constant.bits() != 0 ? b : c;
    }

    static boolean isConstant(long term) {
        return term >>> TAG == CONSTANT;
    }

    private long converted(DType type, long a) {
        long term = mixed(kind(Primitive.CAST, type), a, 0);
        return isConstant(a) ? folded(term, Primitive.CAST, type, a, 0) : term;
    }

    private long term(long kind, Primitive primitive, DType type, long a, long b) {
        long term = mixed(kind, a, b);
        return isConstant(a) && isConstant(b) ? folded(term, primitive, type, a, b) : term;
    }

    /** The term of a constant if {@link ScalarAlgebra} makes a constant of this, else the given one. */
    private long folded(long term, Primitive primitive, DType type, long a, long b) {
        if (term != unfolded) {
            unfolded = term;
            Expr folded = folded(primitive, type, a, b);
            known = folded == null ? term : constant(folded);
        }
        return known;
    }

    private Expr folded(Primitive primitive, DType type, long a, long b) {
        Expr first = constants.get(a);
        Expr second = primitive.arity() == 2 ? constants.get(b) : first;
        if (first == null || second == null) {
            return null;
        }
        Expr applied = primitive == Primitive.CAST
                ? first.cast(type)
                : primitive.arity() == 1 ? Expr.apply(primitive, first) : Expr.apply(primitive, first, second);
        Expr simplified = new ScalarAlgebra().simplify(applied);
        return simplified.primitive() == Primitive.CONSTANT ? simplified : null;
    }
}
