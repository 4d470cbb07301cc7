// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.codegen.fusion.FusedKernels;
import dev.capstan.codegen.fusion.FusedReduction;
import dev.capstan.codegen.fusion.ReductionPattern;
import dev.capstan.codegen.fusion.ReductionPattern.Direction;
import dev.capstan.codegen.kernel.VectorWidth;
import dev.capstan.runtime.spi.Access;
import dev.capstan.runtime.type.Layout;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Reduce;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How a generated reduction runs a step: which way, and over which nest. The last two dimensions of the nest are rows and
 * columns of the generated method; what is outside of them are more results.
 */
record ReductionPlan(FusedReduction reduction, Nest nest) {
    /** Without vectors the eager executor is quicker where so many results lie side by side. */
    private static final int MANY_COLUMNS = 32;

    /** The plan for a step, if there is generated code for it; its domain is not empty. */
    static Optional<ReductionPlan> of(Reduce step) {
        List<Layout> layouts =
                new ArrayList<>(step.inputs().stream().map(Place::layout).toList());
        layouts.add(step.output().layout());
        List<Integer> over = new ArrayList<>();
        List<Integer> kept = new ArrayList<>();
        for (int i = 0; i < step.domain().rank(); i++) {
            (step.reduced().get(i) ? over : kept).add(i);
        }
        Nest elements = Nest.inOrder(step.domain(), layouts.subList(0, layouts.size() - 1), over);
        Nest results = Nest.inOrder(step.domain(), layouts, kept);
        if (elements.rank() > 1) {
            return Optional.empty();
        }
        Nest down = nest(results, elements, false);
        if (isSideBySide(down) && down.columns() >= vectorLength(step)) {
            return FusedKernels.shared()
                    .reduction(new ReductionPattern(step.kernel(), Direction.DOWN_COLUMNS, down.accesses()))
                    .map(reduction -> new ReductionPlan(reduction, down));
        }
        if (isSideBySide(down) && down.columns() >= MANY_COLUMNS) {
            return Optional.empty();
        }
        Nest along = nest(results, elements, true);
        List<Access> accesses = new ArrayList<>(along.accesses());
        accesses.set(accesses.size() - 1, Access.ZERO);
        return FusedKernels.shared()
                .reduction(new ReductionPattern(step.kernel(), Direction.ALONG_ROWS, accesses))
                .map(reduction -> new ReductionPlan(reduction, along));
    }

    /** Elements of a vector, or more than there can be columns without vectors. */
    private static int vectorLength(Reduce step) {
        return VectorWidth.current()
                .map(width -> width.bits()
                        / Byte.SIZE
                        / Math.max(1, step.kernel().state().bytes()))
                .orElse(Integer.MAX_VALUE);
    }

    /** True if results lie side by side in all operands, and the elements of at least one result are apart. */
    private static boolean isSideBySide(Nest down) {
        boolean apart = false;
        for (int i = 0; i < down.strides().size(); i++) {
            if (Access.of(down.columnStep(i)) == Access.STRIDED) {
                return false;
            }
            apart |= i < down.strides().size() - 1 && down.columnStep(i) == 1 && down.rowStep(i) != 1;
        }
        return apart && down.columnStep(down.strides().size() - 1) == 1;
    }

    /** The dimensions of the results with that of the elements inside of or around their last one. */
    private static Nest nest(Nest results, Nest elements, boolean elementsInside) {
        int at = elementsInside ? results.rank() : results.rank() - 1;
        List<Integer> sizes = new ArrayList<>(results.sizes());
        sizes.add(at, elements.columns());
        List<List<Integer>> strides = new ArrayList<>();
        for (int i = 0; i < results.strides().size(); i++) {
            List<Integer> steps = new ArrayList<>(results.strides().get(i));
            boolean isOutput = i == elements.strides().size();
            steps.add(at, isOutput ? 0 : elements.columnStep(i));
            strides.add(steps);
        }
        return new Nest(sizes, strides);
    }
}
