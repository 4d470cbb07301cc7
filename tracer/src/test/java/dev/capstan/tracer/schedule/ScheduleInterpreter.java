// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.eager.OperatorExecutor;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.tracer.rewrite.LayoutAlgebra;
import dev.capstan.tracer.schedule.Schedule.Clear;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Multiply;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Reduce;
import dev.capstan.tracer.schedule.Schedule.Rows;
import dev.capstan.tracer.schedule.Schedule.Single;
import dev.capstan.tracer.schedule.Schedule.Slot;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Runs a schedule step by step. What the schedule has to write itself is filled with rubbish first. */
final class ScheduleInterpreter {
    private static final double RUBBISH = 77;

    private final Schedule schedule;
    private final NdArray[] arrays;

    /**
     * Sets up the memory.
     *
     * @param external for a slot that comes from outside its storage, and as the layout's offset where it begins there
     */
    ScheduleInterpreter(Schedule schedule, Function<Slot, NdArray> external) {
        this.schedule = schedule;
        this.arrays = schedule.slots().stream()
                .map(slot -> switch (slot.kind()) {
                    case RESULT, ARENA -> rubbish(slot);
                    case KEPT -> external.apply(slot) == null ? rubbish(slot) : external.apply(slot);
                    default -> external.apply(slot);
                })
                .toArray(NdArray[]::new);
    }

    private static NdArray rubbish(Slot slot) {
        NdArray array = NdArray.zeros(slot.dtype(), Shape.of(slot.elements()));
        for (int i = 0; i < slot.elements(); i++) {
            array.set(i, slot.dtype().isFloating() ? Double.NaN : slot.dtype() == DType.BOOL ? 1 : RUBBISH);
        }
        return array;
    }

    ScheduleInterpreter run() {
        schedule.steps().forEach(this::run);
        return this;
    }

    /** What lies at a place. */
    NdArray at(Place place) {
        NdArray array = arrays[place.slot()];
        return array.view(LayoutAlgebra.shifted(place.layout(), array.layout().offset()));
    }

    /** The array of a slot. */
    Storage storage(Slot slot) {
        return arrays[schedule.slots().indexOf(slot)].storage();
    }

    private NdArray[] at(List<Place> places) {
        return places.stream().map(this::at).toArray(NdArray[]::new);
    }

    private void run(Step step) {
        if (step instanceof Loop loop) {
            Naive.map(loop.kernel(), at(loop.inputs()), at(loop.outputs()));
        } else if (step instanceof Reduce reduce) {
            boolean[] reduced = new boolean[reduce.reduced().size()];
            for (int i = 0; i < reduced.length; i++) {
                reduced[i] = reduce.reduced().get(i);
            }
            Naive.reduce(reduce.kernel(), reduce.domain(), reduced, at(reduce.inputs()), at(reduce.output()));
        } else if (step instanceof Rows rows) {
            List<Place> given = new ArrayList<>(rows.inputs());
            given.addAll(rows.outputs());
            new ScheduleInterpreter(rows.body(), slot -> {
                        NdArray array = at(given.get(slot.index()));
                        return array.view(offset(array.layout().offset()));
                    })
                    .run();
        } else if (step instanceof Multiply multiply) {
            if (!multiply.output().layout().isContiguous()) {
                throw new AssertionError("the product is not contiguous: " + multiply);
            }
            Naive.multiply(at(multiply.left()), at(multiply.right()), at(multiply.output()));
        } else if (step instanceof Single single) {
            OperatorExecutor.execute(single.operator(), at(single.inputs()), at(single.output()));
        } else {
            Place place = ((Clear) step).output();
            if (!place.layout().isContiguous()) {
                throw new AssertionError("what is cleared is not contiguous: " + step);
            }
            NdArray array = at(place);
            for (int position : array.positions()) {
                array.set(position, 0);
            }
        }
    }

    static Layout offset(int offset) {
        return Layout.of(Shape.SCALAR, new int[0], offset);
    }
}
