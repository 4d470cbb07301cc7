// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import static dev.capstan.codegen.fusion.ReductionTree.least;

import dev.capstan.codegen.kernel.VectorWidth;
import dev.capstan.codegen.tree.BlockBuilder;
import dev.capstan.codegen.tree.ClassTree;
import dev.capstan.codegen.tree.Expression;
import dev.capstan.codegen.tree.Expression.Local;
import dev.capstan.codegen.tree.MethodTree;
import dev.capstan.codegen.tree.Primitive;
import dev.capstan.codegen.tree.ReferenceType;
import dev.capstan.runtime.type.DType;
import java.util.ArrayList;
import java.util.List;

/** Writes the class of a fused loop as a tree. */
final class LoopTree {
    /** The scalar form has a method of its own: its branches depend on data, and one that the JIT did not foresee costs it. */
    private static final String NARROW = "computeNarrow";

    private static final String VECTORS = "computeVectors";
    private static final String PART = "computePart";

    /** Elements that the parts of a computation do at a time: what they hand on stays in the first-level cache. */
    private static final int TILE = 512;

    private static final Expression ZERO = Expression.constant(0);
    private static final Expression ONE = Expression.constant(1);

    private final LoopPattern pattern;
    private final ClassTree.Builder type;

    private LoopTree(String name, LoopPattern pattern) {
        this.pattern = pattern;
        this.type = ClassTree.named(name).implementing(Frame.LOOP_KERNEL);
        type.comment(pattern.kernel() + "accesses " + pattern.accesses());
    }

    /** The loop in scalar form. */
    static ClassTree scalar(String name, LoopPattern pattern) {
        LoopTree tree = new LoopTree(name, pattern);
        Frame frame = tree.compute();
        tree.type.method(frame.bridge(tree.type.type()));
        tree.type.method(tree.scalarMethod(frame));
        return tree.type.build();
    }

    /** The loop in vector form; {@link VectorLoop#isSupported} says whether there is one. */
    static ClassTree vector(String name, LoopPattern pattern, VectorWidth width) {
        LoopTree tree = new LoopTree(name, pattern);
        Frame frame = tree.compute();
        tree.type.method(frame.bridge(tree.type.type()));
        if (VectorLoop.isLarge(pattern)) {
            tree.type.method(tree.dispatchingMethod(frame));
            Partition partition = Partition.of(pattern);
            tree.type.method(
                    partition.parts().isEmpty() ? tree.vectorMethod(width) : tree.tiledMethod(width, partition));
        } else {
            tree.type.method(tree.overlappingMethod(frame, width));
        }
        tree.type.method(tree.scalarMethod(tree.inner(NARROW)));
        return tree.type.build();
    }

    /** The loop as a {@link TransposedCopy}. */
    static ClassTree transposed(String name, LoopPattern pattern, VectorWidth width) {
        LoopTree tree = new LoopTree(name, pattern);
        Frame frame = tree.compute();
        tree.type.method(frame.bridge(tree.type.type()));
        TransposedCopy.write(tree.type, frame, pattern.kernel().outputType(0), width, NARROW);
        tree.type.method(tree.scalarMethod(tree.inner(NARROW)));
        return tree.type.build();
    }

    private Frame compute() {
        return Frame.compute(pattern.types(), pattern.inputs(), pattern.accesses());
    }

    private Frame inner(String name) {
        return Frame.inner(name, pattern.types(), pattern.inputs(), pattern.accesses());
    }

    private MethodTree scalarMethod(Frame frame) {
        KernelCode code = new KernelCode(pattern, frame);
        frame.body().count("row", ZERO, frame.rows(), 1, (line, index) -> {
            KernelCode.Row row = code.row(line, frame.starts(line, index));
            line.count(
                    "column",
                    ZERO,
                    frame.columns(),
                    1,
                    (body, column) -> row.scalar(
                            body, column, (output, value) -> frame.store(body, output, row.starts(), column, value)));
        });
        return frame.build();
    }

    /** Calls on nothing are how a kernel is made known to the JIT: they must not cost vector operations. */
    static void leaveIfEmpty(BlockBuilder body, Local size) {
        body.when(size.lessThan(ONE), BlockBuilder::returns);
    }

