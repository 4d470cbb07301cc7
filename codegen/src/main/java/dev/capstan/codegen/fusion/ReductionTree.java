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
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Writes the class of a fused reduction as a tree. The order of combination is the eager executors', described in {@link
 * dev.capstan.runtime.eager}: lanes, blocks, and a tree over the results of blocks.
 */
final class ReductionTree {
    /** Elements of a block. */
    static final int BLOCK = 1024;

    /** Virtual lanes within a block. */
    static final int VIRTUAL_LANES = 32;

    /** How often the virtual lanes are there where their order does not matter. */
    private static final int TURNS = 4;

    /** Numbers have a method of their own: its branches depend on data, and one that the JIT did not foresee costs it. */
    private static final String REST = "combineRest";

    private static final Expression ZERO = Expression.constant(0);
    private static final Expression ONE = Expression.constant(1);
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
        this.frame = Frame.compute(pattern.types(), pattern.inputs(), pattern.accesses());
        this.map = new KernelCode(pattern.map(), frame);
        double neutral = pattern.kernel().identity();
        long bits = state.isFloating() ? Double.doubleToRawLongBits(neutral) : (long) neutral;
        this.identity = ScalarForm.constant(
                new Instruction(dev.capstan.runtime.kernel.Primitive.CONSTANT, state, -1, -1, -1, bits));
    }

    /** Each row one result, in scalar form. */
    static ClassTree scalar(String name, ReductionPattern pattern) {
        ReductionTree tree = new ReductionTree(name, pattern);
        Combination combination = tree.ofNumbers();
        return tree.build(combination, tree.rows(combination, false));
    }

    /** In vector form. */
    static ClassTree vector(String name, ReductionPattern pattern, VectorWidth width) {
        ReductionTree tree = new ReductionTree(name, pattern);
        boolean alongRows = pattern.direction() == ReductionPattern.Direction.ALONG_ROWS;
        boolean byBits = alongRows && OrderedBits.serves(pattern.kernel().combine(), tree.state);
        tree.map.declareSpecies(tree.type, width, byBits ? Set.of(Lanes.INTS) : Set.of());
        if (alongRows) {
            Combination combination = tree.ofNumbers();
            return tree.build(
                    combination,
                    tree.rows(combination, true),
                    tree.restMethod(combination),
                    combination.vectorMethod(Lanes.of(tree.state).count()));
        }
        Combination combination = Combination.ofStrips(
                tree.type.type(), tree.state, pattern.kernel().combine(), tree.map.form(), tree.map.lanes());
        return tree.build(combination, tree.columns(combination));
    }

    private Combination ofNumbers() {
        return Combination.ofNumbers(type.type(), state, pattern.kernel().combine());
    }

    private ClassTree build(Combination combination, MethodTree... methods) {
        type.method(frame.bridge(type.type()));
        List.of(methods).forEach(type::method);
        combination.methods().forEach(type::method);
        return type.build();
    }

    private Expression load(Expression lanes, Expression index) {
        return ScalarForm.load(state, lanes, index);
    }

    static Expression least(Expression a, Expression b) {
        return Callee.ofStatic(MATH, "min", Primitive.INT, Primitive.INT, Primitive.INT)
                .call(a, b);
    }

    /** Gives the identity to the first elements of the lanes. */
    private void clear(BlockBuilder block, Local lanes, Expression count) {
        Callee fill =
                Callee.ofStatic(ARRAYS, "fill", Primitive.VOID, element.array(), Primitive.INT, Primitive.INT, element);
        block.evaluate(fill, lanes, ZERO, count, ScalarForm.element(state, identity));
    }

    private MethodTree rows(Combination combination, boolean vectors) {
        BlockBuilder body = frame.body();
        LoopTree.leaveIfEmpty(body, frame.rows());
        Local lanes = body.declare("lanes", Expression.newArray(element, Expression.constant(VIRTUAL_LANES)));
        Local pending = declarePending(body, frame.columns(), ONE);
        if (vectors) {
            map.declareConstants(body);
        }
        body.count("row", ZERO, frame.rows(), 1, (line, index) -> {
            KernelCode.Row row = map.row(line, frame.starts(line, index));
            if (vectors) {
                row.broadcast(line);
            }
            blocks(line, combination, frame.columns(), lanes, pending, ONE, (block, begin, end) -> {
                Local column = block.declare("column", begin);
                if (vectors) {
                    List<Local> sums = vectorLanes(block, row, column, end, combination);
                    block.when(
                            column.lessThan(end),
                            some -> {
                                storeLanes(some, sums, lanes);
                                frame.handOn(some, type.type(), REST, List.of(lanes, index, column, end));
                                some.evaluate(combination.lanes(lanes, end.minus(begin), ONE));
                            },
                            whole -> {
                                storeLanes(whole, List.of(oneVector(whole, combination, sums)), lanes);
                                whole.evaluate(combination.vector(lanes));
                            });
                } else {
                    clear(block, lanes, Expression.constant(VIRTUAL_LANES));
                    rest(block, frame, combination, row, lanes, column, end);
                    block.evaluate(combination.lanes(lanes, end.minus(begin), ONE));
                }
            });
            finish(line, load(lanes, ZERO), (output, value) -> frame.store(line, output, row.starts(), ZERO, value));
        });
        return frame.build();
    }

    /** Combines the elements from {@code column} on with their lanes, one by one. */
    private void rest(
            BlockBuilder block,
            Frame of,
            Combination combination,
            KernelCode.Row row,
            Local lanes,
            Local column,
            Local end) {
        block.loop(column.lessThan(end), turn -> {
            Expression lane = column.and(Expression.constant(VIRTUAL_LANES - 1));
            row.scalar(turn, column, (output, value) -> {
                if (output > 0) {
                    of.store(turn, output, row.starts(), column, value);
                    return;
                }
                Expression combined = combination.number(load(lanes, lane), value);
                turn.store(lanes, lane, ScalarForm.element(state, combined));
            });
            turn.assign(column, column.plus(1));
        });
    }

    /** The rest of a block that does not fill all lanes. */
    private MethodTree restMethod(Combination combination) {
        Frame part = Frame.inner(REST, pattern.types(), pattern.inputs(), pattern.accesses());
        Local lanes = part.parameterBehind("lanes", element.array());
        Local row = part.parameterBehind("row", Primitive.INT);
        Local from = part.parameterBehind("from", Primitive.INT);
        Local end = part.parameterBehind("end", Primitive.INT);
        KernelCode.Row values = new KernelCode(pattern.map(), part).row(part.body(), part.starts(part.body(), row));
        Local column = part.body().declare("column", from);
        rest(part.body(), part, combination, values, lanes, column, end);
        return part.build();
    }

    /** The part of a block that fills all lanes; the lanes, in registers. */
    private List<Local> vectorLanes(
            BlockBuilder block, KernelCode.Row row, Local column, Local end, Combination combination) {
        Lanes kind = Lanes.of(state);
        int groups = VIRTUAL_LANES / kind.count();
        if (OrderedBits.serves(pattern.kernel().combine(), state)) {
            OrderedBits extremes =
                    new OrderedBits(block, map.form(), pattern.kernel().combine(), groups);
            vectorsWhole(block, row, column, end, 2 * groups, (one, i, value) -> extremes.add(one, i % groups, value));
            vectorsWhole(block, row, column, end, groups, extremes::add);
            return extremes.numbers(block);
        }
        List<Local> sums = declareSums(block, "sum", groups);
        if (combination.isInAnyOrder()) {
            // more of them at a time: each waits for the one before it, and that takes longer than to compute it
            List<Local> all = new ArrayList<>(sums);
            all.addAll(declareSums(block, "more", (TURNS - 1) * groups));
            combineWhole(block, row, column, end, combination, all);
            for (int i = groups; i < all.size(); i++) {
                Local sum = sums.get(i % groups);
                block.assign(sum, combination.vector(map.form(), sum, all.get(i)));
            }
        }
        combineWhole(block, row, column, end, combination, sums);
        return sums;
    }

    private List<Local> declareSums(BlockBuilder block, String name, int count) {
        Lanes kind = Lanes.of(state);
        List<Local> sums = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            sums.add(block.declare(name + i, kind.broadcast(map.form().species(kind), identity)));
        }
        return sums;
    }

    /** Computes a vector; what is kept of it is stored. */
    private static void vector(
            BlockBuilder block, Frame of, KernelCode.Row row, Expression column, Consumer<Expression> combined) {
        row.vector(block, "", column, (output, value) -> {
            if (output == 0) {
                combined.accept(value);
            } else {
                block.add(of.storeVector(output, row.starts(), column, value));
            }
        });
    }

    /** As many vectors at a time as there are sums, while there are so many. */
    private void combineWhole(
            BlockBuilder block,
            KernelCode.Row row,
            Local column,
            Local end,
            Combination combination,
            List<Local> sums) {
        vectorsWhole(
                block,
                row,
                column,
                end,
                sums.size(),
                (one, i, value) -> one.assign(sums.get(i), combination.vector(map.form(), sums.get(i), value)));
    }

    /** Writes what becomes of a vector, one of some. */
    @FunctionalInterface
    private interface OfVector {
        void write(BlockBuilder block, int index, Expression value);
    }

    /** So many vectors at a time, while there are so many. */
    private void vectorsWhole(
            BlockBuilder block, KernelCode.Row row, Local column, Local end, int count, OfVector ofVector) {
        Expression step = Expression.constant(count * Lanes.of(state).count());
        block.loop(column.atMost(end.minus(step)), turn -> {
            for (int i = 0; i < count; i++) {
                int index = i;
                Expression at = i == 0 ? column : column.plus(map.lanes().times(i));
                turn.block(one -> vector(one, frame, row, at, value -> ofVector.write(one, index, value)));
            }
            turn.assign(column, column.plus(step));
        });
    }

    private void storeLanes(BlockBuilder block, List<Local> sums, Local lanes) {
        for (int i = 0; i < sums.size(); i++) {
            block.add(Lanes.of(state)
                    .store(sums.get(i), lanes, i == 0 ? ZERO : map.lanes().times(i)));
        }
    }

    /** The first levels of the tree over the lanes, as far as they combine whole vectors. */
    private Local oneVector(BlockBuilder block, Combination combination, List<Local> sums) {
        List<Local> vectors = new ArrayList<>(sums);
        for (int half = vectors.size() / 2; half > 0; half /= 2) {
            for (int i = 0; i < half; i++) {
                Expression both = combination.vector(map.form(), vectors.get(i), vectors.get(i + half));
                vectors.set(i, block.declare("half" + half + "_" + i, both));
            }
        }
        return vectors.get(0);
    }

    /** Results side by side: strips of several vectors, so that rows are read in order, then single vectors. */
    private MethodTree columns(Combination combination) {
        BlockBuilder body = frame.body();
        LoopTree.leaveIfEmpty(body, frame.columns());
        // as many vectors as a loop computes in one turn; 32 lanes of them fit the first-level cache
        int vectors = VectorLoop.unrolling(pattern.map());
        Local most = body.declare("most", map.lanes().times(vectors));
        Local lanes = body.declare("lanes", Expression.newArray(element, most.times(VIRTUAL_LANES)));
        Local pending = declarePending(body, frame.rows(), most);
        map.declareConstants(body);
        Local column = body.declare("column", ZERO);
        if (vectors > 1) {
            body.loop(column.atMost(frame.columns().minus(most)), block -> {
                strip(block, combination, column, vectors, most, lanes, pending);
                block.assign(column, column.plus(most));
            });
        }
        body.loop(column.lessThan(frame.columns()), block -> {
            // the last vector overlaps the one before it: columns do not depend on one another
            block.assign(column, least(column, frame.columns().minus(map.lanes())));
            strip(block, combination, column, 1, map.lanes(), lanes, pending);
            block.assign(column, column.plus(map.lanes()));
        });
        return frame.build();
    }

    /** So many vectors of results. */
    private void strip(
            BlockBuilder strip,
            Combination combination,
            Local column,
            int vectors,
            Expression width,
            Local lanes,
            Local pending) {
        Lanes kind = Lanes.of(state);
        blocks(strip, combination, frame.rows(), lanes, pending, width, (block, begin, end) -> {
            clear(
                    block,
                    lanes,
                    least(end.minus(begin), Expression.constant(VIRTUAL_LANES)).times(width));
            block.count("row", begin, end, 1, (line, index) -> {
                KernelCode.Row row =
                        map.row(line, frame.inputStarts(line, index)).broadcast(line);
                Expression number = index.and(Expression.constant(VIRTUAL_LANES - 1));
                Local lane = line.declare("lane", number.times(width));
                for (int i = 0; i < vectors; i++) {
                    Expression distance = i == 0 ? null : map.lanes().times(i);
                    Expression at = distance == null ? column : column.plus(distance);
                    Expression place = distance == null ? lane : lane.plus(distance);
                    Expression before = kind.load(map.form().species(kind), lanes, place);
                    line.block(one -> row.vector(
                            one,
                            "",
                            at,
                            (output, value) ->
                                    one.add(kind.store(combination.vector(map.form(), before, value), lanes, place))));
                }
            });
            block.evaluate(combination.lanes(lanes, end.minus(begin), width));
        });
        strip.count(
                "k",
                ZERO,
                width,
                1,
                (line, k) -> finish(
                        line,
                        load(lanes, k),
                        (output, value) -> frame.store(line, output, frame.outputOffset(), column.plus(k), value)));
    }

    /** Writes how the first lane comes to be the result of a block, for one result or a strip of them. */
    @FunctionalInterface
    private interface OfBlock {
        void write(BlockBuilder block, Local begin, Local end);
    }

    private Local declarePending(BlockBuilder body, Expression elements, Expression width) {
        Expression several = elements.greaterThan(Expression.constant(BLOCK));
        Expression most = width.times(Expression.constant(Combination.MOST_PENDING));
        return body.declare("pending", Expression.newArray(element, several.choose(most, ZERO)));
    }

    /** Writes the blocks of one result, or one strip of results, which is then the first in the lanes. */
    private void blocks(
            BlockBuilder body,
            Combination combination,
            Local elements,
            Local lanes,
            Local pending,
            Expression width,
            OfBlock ofBlock) {
        Local count = body.declare("blocks", ZERO);
        Expression several = elements.greaterThan(Expression.constant(BLOCK));
        body.count("begin", ZERO, elements, BLOCK, (block, begin) -> {
            Local end = block.declare("end", least(elements, begin.plus(BLOCK)));
            ofBlock.write(block, begin, end);
            block.when(several, push -> push.evaluate(combination.push(pending, count, lanes, width)));
            block.assign(count, count.plus(1));
        });
        body.when(several, total -> total.evaluate(combination.total(pending, count, lanes, width)));
        body.when(elements.equalTo(ZERO), empty -> clear(empty, lanes, width));
    }

    private void finish(BlockBuilder block, Expression value, BiConsumer<Integer, Expression> result) {
        Steps steps = new Steps(pattern.finish());
        Map<Integer, Expression> constants = steps.uniformValues(block, input -> value);
        steps.varying(block, "Finish", new ScalarForm(), constants, constants, input -> value, result);
    }
}
