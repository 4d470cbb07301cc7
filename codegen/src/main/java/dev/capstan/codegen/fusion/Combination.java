// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import static dev.capstan.codegen.tree.Primitive.INT;
import static dev.capstan.codegen.tree.Primitive.VOID;

import dev.capstan.codegen.tree.BlockBuilder;
import dev.capstan.codegen.tree.Callee;
import dev.capstan.codegen.tree.Expression;
import dev.capstan.codegen.tree.Expression.Local;
import dev.capstan.codegen.tree.MethodTree;
import dev.capstan.codegen.tree.ReferenceType;
import dev.capstan.codegen.tree.Type;
import dev.capstan.runtime.kernel.Instruction;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.type.DType;
import java.util.ArrayList;
import java.util.List;

/**
 * The methods of a generated reduction that combine lanes and the results of blocks. A lane is one number, or a strip of
 * one or more vectors of numbers, which belong to results side by side; lanes lie one after the other in an array.
 */
final class Combination {
    /** Block results that may wait for one of the same size: one per bit of the number of blocks. */
    static final int MOST_PENDING = 22;

    private static final String LANES = "combineLanes";
    private static final String VECTOR = "combineVector";
    private static final String PUSH = "pushBlock";
    private static final String TOTAL = "combineBlocks";

    private static final Expression ZERO = Expression.constant(0);
    private static final Expression ONE = Expression.constant(1);

    private final ReferenceType owner;
    private final DType state;
    private final Primitive operation;
    private final VectorForm form;
    private final Expression vector;

    private Combination(ReferenceType owner, DType state, Primitive operation, VectorForm form, Expression vector) {
        this.owner = owner;
        this.state = state;
        this.operation = operation;
        this.form = form;
        this.vector = vector;
    }

    /** Lanes are numbers. */
    static Combination ofNumbers(ReferenceType owner, DType state, Primitive operation) {
        return new Combination(owner, state, operation, null, null);
    }

    /**
     * Lanes are strips.
     *
     * @param form how vectors are written
     * @param vector elements of a vector
     */
    static Combination ofStrips(
            ReferenceType owner, DType state, Primitive operation, VectorForm form, Expression vector) {
        return new Combination(owner, state, operation, form, vector);
    }

    /** True if the order of combination does not show in the bits. */
    boolean isInAnyOrder() {
        return operation == Primitive.MAX || operation == Primitive.MIN || !state.isFloating();
    }

    /** Two numbers combined. */
    Expression number(Expression a, Expression b) {
        return new ScalarForm().apply(step(), state, a, b, null);
    }

    /** Two vectors combined. */
    Expression vector(VectorForm vectors, Expression a, Expression b) {
        return vectors.apply(step(), state, a, b, null);
    }

    private Instruction step() {
        return new Instruction(operation, state, 0, 1, -1, 0);
    }

    private Type array() {
        return ScalarForm.elementType(state).array();
    }

    private boolean isStrip() {
        return form != null;
    }

    /**
     * The tree over the lanes; its result becomes the first of them.
     *
     * @param touched the number of lanes that have elements, the first ones; at least 1; numbers that have none must be the
     *     identity
     * @param width elements of a strip; does not matter for numbers
     */
    Expression.Call lanes(Local lanes, Expression touched, Expression width) {
        return isStrip()
                ? Callee.ofStatic(owner, LANES, VOID, array(), INT, INT).call(lanes, touched, width)
                : Callee.ofStatic(owner, LANES, VOID, array()).call(lanes);
    }

    /** The rest of the tree, once the lanes are as many numbers as a vector has. */
    Expression.Call vector(Local lanes) {
        return Callee.ofStatic(owner, VECTOR, VOID, array()).call(lanes);
    }

    /** Takes up the result of a block, the first of the lanes, combined with those that waited for it. */
    Expression.Call push(Local pending, Local blocks, Local lanes, Expression width) {
        return blocks(PUSH, pending, blocks, lanes, width);
    }

    /** Combines what is pending into the first of the lanes. */
    Expression.Call total(Local pending, Local blocks, Local lanes, Expression width) {
        return blocks(TOTAL, pending, blocks, lanes, width);
    }

    private Expression.Call blocks(String name, Local pending, Local blocks, Local lanes, Expression width) {
        return isStrip()
                ? Callee.ofStatic(owner, name, VOID, array(), INT, array(), INT).call(pending, blocks, lanes, width)
                : Callee.ofStatic(owner, name, VOID, array(), INT, array()).call(pending, blocks, lanes);
    }

    List<MethodTree> methods() {
        return List.of(lanesMethod(), pushMethod(), totalMethod());
    }

    private Local width(MethodTree.Builder method) {
        return isStrip() ? method.parameter("width", INT) : null;
    }

    private static Expression place(Expression lane, Local width) {
        return width == null || lane == ZERO ? lane : lane.times(width);
    }