    /** Vectors only, of which the last one overlaps; rows narrower than a vector are scalar. */
    private MethodTree overlappingMethod(Frame frame, VectorWidth width) {
        KernelCode code = new KernelCode(pattern, frame);
        code.declareSpecies(type, width);
        BlockBuilder body = frame.body();
        leaveIfEmpty(body, frame.rows());
        body.when(frame.columns().lessThan(code.lanes()), narrow -> {
            frame.handOn(narrow, type.type(), NARROW, List.of());
            narrow.returns();
        });
        code.declareConstants(body);
        Local end = body.declare("end", frame.columns().minus(code.lanes()));
        body.count("row", ZERO, frame.rows(), 1, (line, index) -> {
            KernelCode.Row row = code.row(line, frame.starts(line, index)).broadcast(line);
            List<Local> last = new ArrayList<>();
            row.vector(line, "Last", end, (output, value) -> last.add(line.declare("result" + output, value)));
            vectors(frame, row, line, code.lanes(), end);
            for (int output = 0; output < last.size(); output++) {
                line.add(frame.storeVector(output, row.starts(), end, last.get(output)));
            }
        });
        return frame.build();
    }

    /** A loop of which the computation is written only once in vectors, in a method for a range of columns. */
    private MethodTree vectorMethod(VectorWidth width) {
        Frame frame = inner(VECTORS);
        Local from = frame.parameterBehind("from", Primitive.INT);
        KernelCode code = new KernelCode(pattern, frame);
        code.declareSpecies(type, width);
        return vectorMethod(frame, code, from);
    }

    private static MethodTree vectorMethod(Frame frame, KernelCode code, Expression from) {
        leaveIfEmpty(frame.body(), frame.rows());
        code.declareConstants(frame.body());
        frame.body().count("row", ZERO, frame.rows(), 1, (line, index) -> {
            KernelCode.Row row = code.row(line, frame.starts(line, index)).broadcast(line);
            Local column = line.declare("column", from);
            line.loop(column.lessThan(frame.columns()), vector -> {
                one(frame, row, vector, column);
                vector.assign(column, column.plus(code.lanes()));
            });
        });
        return frame.build();
    }

    /** The same by several loops, one after another over a tile of rows and columns. */
    private MethodTree tiledMethod(VectorWidth width, Partition partition) {
        Frame frame = inner(VECTORS);
        Local from = frame.parameterBehind("from", Primitive.INT);
        KernelCode code = new KernelCode(pattern, frame);
        code.declareSpecies(type, width);
        for (int i = 0; i < partition.parts().size(); i++) {
            type.method(partMethod(PART + i, partition.parts().get(i).pattern(), code));
        }
        BlockBuilder body = frame.body();
        leaveIfEmpty(body, frame.rows());
        Expression most = Expression.constant(TILE);
        Local wide = body.declare("wide", least(frame.columns().minus(from), most));
        Local stride = body.declare("stride", wide.plus(code.lanes()));
        Local band = body.declare(
                "band", least(frame.rows(), most.dividedBy(wide.plus(1)).plus(1)));
        List<Local> scratch = new ArrayList<>();
        for (DType element : partition.scratch()) {
            Expression array = Expression.newArray(ScalarForm.elementType(element), band.times(stride));
            scratch.add(body.declare("scratch" + scratch.size(), array));
        }
        Local row = body.declare("row", ZERO);
        body.loop(row.lessThan(frame.rows()), rows -> {
            Local height = rows.declare("height", least(frame.rows().minus(row), band));
            List<Local> starts = frame.starts(rows, row);
            Local column = rows.declare("column", from);
            rows.loop(column.lessThan(frame.columns()), tile -> {
                Local count = tile.declare("count", least(frame.columns().minus(column), most));
                for (int i = 0; i < partition.parts().size(); i++) {
                    List<Expression> arguments = new ArrayList<>();
                    for (int array : partition.parts().get(i).arrays()) {
                        boolean own = array < pattern.arrays();
                        arguments.add(own ? frame.array(array) : scratch.get(array - pattern.arrays()));
                        arguments.add(own ? frame.index(array, starts.get(array), column) : ZERO);
                        arguments.add(own ? frame.rowStep(array) : stride);
                    }
                    arguments.addAll(List.of(height, count));
                    Frame.call(tile, type.type(), PART + i, arguments);
                }
                tile.assign(column, column.plus(most));
            });
            rows.assign(row, row.plus(band));
        });
        return frame.build();
    }

