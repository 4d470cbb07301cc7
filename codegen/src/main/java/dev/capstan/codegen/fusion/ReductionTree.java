// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import dev.capstan.codegen.kernel.VectorWidth;
import dev.capstan.codegen.tree.BlockBuilder;
import dev.capstan.codegen.tree.Callee;
import dev.capstan.codegen.tree.ClassTree;
import dev.capstan.codegen.tree.Expression;
import dev.capstan.codegen.tree.Expression.Local;
import dev.capstan.codegen.tree.MethodTree;
import dev.capstan.codegen.tree.Primitive;
import dev.capstan.codegen.tree.ReferenceType;
import dev.capstan.runtime.kernel.Instruction;
import dev.capstan.runtime.type.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * Writes the class of a fused reduction as a tree. The order of combination is the eager executors', described in {@link
 * dev.capstan.runtime.eager}: lanes, blocks, and a tree over the results of blocks.
 */
final class ReductionTree {
    /** Elements of a block. */
    static final int BLOCK = 1024;

    /** Virtual lanes within a block. */
    static final int VIRTUAL_LANES = 32;

    private static final Expression ZERO = Expression.constant(0);
    private static final ReferenceType MATH = ReferenceType.of("java.lang.Math");
    private static final ReferenceType ARRAYS = ReferenceType.of("java.util.Arrays");

    private final ReductionPattern pattern;
    private final ClassTree.Builder type;
    private final Frame frame;
    private final KernelCode map;
    private final DType state;
    private final Primitive element;
    private final Expression identity;

    private ReductionTree(String name, ReductionPattern pattern) {
        this.pattern = pattern;
        this.state = pattern.kernel().state();
        this.element = ScalarForm.elementType(state);
        this.type = ClassTree.named(name).implementing(Frame.LOOP_KERNEL);
        type.comment(pattern.kernel().combine() + " of " + pattern.kernel().map() + "finished by "
                + pattern.kernel().finish() + pattern.direction() + " accesses " + pattern.accesses());
        this.frame = new Frame(Frame.COMPUTE, pattern.types(), pattern.inputs(), pattern.accesses());
        this.map = new KernelCode(pattern.map(), frame);
        double neutral = pattern.kernel().identity();
        long bits = state.isFloating() ? Double.doubleToRawLongBits(neutral) : (long) neutral;
        this.identity = ScalarForm.constant(
                new Instruction(dev.capstan.runtime.kernel.Primitive.CONSTANT, state, -1, -1, -1, bits));
    }

    /** Each row one result, in scalar form. */
    static ClassTree scalar(String name, ReductionPattern pattern) {
        ReductionTree tree = new ReductionTree(name, pattern);
        return tree.build(new Combination(tree.state, pattern.kernel().combine(), null, null), tree.rows(false));
    }

    /** In vector form. */
    static ClassTree vector(String name, ReductionPattern pattern, VectorWidth width) {
        ReductionTree tree = new ReductionTree(name, pattern);
        tree.map.declareSpecies(tree.type, width);
        boolean alongRows = pattern.direction() == ReductionPattern.Direction.ALONG_ROWS;
        Combination combination = new Combination(
                tree.state,
                pattern.kernel().combine(),
                alongRows ? null : tree.map.form(),
                alongRows ? null : tree.map.lanes());
        return tree.build(combination, alongRows ? tree.rows(true) : tree.columns());
    }

    private ClassTree build(Combination combination, MethodTree compute) {
        type.method(frame.bridge(type.type()));
        type.method(compute);
        combination.methods().forEach(type::method);
        return type.build();
    }

    private Expression loadLane(Expression lanes, Expression index) {
        return ScalarForm.load(state, lanes, index);
    }

    /** Combines a value with a lane in memory. */
    private void combineInto(BlockBuilder block, Local lanes, Expression index, Expression value) {
        Expression combined = Combination.scalar(pattern.kernel().combine(), state, loadLane(lanes, index), value);
        block.store(lanes, index, ScalarForm.element(state, combined));
    }

    private static Expression least(Expression a, Expression b) {
        return Callee.ofStatic(MATH, "min", Primitive.INT, Primitive.INT, Primitive.INT)
                .call(a, b);
    }

    private void clear(BlockBuilder block, Local lanes) {
        block.evaluate(
                Callee.ofStatic(ARRAYS, "fill", Primitive.VOID, element.array(), element),
                lanes,
                ScalarForm.element(state, identity));
    }

    private MethodTree rows(boolean vectors) {
        BlockBuilder body = frame.body();
        Local lanes = body.declare("lanes", Expression.newArray(element, Expression.constant(VIRTUAL_LANES)));
        Local pending = declarePending(body, frame.columns(), Expression.constant(1));
        if (vectors) {
            map.declareConstants(body);
        }
        body.count("row", ZERO, frame.rows(), 1, (line, index) -> {
            KernelCode.Row row = map.row(line, frame.starts(line, index));
            if (vectors) {
                row.broadcast(line);
            }
            blocks(line, frame.columns(), lanes, pending, (block, begin) -> {
                Local end = block.declare("end", least(frame.columns(), begin.plus(BLOCK)));
                Local column = block.declare("column", begin);
                if (vectors) {
                    vectorLanes(block, row, lanes, column, end);
                } else {
                    clear(block, lanes);
                }
                block.loop(column.lessThan(end), rest -> {
                    Expression lane = column.and(Expression.constant(VIRTUAL_LANES - 1));
                    row.scalar(rest, column, (output, value) -> combineInto(rest, lanes, lane, value));
                    rest.assign(column, column.plus(1));
                });
            });
            finish(
                    line,
                    loadLane(lanes, ZERO),
                    (output, value) -> frame.store(line, output, row.starts(), ZERO, value));
        });
        return frame.build();
    }

