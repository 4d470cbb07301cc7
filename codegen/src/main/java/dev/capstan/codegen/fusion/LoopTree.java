// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import dev.capstan.codegen.kernel.VectorWidth;
import dev.capstan.codegen.tree.BlockBuilder;
import dev.capstan.codegen.tree.ClassTree;
import dev.capstan.codegen.tree.Expression;
import dev.capstan.codegen.tree.Expression.Local;
import dev.capstan.codegen.tree.MethodTree;
import java.util.ArrayList;
import java.util.List;

/** Writes the class of a fused loop as a tree. */
final class LoopTree {
    /** The scalar form has a method of its own: its branches depend on data, and one that the JIT did not foresee costs it. */
    private static final String NARROW = "computeNarrow";

    private static final Expression ZERO = Expression.constant(0);

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
        Frame frame = tree.frame(Frame.COMPUTE);
        tree.type.method(frame.bridge(tree.type.type()));
        tree.type.method(tree.scalarMethod(frame));
        return tree.type.build();
    }

    /** The loop in vector form; {@link VectorLoop#isSupported} says whether there is one. */
    static ClassTree vector(String name, LoopPattern pattern, VectorWidth width) {
        LoopTree tree = new LoopTree(name, pattern);
        Frame frame = tree.frame(Frame.COMPUTE);
        tree.type.method(frame.bridge(tree.type.type()));
        tree.type.method(
                VectorLoop.isLarge(pattern) ? tree.headedMethod(frame, width) : tree.overlappingMethod(frame, width));
        tree.type.method(tree.scalarMethod(tree.frame(NARROW)));
        return tree.type.build();
    }

    private Frame frame(String name) {
        return new Frame(name, pattern.types(), pattern.inputs(), pattern.accesses());
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

    /** Vectors only, of which the last one overlaps; rows narrower than a vector are scalar. */
    private MethodTree overlappingMethod(Frame frame, VectorWidth width) {
        KernelCode code = new KernelCode(pattern, frame);
        code.declareSpecies(type, width);
        BlockBuilder body = frame.body();
        body.when(frame.columns().lessThan(code.lanes()), narrow -> {
            narrow.evaluate(frame.callAlike(type.type(), NARROW, frame.columns()));
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

    /** A scalar head, so that the rest is whole vectors: the computation is written only twice. */
    private MethodTree headedMethod(Frame frame, VectorWidth width) {
        KernelCode code = new KernelCode(pattern, frame);
        code.declareSpecies(type, width);
        BlockBuilder body = frame.body();
        Local head = body.declare("head", frame.columns().remainder(code.lanes()));
        body.when(head.greaterThan(ZERO), narrow -> narrow.evaluate(frame.callAlike(type.type(), NARROW, head)));
        code.declareConstants(body);
        body.count("row", ZERO, frame.rows(), 1, (line, index) -> {
            KernelCode.Row row = code.row(line, frame.starts(line, index)).broadcast(line);
            Local column = line.declare("column", head);
            line.loop(column.lessThan(frame.columns()), vector -> {
                one(frame, row, vector, column);
                vector.assign(column, column.plus(code.lanes()));
            });
        });
        return frame.build();
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
