// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import static dev.capstan.runtime.type.DType.BOOL;

import dev.capstan.codegen.tree.Callee;
import dev.capstan.codegen.tree.Expression;
import dev.capstan.runtime.kernel.Instruction;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.type.DType;
import java.util.EnumMap;
import java.util.Map;

/**
 * Steps of a kernel as expressions of one vector of elements. A bool is a mask; its kind is that of the lanes which were
 * compared. Only methods of the Vector API that are specified to give Java's scalar results are used.
 */
final class VectorForm implements Form {
    private final Map<Lanes, Expression> species = new EnumMap<>(Lanes.class);

    /** @param species the species constant of each kind of lanes that the kernel needs */
    VectorForm(Map<Lanes, Expression> species) {
        this.species.putAll(species);
    }

    /** Whether values that differ from column to column can be vectors for this step. */
    static boolean isSupported(Instruction step, DType operandType) {
        return switch (step.primitive()) {
            // long and double convert by one instruction on some processors only, elsewhere lane by lane on the heap
            case CAST -> operandType.bytes() != Long.BYTES || step.type() == BOOL || operandType == step.type();
            case MIN, MAX, ABS -> step.type() != BOOL;
            case LT, LE, GT, GE -> operandType != BOOL;
            default -> true;
        };
    }

    Expression species(Lanes lanes) {
        return species.get(lanes);
    }

    /** A value of one element in all lanes; a bool as a mask for the given lanes. */
    Expression broadcast(DType type, Lanes lanes, Expression value) {
        return type == BOOL
                ? lanes.maskAll(species(lanes), value)
                : Lanes.of(type).broadcast(species(Lanes.of(type)), value);
    }

    @Override
    public Expression apply(Instruction step, DType operandType, Expression a, Expression b, Expression c) {
        if (step.type() == BOOL && operandType == BOOL) {
            return ofMasks(step, a, b, c);
        }
        Lanes lanes = step.type() == BOOL ? Lanes.of(operandType) : Lanes.of(step.type());
        return switch (step.primitive()) {
            case INPUT, CONSTANT -> throw new IllegalArgumentException("no computation: " + step);
            case ADD -> lanes.binary("add", a, b);
            case SUB -> lanes.binary("sub", a, b);
            case MUL -> lanes.binary("mul", a, b);
            case DIV -> lanes.binary("div", a, b);
            case MIN -> lanes.binary("min", a, b);
            case MAX -> lanes.binary("max", a, b);
            case NEG -> lanes.unary("neg", a);
            case ABS -> lanes.unary("abs", a);
            case SQRT -> lanes.unary("sqrt", a);
            case FMA -> lanes.ternary("fma", a, b, c);
            case EQ, NE, LT, LE, GT, GE -> lanes.compare(step.primitive().name(), a, b);
            case SELECT -> select(lanes, a, b, c);
            case AND -> lanes.binary("and", a, b);
            case OR -> lanes.binary("or", a, b);
            case XOR -> lanes.lanewise("XOR", Lanes.ASSOCIATIVE, a, b);
            case SHIFT_LEFT -> lanes.lanewise("LSHL", Lanes.BINARY, a, b);
            case SHIFT_RIGHT -> lanes.lanewise("ASHR", Lanes.BINARY, a, b);
            case CAST -> cast(operandType, step.type(), a);
            case REINTERPRET -> Lanes.of(operandType).reinterpret(lanes, a);
        };
    }

    /**
     * A maximum or minimum of floating numbers takes six instructions, because of NaN and of zeros of either sign. With a
     * constant that is not NaN a comparison and a selection do: a NaN is not selected, and of two zeros the right one is.
     */
    @Override
    public Expression applyConstant(
            Instruction step, DType operandType, Expression a, Expression b, Instruction constant) {
        boolean isMaximum = step.primitive() == Primitive.MAX;
        double limit = constant.constant();
        if (!isMaximum && step.primitive() != Primitive.MIN || !step.type().isFloating() || Double.isNaN(limit)) {
            return apply(step, operandType, a, b, null);
        }
        Lanes lanes = Lanes.of(step.type());
        boolean isKeptIfEqual = limit == 0 && isMaximum == (1 / limit < 0);
        String beyond = (isMaximum ? "L" : "G") + (isKeptIfEqual ? "T" : "E");
        return lanes.select(lanes.compare(beyond, a, b), b, a);
    }

    private Expression ofMasks(Instruction step, Expression a, Expression b, Expression c) {
        return switch (step.primitive()) {
            case CAST -> a;
            case AND -> mask("and", a, b);
            case OR -> mask("or", a, b);
            case EQ -> mask("eq", a, b);
            case XOR, NE -> complement(mask("eq", a, b));
            case SELECT -> mask("or", mask("and", a, b), mask("and", complement(a), c));
            default -> throw new IllegalArgumentException("no masks for " + step);
        };
    }

    private Expression mask(String method, Expression a, Expression b) {
        Lanes lanes = Lanes.ofMask(a);
        Expression second = b;
        if (Lanes.ofMask(b) != lanes) {
            second = Callee.ofVirtual(Lanes.MASK, "cast", lanes.mask(), Lanes.SPECIES)
                    .call(b, species(lanes));
        }
        return Callee.ofVirtual(Lanes.MASK, method, lanes.mask(), Lanes.MASK).call(a, second);
    }

    private static Expression complement(Expression a) {
        return Callee.ofVirtual(Lanes.MASK, "not", Lanes.ofMask(a).mask()).call(a);
    }

    /** Selects bits in lanes of the mask's own kind: that costs nothing, unlike the conversion of a mask. */
    private static Expression select(Lanes lanes, Expression mask, Expression whenSet, Expression otherwise) {
        Lanes kind = Lanes.ofMask(mask);
        Expression selected = kind.select(mask, lanes.reinterpret(kind, whenSet), lanes.reinterpret(kind, otherwise));
        return kind.reinterpret(lanes, selected);
    }

    private Expression cast(DType from, DType to, Expression a) {
        if (from == to) {
            return a;
        }
        if (from == BOOL) {
            Lanes lanes = Lanes.of(to);
            return select(lanes, a, number(lanes, to, 1), number(lanes, to, 0));
        }
        if (to == BOOL) {
            return Lanes.of(from).compare("NE", a, ScalarForm.small(from, 0));
        }
        return Lanes.of(from).convert(Lanes.of(to), a);
    }

    private Expression number(Lanes lanes, DType type, int value) {
        return lanes.broadcast(species(lanes), ScalarForm.small(type, value));
    }
}