    /** The part of a block that fills all lanes, in registers; leaves the lanes in memory. */
    private void vectorLanes(BlockBuilder block, KernelCode.Row row, Local lanes, Local column, Local end) {
        Lanes kind = Lanes.of(state);
        int groups = VIRTUAL_LANES / kind.count();
        List<Local> sums = new ArrayList<>();
        for (int i = 0; i < groups; i++) {
            sums.add(block.declare("sum" + i, kind.broadcast(map.form().species(kind), identity)));
        }
        Expression bound = end.minus(Expression.constant(VIRTUAL_LANES));
        block.loop(column.atMost(bound), turn -> {
            for (int i = 0; i < groups; i++) {
                Local sum = sums.get(i);
                Expression at = i == 0 ? column : column.plus(map.lanes().times(i));
                turn.block(one -> row.vector(
                        one,
                        "",
                        at,
                        (output, value) -> one.assign(
                                sum, Combination.vector(pattern.kernel().combine(), state, map.form(), sum, value))));
            }
            turn.assign(column, column.plus(VIRTUAL_LANES));
        });
        for (int i = 0; i < groups; i++) {
            block.add(kind.store(sums.get(i), lanes, i == 0 ? ZERO : map.lanes().times(i)));
        }
    }

    private MethodTree columns() {
        BlockBuilder body = frame.body();
        Expression width = map.lanes();
        Lanes kind = Lanes.of(state);
        Local lanes = body.declare("lanes", Expression.newArray(element, width.times(VIRTUAL_LANES)));
        Local pending = declarePending(body, frame.rows(), width);
        map.declareConstants(body);
        Local first = body.declare("first", ZERO);
        body.loop(first.lessThan(frame.columns()), block -> {
            // the last vector overlaps the one before it: columns do not depend on one another
            Local column = block.declare("column", least(first, frame.columns().minus(width)));
            blocks(block, frame.rows(), lanes, pending, (inner, begin) -> {
                clear(inner, lanes);
                Local end = inner.declare("end", least(frame.rows(), begin.plus(BLOCK)));
                inner.count("row", begin, end, 1, (line, index) -> {
                    KernelCode.Row row =
                            map.row(line, frame.inputStarts(line, index)).broadcast(line);
                    Local lane = line.declare(
                            "lane",
                            index.and(Expression.constant(VIRTUAL_LANES - 1)).times(width));
                    Expression before = kind.load(map.form().species(kind), lanes, lane);
                    row.vector(
                            line,
                            "",
                            column,
                            (output, value) -> line.add(kind.store(
                                    Combination.vector(pattern.kernel().combine(), state, map.form(), before, value),
                                    lanes,
                                    lane)));
                });
            });
            block.count(
                    "k",
                    ZERO,
                    width,
                    1,
                    (line, k) -> finish(
                            line,
                            loadLane(lanes, k),
                            (output, value) -> frame.store(line, output, frame.outputOffset(), column.plus(k), value)));
            block.assign(first, first.plus(width));
        });
        return frame.build();
    }

    private Local declarePending(BlockBuilder body, Expression elements, Expression width) {
        Expression several = elements.greaterThan(Expression.constant(BLOCK));
        Expression length = several.choose(width.times(Combination.MOST_PENDING), ZERO);
        return body.declare("pending", Expression.newArray(element, length));
    }

    /** Writes the blocks of one result, or one vector of results, which is then the first in the lanes. */
    private void blocks(
            BlockBuilder body, Local elements, Local lanes, Local pending, BiConsumer<BlockBuilder, Local> ofBlock) {
        Local count = body.declare("blocks", ZERO);
        Expression several = elements.greaterThan(Expression.constant(BLOCK));
        body.count("begin", ZERO, elements, BLOCK, (block, begin) -> {
            ofBlock.accept(block, begin);
            block.evaluate(Combination.lanes(type.type(), lanes));
            block.when(several, push -> push.evaluate(Combination.push(type.type(), pending, count, lanes)));
            block.assign(count, count.plus(1));
        });
        body.when(several, total -> total.evaluate(Combination.total(type.type(), pending, count, lanes)));
        body.when(elements.equalTo(ZERO), empty -> clear(empty, lanes));
    }

    private void finish(BlockBuilder block, Expression value, BiConsumer<Integer, Expression> result) {
        Steps steps = new Steps(pattern.finish());
        Map<Integer, Expression> constants = steps.uniformValues(block, input -> value);
        steps.varying(block, "Finish", new ScalarForm(), constants, constants, input -> value, result);
    }
}
