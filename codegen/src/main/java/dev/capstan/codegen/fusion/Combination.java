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
import java.util.List;

/**
 * The methods of a generated reduction that combine lanes and the results of blocks. A lane is one number, or one vector of
 * numbers that belong to results side by side; each begins at a multiple of the lane's width in an array.
 */
final class Combination {
    /** Block results that may wait for one of the same size: one per bit of the number of blocks. */
    static final int MOST_PENDING = 22;

    private static final String LANES = "combineLanes";
    private static final String PUSH = "pushBlock";
    private static final String TOTAL = "combineBlocks";

    private static final Expression ZERO = Expression.constant(0);
    private static final Expression ONE = Expression.constant(1);

    private final DType state;
    private final Primitive operation;
    private final VectorForm form;
    private final Expression width;

    /**
     * @param form how vectors are written, null if lanes are numbers
     * @param width elements of a lane, null if lanes are numbers
     */
    Combination(DType state, Primitive operation, VectorForm form, Expression width) {
        this.state = state;
        this.operation = operation;
        this.form = form;
        this.width = width == null ? ONE : width;
    }

    /** Two states combined. */
    static Expression scalar(Primitive operation, DType state, Expression a, Expression b) {
        return new ScalarForm().apply(new Instruction(operation, state, 0, 1, -1, 0), state, a, b, null);
    }

    /** Two vectors of states combined. */
    static Expression vector(Primitive operation, DType state, VectorForm form, Expression a, Expression b) {
        return form.apply(new Instruction(operation, state, 0, 1, -1, 0), state, a, b, null);
    }

    /** The tree over the lanes; its result becomes the first of them. */
    static Expression.Call lanes(ReferenceType owner, Local lanes) {
        return Callee.ofStatic(owner, LANES, VOID, lanes.type()).call(lanes);
    }

    /** Takes up the result of a block, the first of the lanes, combined with those that waited for it. */
    static Expression.Call push(ReferenceType owner, Local pending, Local blocks, Local lanes) {
        return Callee.ofStatic(owner, PUSH, VOID, pending.type(), blocks.type(), lanes.type())
                .call(pending, blocks, lanes);
    }

    /** Combines what is pending into the first of the lanes. */
    static Expression.Call total(ReferenceType owner, Local pending, Local blocks, Local lanes) {
        return Callee.ofStatic(owner, TOTAL, VOID, pending.type(), blocks.type(), lanes.type())
                .call(pending, blocks, lanes);
    }

    List<MethodTree> methods() {
        return List.of(lanesMethod(), pushMethod(), totalMethod());
    }

    private Type array() {
        return ScalarForm.elementType(state).array();
    }

    /** {@code target[to] = a[at] op b[from]}. */
    private void combine(
            BlockBuilder block, Local a, Expression at, Local b, Expression from, Local target, Expression to) {
        if (form != null) {
            Lanes kind = Lanes.of(state);
            Expression species = form.species(kind);
            Expression combined =
                    vector(operation, state, form, kind.load(species, a, at), kind.load(species, b, from));
            block.add(kind.store(combined, target, to));
        } else {
            Expression combined =
                    scalar(operation, state, ScalarForm.load(state, a, at), ScalarForm.load(state, b, from));
            block.store(target, to, ScalarForm.element(state, combined));
        }
    }

    private void copy(BlockBuilder block, Local from, Expression at, Local target, Expression to) {
        if (form != null) {
            Lanes kind = Lanes.of(state);
            block.add(kind.store(kind.load(form.species(kind), from, at), target, to));
        } else {
            block.store(target, to, from.at(at));
        }
    }

    private Expression place(Expression lane) {
        return width == ONE ? lane : lane.times(width);
    }

    private MethodTree lanesMethod() {
        MethodTree.Builder method = MethodTree.named(LANES);
        Local lanes = method.parameter("lanes", array());
        BlockBuilder body = method.body();
        Local half = body.declare("half", Expression.constant(ReductionTree.VIRTUAL_LANES / 2));
        body.loop(half.greaterThan(ZERO), level -> {
            level.count(
                    "lane",
                    ZERO,
                    half,
                    1,
                    (turn, lane) ->
                            combine(turn, lanes, place(lane), lanes, place(lane.plus(half)), lanes, place(lane)));
            level.assign(half, half.shiftRight(ONE));
        });
        return method.build();
    }

    private MethodTree pushMethod() {
        MethodTree.Builder method = MethodTree.named(PUSH);
        Local pending = method.parameter("pending", array());
        Local blocks = method.parameter("blocks", INT);
        Local lanes = method.parameter("lanes", array());
        BlockBuilder body = method.body();
        Local level = body.declare("level", ZERO);
        body.loop(isSet(blocks, level), carry -> {
            combine(carry, pending, place(level), lanes, ZERO, lanes, ZERO);
            carry.assign(level, level.plus(1));
        });
        copy(body, lanes, ZERO, pending, place(level));
        return method.build();
    }

    private MethodTree totalMethod() {
        MethodTree.Builder method = MethodTree.named(TOTAL);
        Local pending = method.parameter("pending", array());
        Local blocks = method.parameter("blocks", INT);
        Local lanes = method.parameter("lanes", array());
        BlockBuilder body = method.body();
        Local level = body.declare(
                "level",
                Callee.ofStatic(ReferenceType.of("java.lang.Integer"), "numberOfTrailingZeros", INT, INT)
                        .call(blocks));
        copy(body, pending, place(level), lanes, ZERO);
        body.assign(level, level.plus(1));
        body.loop(blocks.shiftRight(level).notEqualTo(ZERO), rest -> {
            rest.when(isSet(blocks, level), set -> combine(set, pending, place(level), lanes, ZERO, lanes, ZERO));
            rest.assign(level, level.plus(1));
        });
        return method.build();
    }

    private static Expression isSet(Local bits, Local index) {
        return bits.shiftRight(index).and(ONE).notEqualTo(ZERO);
    }
}