    private MethodTree partMethod(String name, LoopPattern part, KernelCode whole) {
        Frame frame = Frame.inner(name, part.types(), part.inputs(), part.accesses());
        KernelCode code = new KernelCode(part, frame).partOf(whole);
        return vectorMethod(frame, code, ZERO);
    }

    /** Calls {@link #vectorMethod} for whole vectors, and for a last one that overlaps. */
    private MethodTree dispatchingMethod(Frame frame) {
        ReferenceType owner = type.type();
        Expression lanes = Expression.staticField(owner, KernelCode.LANES, Primitive.INT);
        BlockBuilder body = frame.body();
        Local columns = frame.columns();
        Local end = body.declare("end", columns.minus(lanes));
        body.when(
                columns.remainder(lanes).equalTo(ZERO),
                whole -> frame.handOn(whole, owner, VECTORS, List.of(ZERO)),
                rest -> rest.when(
                        end.lessThan(ZERO),
                        narrow -> frame.handOn(narrow, owner, NARROW, List.of()),
                        wide -> frame.isInPlace()
                                .ifPresentOrElse(
                                        condition -> wide.when(
                                                condition,
                                                inPlace -> lastVectorAside(frame, inPlace, lanes, end),
                                                apart -> lastVector(frame, apart, end)),
                                        () -> lastVector(frame, wide, end))));
        return frame.build();
    }

    private void lastVector(Frame frame, BlockBuilder block, Expression end) {
        frame.handOn(block, type.type(), VECTORS, List.of(end));
        frame.handOnUpTo(block, type.type(), VECTORS, end, List.of(ZERO));
    }

    /** In place the last vector is computed first, from operands that nothing has been written over, and stored last. */
    private void lastVectorAside(Frame frame, BlockBuilder block, Expression lanes, Local end) {
        ReferenceType owner = type.type();
        List<Local> aside = new ArrayList<>();
        for (int output = 0; output < pattern.kernel().outputs().size(); output++) {
            Primitive element = ScalarForm.elementType(pattern.kernel().outputType(output));
            aside.add(block.declare(
                    "last" + output, Expression.newArray(element, frame.rows().times(lanes))));
        }
        frame.handOnAside(block, owner, VECTORS, aside, end.negate(), lanes, List.of(end));
        frame.handOnUpTo(block, owner, VECTORS, end, List.of(ZERO));
        block.count("row", ZERO, frame.rows(), 1, (line, row) -> {
            for (int output = 0; output < aside.size(); output++) {
                line.evaluate(frame.copyBack(aside.get(output), row.times(lanes), output, row, end, lanes));
            }
        });
    }

    /** All vectors of a row that begin before {@code end}. */
    private void vectors(Frame frame, KernelCode.Row row, BlockBuilder block, Expression lanes, Local end) {
        Local column = block.declare("column", ZERO);
        int unrolling = VectorLoop.unrolling(pattern);
        if (unrolling > 1) {
            Expression bound = end.minus(lanes.times(unrolling - 1));
            block.loop(column.lessThan(bound), body -> {
                for (int i = 0; i < unrolling; i++) {
                    one(frame, row, body, i == 0 ? column : column.plus(lanes.times(i)));
                }
                body.assign(column, column.plus(lanes.times(unrolling)));
            });
        }
        block.loop(column.lessThan(end), body -> {
            one(frame, row, body, column);
            body.assign(column, column.plus(lanes));
        });
    }

    private static void one(Frame frame, KernelCode.Row row, BlockBuilder block, Expression column) {
        block.block(body -> row.vector(
                body, "", column, (output, value) -> body.add(frame.storeVector(output, row.starts(), column, value))));
    }
}