    /**
     * Writes {@code target[i] = a[i] op b[i]} for so many numbers.
     *
     * @param b null to copy a
     */
    private void combine(BlockBuilder block, Expression count, Span a, Span b, Span target) {
        if (count == ONE) {
            combineAt(block, ZERO, a, b, target);
            return;
        }
        Local at = block.declare(block.fresh("at"), ZERO);
        block.loop(at.lessThan(count), body -> {
            combineAt(body, at, a, b, target);
            body.assign(at, isStrip() ? at.plus(vector) : at.plus(1));
        });
    }

    private void combineAt(BlockBuilder block, Expression index, Span a, Span b, Span target) {
        if (isStrip()) {
            Lanes kind = Lanes.of(state);
            Expression species = form.species(kind);
            Expression first = kind.load(species, a.array(), a.at(index));
            Expression value = b == null ? first : vector(form, first, kind.load(species, b.array(), b.at(index)));
            block.add(kind.store(value, target.array(), target.at(index)));
        } else {
            Expression first = ScalarForm.load(state, a.array(), a.at(index));
            Expression value = b == null ? first : number(first, ScalarForm.load(state, b.array(), b.at(index)));
            block.store(target.array(), target.at(index), ScalarForm.element(state, value));
        }
    }

    /** Numbers in an array from a place on. */
    private record Span(Local array, Expression begin) {
        Expression at(Expression index) {
            return begin == ZERO ? index : index == ZERO ? begin : begin.plus(index);
        }
    }

    /** What {@link #vector(Local)} calls. */
    MethodTree vectorMethod(int numbers) {
        return ofNumbers(VECTOR, numbers);
    }

    private MethodTree lanesMethod() {
        return isStrip() ? lanesOfStrips() : ofNumbers(LANES, ReductionTree.VIRTUAL_LANES);
    }

    private MethodTree lanesOfStrips() {
        MethodTree.Builder method = MethodTree.named(LANES);
        Local lanes = method.parameter("lanes", array());
        Local touched = method.parameter("touched", INT);
        Local width = width(method);
        BlockBuilder body = method.body();
        Local half = body.declare("half", Expression.constant(ReductionTree.VIRTUAL_LANES / 2));
        body.loop(half.greaterThan(ZERO), level -> {
            // lanes without elements hold the identity, which changes nothing
            Expression pairs = ReductionTree.least(touched.minus(half), half);
            Local count = level.declare("count", place(pairs, width));
            Local upper = level.declare("upper", place(half, width));
            Span first = new Span(lanes, ZERO);
            combine(level, count, first, new Span(lanes, upper), first);
            level.assign(half, half.shiftRight(ONE));
        });
        return method.build();
    }

    /** Written out: rows may be so short that a loop would take longer than their elements do. */
    private MethodTree ofNumbers(String name, int count) {
        MethodTree.Builder method = MethodTree.named(name);
        Local lanes = method.parameter("lanes", array());
        BlockBuilder body = method.body();
        List<Expression> values = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            values.add(ScalarForm.load(state, lanes, Expression.constant(i)));
        }
        for (int half = values.size() / 2; half > 0; half /= 2) {
            for (int i = 0; i < half; i++) {
                values.set(i, body.declare("sum" + half + "_" + i, number(values.get(i), values.get(i + half))));
            }
        }
        body.store(lanes, ZERO, ScalarForm.element(state, values.get(0)));
        return method.build();
    }

    private MethodTree pushMethod() {
        MethodTree.Builder method = MethodTree.named(PUSH);
        Local pending = method.parameter("pending", array());
        Local blocks = method.parameter("blocks", INT);
        Local lanes = method.parameter("lanes", array());
        Local width = width(method);
        Expression count = width == null ? ONE : width;
        BlockBuilder body = method.body();
        Local level = body.declare("level", ZERO);
        Span first = new Span(lanes, ZERO);
        Span waiting = new Span(pending, place(level, width));
        body.loop(isSet(blocks, level), carry -> {
            combine(carry, count, waiting, first, first);
            carry.assign(level, level.plus(1));
        });
        combine(body, count, first, null, waiting);
        return method.build();
    }

    private MethodTree totalMethod() {
        MethodTree.Builder method = MethodTree.named(TOTAL);
        Local pending = method.parameter("pending", array());
        Local blocks = method.parameter("blocks", INT);
        Local lanes = method.parameter("lanes", array());
        Local width = width(method);
        Expression count = width == null ? ONE : width;
        BlockBuilder body = method.body();
        Callee lowest = Callee.ofStatic(ReferenceType.of("java.lang.Integer"), "numberOfTrailingZeros", INT, INT);
        Local level = body.declare("level", lowest.call(blocks));
        Span first = new Span(lanes, ZERO);
        Span waiting = new Span(pending, place(level, width));
        combine(body, count, waiting, null, first);
        body.assign(level, level.plus(1));
        body.loop(blocks.shiftRight(level).notEqualTo(ZERO), rest -> {
            rest.when(isSet(blocks, level), set -> combine(set, count, waiting, first, first));
            rest.assign(level, level.plus(1));
        });
        return method.build();
    }

    private static Expression isSet(Local bits, Local index) {
        return bits.shiftRight(index).and(ONE).notEqualTo(ZERO);
    }
}
