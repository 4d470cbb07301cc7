// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.op.Reduction;
import dev.capstan.runtime.type.Shape;
import dev.capstan.tracer.schedule.Schedule.Place;
import java.util.List;

/** One piece of work before fusion. */
sealed interface Task {
    /** Stands for no value. */
    int NOTHING = -1;

    /** Its place in the program's order: it comes after the tasks that write what it reads. */
    int order();

    /** The graph values that it reads. */
    List<Integer> operands();

    /** The root that it writes; {@link #NOTHING} for a copy that leaves as a result. */
    int writes();

    /** True if it writes all of that root. */
    boolean isWhole();

    /** The elements over which it runs; operands broadcast to it. */
    Shape shape();

    /** Where the result goes. */
    Place target();

    /**
     * One result per element.
     *
     * @param kernel from the operands' types to the result
     * @param target a place of {@code shape}; a root that only fused tasks read is not written there
     */
    record Map(int order, Kernel kernel, List<Integer> operands, int writes, boolean isWhole, Shape shape, Place target)
            implements Task {}

    /**
     * A reduction over {@code shape}.
     *
     * @param operator what is computed
     * @param target a place of the result's shape
     */
    record Fold(int order, Reduction operator, List<Integer> operands, int writes, Shape shape, Place target)
            implements Task {
        @Override
        public boolean isWhole() {
            return true;
        }
    }

    /**
     * An operator that nothing is fused with.
     *
     * @param shape the shape of the result
     * @param target a place of that shape
     */
    record Single(int order, Operator operator, List<Integer> operands, int writes, Shape shape, Place target)
            implements Task {
        @Override
        public boolean isWhole() {
            return true;
        }
    }

    /**
     * A matrix product or a stack of them.
     *
     * @param shape the shape of the result
     * @param target contiguous, as it is or after an exchange of its last two dimensions
     */
    record Product(int order, List<Integer> operands, int writes, Shape shape, Place target) implements Task {
        @Override
        public boolean isWhole() {
            return true;
        }
    }
}
