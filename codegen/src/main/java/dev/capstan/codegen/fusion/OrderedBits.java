// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import dev.capstan.codegen.tree.BlockBuilder;
import dev.capstan.codegen.tree.Expression;
import dev.capstan.codegen.tree.Expression.Local;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.type.DType;
import java.util.ArrayList;
import java.util.List;

/**
 * The maximum or minimum of float32 vectors by their bits as integers. With all bits but the sign's complemented in negative
 * numbers, integers are in the order of the numbers, zeros of either sign included: a maximum is one instruction instead of
 * six. A NaN is beyond the infinity of its sign; where that is the end away from the extremum, it is looked for apart.
 */
final class OrderedBits {
    private static final int SIGN = 31;
    private static final int INFINITY = 0x7f80_0000;
    private static final int NAN = 0x7fc0_0000;

    private final VectorForm form;
    private final boolean isMaximum;
    private final List<Local> extremes = new ArrayList<>();
    /** The extremes of the other end. */
    private final List<Local> opposites = new ArrayList<>();

    /**
     * Declares the extremes of nothing.
     *
     * @param count how many vectors
     */
    OrderedBits(BlockBuilder block, VectorForm form, Primitive operation, int count) {
        this.form = form;
        this.isMaximum = operation == Primitive.MAX;
        for (int i = 0; i < count; i++) {
            extremes.add(block.declare("extreme" + i, broadcast(isMaximum ? ~INFINITY : INFINITY)));
            opposites.add(block.declare("opposite" + i, broadcast(isMaximum ? Integer.MAX_VALUE : Integer.MIN_VALUE)));
        }
    }

    /** Whether it is done so. */
    static boolean serves(Primitive operation, DType type) {
        return type == DType.FLOAT32 && (operation == Primitive.MAX || operation == Primitive.MIN);
    }

    private Expression broadcast(int value) {
        return Lanes.INTS.broadcast(form.species(Lanes.INTS), Expression.constant(value));
    }

    /** Complements all bits but the sign's of negative numbers, and takes that back. */
    private static Expression ordered(Expression bits) {
        Expression sign = Lanes.INTS.lanewise("ASHR", Lanes.BINARY, bits, Expression.constant(SIGN));
        Expression complemented =
                Lanes.INTS.lanewise("AND", Lanes.ASSOCIATIVE, sign, Expression.constant(Integer.MAX_VALUE));
        return Lanes.INTS.lanewise("XOR", Lanes.ASSOCIATIVE, bits, complemented);
    }

    private static Expression extreme(boolean maximum, Expression a, Expression b) {
        return Lanes.INTS.binary(maximum ? "max" : "min", a, b);
    }

    /** Takes up a vector of numbers into one of the extremes. */
    void add(BlockBuilder block, int index, Expression value) {
        Local bits = block.declare("bits", Lanes.FLOATS.reinterpret(Lanes.INTS, value));
        Local ordered = block.declare("ordered", ordered(bits));
        Local extreme = extremes.get(index);
        Local opposite = opposites.get(index);
        block.assign(extreme, extreme(isMaximum, extreme, ordered));
        block.assign(opposite, extreme(!isMaximum, opposite, ordered));
    }

    /** The extremes as numbers. */
    List<Local> numbers(BlockBuilder block) {
        List<Local> numbers = new ArrayList<>();
        Expression infinity = Expression.constant(isMaximum ? ~INFINITY : INFINITY);
        for (int i = 0; i < extremes.size(); i++) {
            Expression isNumber = Lanes.INTS.compare(isMaximum ? "GE" : "LE", opposites.get(i), infinity);
            Expression bits = Lanes.INTS.select(isNumber, ordered(extremes.get(i)), broadcast(NAN));
            numbers.add(block.declare("sum" + i, Lanes.INTS.reinterpret(Lanes.FLOATS, bits)));
        }
        return numbers;
    }
}
