// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import dev.capstan.codegen.kernel.Transposition;
import dev.capstan.codegen.kernel.VectorWidth;
import dev.capstan.codegen.tree.BlockBuilder;
import dev.capstan.codegen.tree.ClassTree;
import dev.capstan.codegen.tree.Expression;
import dev.capstan.codegen.tree.Expression.Local;
import dev.capstan.codegen.tree.MethodTree;
import dev.capstan.runtime.kernel.Instruction;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.spi.Access;
import dev.capstan.runtime.type.DType;
import java.util.List;

/**
 * Writes the class that copies a matrix into one with adjacent columns, where those of the source are apart. Where the rows of
 * the source are adjacent it is a transposition, and square blocks are transposed in registers, strip after strip of as many
 * rows of the result as a vector has lanes: the result is written in order, the source is read by whole vectors. The last
 * block of a strip and the last strip overlap those before them.
 */
final class TransposedCopy {
    private static final Expression ZERO = Expression.constant(0);

    private final Frame frame;
    private final ClassTree.Builder type;
    private final Lanes lanes;
    private final int count;
    private final Expression species;
    private final Transposition transposition;

    private TransposedCopy(ClassTree.Builder type, Frame frame, DType element, VectorWidth width) {
        this.frame = frame;
        this.type = type;
        this.lanes = Lanes.of(element);
        this.count = width.lanes(lanes.element());
        this.species = type.field("SPECIES", lanes.species(), width.speciesOf(lanes.element()));
        this.transposition = new Transposition(type, width, lanes.element(), species);
    }

    /** Whether a loop is such a copy. */
    static boolean is(LoopPattern pattern) {
        List<Instruction> steps = pattern.kernel().instructions();
        return pattern.accesses().equals(List.of(Access.STRIDED, Access.UNIT))
                && steps.size() == 1
                && steps.get(0).primitive() == Primitive.INPUT
                && steps.get(0).type().bytes() >= Integer.BYTES;
    }

    /** Adds the method that copies; {@code otherwise} names the one for other layouts, and for matrices without a whole block. */
    static void write(ClassTree.Builder type, Frame frame, DType element, VectorWidth width, String otherwise) {
        type.method(new TransposedCopy(type, frame, element, width).method(otherwise));
    }

    private MethodTree method(String otherwise) {
        BlockBuilder body = frame.body();
        LoopTree.leaveIfEmpty(body, frame.rows());
        Local rowStep = frame.rowStep(0);
        Expression few = Expression.constant(count);
        body.when(
                rowStep.notEqualTo(Expression.constant(1))
                        .orElse(frame.rows().lessThan(few))
                        .orElse(frame.columns().lessThan(few)),
                other -> {
                    frame.handOn(other, type.type(), otherwise, List.of());
                    other.returns();
                });
        Local lastRow = body.declare("lastRow", frame.rows().minus(few));
        Local lastColumn = body.declare("lastColumn", frame.columns().minus(few));
        body.count("i", ZERO, frame.rows(), count, (strip, i) -> {
            Local row = strip.declare("row", i.lessThan(lastRow).choose(i, lastRow));
            List<Local> starts = frame.starts(strip, row);
            strip.count("j", ZERO, frame.columns(), count, (block, j) -> {
                Local column = block.declare("column", j.lessThan(lastColumn).choose(j, lastColumn));
                copyBlock(block, starts, column);
            });
        });
        return frame.build();
    }

    private void copyBlock(BlockBuilder block, List<Local> starts, Local column) {
        Local from = block.declare("from", frame.index(0, starts.get(0), column));
        List<Expression> rows = transposition.transpose(block, i -> {
            if (i > 0) {
                block.assign(from, from.plus(frame.columnStep(0)));
            }
            return lanes.load(species, frame.array(0), from);
        });
        Local to = block.declare("to", frame.index(1, starts.get(1), column));
        for (int i = 0; i < count; i++) {
            block.add(lanes.store(rows.get(i), frame.array(1), to));
            if (i < count - 1) {
                block.assign(to, to.plus(frame.rowStep(1)));
            }
        }
    }
}
