// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import dev.capstan.codegen.kernel.VectorWidth;
import dev.capstan.codegen.tree.BlockBuilder;
import dev.capstan.codegen.tree.ClassTree;
import dev.capstan.codegen.tree.Expression;
import dev.capstan.codegen.tree.Expression.Local;
import dev.capstan.codegen.tree.Primitive;
import dev.capstan.runtime.kernel.Instruction;
import dev.capstan.runtime.type.DType;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

/** Writes a kernel's computation on the inputs of a frame, in scalar form or, once that was begun, in vectors. */
final class KernelCode {
    /** The constant of the generated class for the number of elements in a vector. */
    static final String LANES = "LANES";

    private final LoopPattern pattern;
    private final Frame frame;
    private final Steps steps;
    private final Map<Integer, Expression> constants = new HashMap<>();
    private Lanes main;
    private Expression lanes;
    private VectorForm form;

    KernelCode(LoopPattern pattern, Frame frame) {
        this.pattern = pattern;
        this.frame = frame;
        this.steps = new Steps(pattern);
    }

    /** Declares the class's constants for vectors. */
    void declareSpecies(ClassTree.Builder type, VectorWidth width) {
        declareSpecies(type, width, Set.of());
    }

    /** The same, and those of other kinds of vectors. */
    void declareSpecies(ClassTree.Builder type, VectorWidth width, Set<Lanes> others) {
        main = VectorLoop.mainLanes(pattern);
        Set<Lanes> kinds = VectorLoop.lanes(pattern);
        kinds.addAll(others);
        Map<Lanes, Expression> species = new EnumMap<>(Lanes.class);
        for (Lanes kind : kinds) {
            species.put(kind, type.field(kind.speciesField(), kind.species(), width.speciesOf(kind.element())));
        }
        lanes = type.field(LANES, Primitive.INT, Lanes.length(species.get(main)));
        form = new VectorForm(species);
    }

    /** Takes the class's constants for vectors, which were declared for a computation of which this one is a part. */
    KernelCode partOf(KernelCode whole) {
        main = whole.main;
        lanes = whole.lanes;
        form = whole.form;
        return this;
    }

    /** The number of elements in a vector. */
    Expression lanes() {
        return lanes;
    }

    /** How vectors are written. */
    VectorForm form() {
        return form;
    }

    /** Declares vectors of the kernel's constants. */
    void declareConstants(BlockBuilder block) {
        for (int step : steps.broadcastConstants()) {
            Instruction constant = pattern.kernel().instructions().get(step);
            Expression value = form.broadcast(constant.type(), main, ScalarForm.constant(constant));
            constants.put(step, block.declare("c" + step, value));
        }
    }

    /** Declares what is the same in all columns of a row. */
    Row row(BlockBuilder block, List<Local> starts) {
        return new Row(starts, steps.uniformValues(block, input -> frame.load(input, starts, null)));
    }

    /** The computation within one row. */
    final class Row {
        private final List<Local> starts;
        private final Map<Integer, Expression> scalars;
        private final Map<Integer, Expression> vectors = new HashMap<>(constants);

        private Row(List<Local> starts, Map<Integer, Expression> scalars) {
            this.starts = starts;
            this.scalars = scalars;
        }

        /** Declares vectors of what is the same in all columns. */
        Row broadcast(BlockBuilder block) {
            for (int step : steps.broadcastUniforms()) {
                DType type = pattern.kernel().instructions().get(step).type();
                vectors.put(step, block.declare("v" + step, form.broadcast(type, main, scalars.get(step))));
            }
            return this;
        }

        List<Local> starts() {
            return starts;
        }

        /** Computes one column; {@code results} takes each output. */
        void scalar(BlockBuilder block, Expression column, BiConsumer<Integer, Expression> results) {
            steps.varying(
                    block, "", new ScalarForm(), scalars, scalars, input -> frame.load(input, starts, column), results);
        }

        /** Computes the vector that begins at a column; {@code results} takes each output. */
        void vector(BlockBuilder block, String suffix, Expression column, BiConsumer<Integer, Expression> results) {
            steps.varying(
                    block,
                    suffix,
                    form,
                    vectors,
                    scalars,
                    input -> frame.loadVector(form, input, starts, column),
                    results);
        }
    }
}
