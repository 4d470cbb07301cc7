// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.schedule.Schedule.Fused;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Multiply;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Reduce;
import dev.capstan.tracer.schedule.Schedule.Rows;
import dev.capstan.tracer.schedule.Schedule.Single;
import dev.capstan.tracer.schedule.Schedule.Slot;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.List;

/** Whether what a step says of its work, its shape above all, is what its places are: generated code goes by either. */
final class StepTypes {
    private final List<Slot> slots;

    /** @param slots in which the places of steps lie */
    StepTypes(List<Slot> slots) {
        this.slots = slots;
    }

    /** Whether shapes and element types of a step fit one another; of rows, only how far they are rows. */
    boolean fit(Step step) {
        if (step instanceof Loop loop) {
            return loop.kernel().outputs().size() == loop.outputs().size()
                    && areRead(loop.inputs(), loop.shape(), loop.kernel().inputs())
                    && areWritten(loop);
        }
        if (step instanceof Reduce reduce) {
            return reduce.reduced().size() == reduce.domain().rank()
                    && areRead(
                            reduce.inputs(),
                            reduce.domain(),
                            reduce.kernel().map().inputs())
                    && is(reduce.output(), reduce.kernel().finish().outputType(0), kept(reduce));
        }
        if (step instanceof Single single) {
            TensorType result = single.operator()
                    .infer(single.inputs().stream().map(this::type).toList());
            return result.equals(type(single.output()));
        }
        if (step instanceof Multiply multiply) {
            return fits(multiply);
        }
        return !(step instanceof Rows rows) || fits(rows);
    }

    private DType dtype(Place place) {
        return slots.get(place.slot()).dtype();
    }

    private TensorType type(Place place) {
        return new TensorType(dtype(place), place.layout().shape());
    }

    private boolean is(Place place, DType dtype, Shape shape) {
        return dtype(place) == dtype && place.layout().shape().equals(shape);
    }

    private boolean areRead(List<Place> places, Shape shape, List<DType> types) {
        boolean fit = places.size() == types.size();
        for (int i = 0; fit && i < places.size(); i++) {
            fit = is(places.get(i), types.get(i), shape);
        }
        return fit;
    }

    private boolean areWritten(Loop loop) {
        for (int i = 0; i < loop.outputs().size(); i++) {
            if (!is(loop.outputs().get(i), loop.kernel().outputType(i), loop.shape())) {
                return false;
            }
        }
        return true;
    }

    private static Shape kept(Reduce reduce) {
        int[] sizes = reduce.domain().sizes();
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = reduce.reduced().get(i) ? 1 : sizes[i];
        }
        return Shape.of(sizes);
    }

    private boolean fits(Multiply multiply) {
        Layout left = multiply.left().layout();
        Layout right = multiply.right().layout();
        int rank = left.shape().rank();
        DType type = dtype(multiply.output());
        if (rank < 2 || right.shape().rank() != rank || dtype(multiply.left()) != type) {
            return false;
        }
        int[] factor = left.shape().sizes();
        factor[rank - 2] = left.shape().size(rank - 1);
        factor[rank - 1] = right.shape().size(rank - 1);
        int[] product = left.shape().sizes();
        product[rank - 1] = right.shape().size(rank - 1);
        return is(multiply.right(), type, Shape.of(factor)) && is(multiply.output(), type, Shape.of(product));
    }

    private static boolean fits(Rows rows) {
        Shape first = null;
        for (Step step : rows.body().steps()) {
            if (!(step instanceof Fused fused) || fused.space().rank() < rows.rank()) {
                return false;
            }
            first = first == null ? fused.space() : first;
            for (int i = 0; i < fused.space().rank(); i++) {
                boolean row = i < rows.rank();
                boolean alike = !row || fused.space().size(i) == first.size(i);
                boolean combined =
                        !(step instanceof Reduce reduce) || reduce.reduced().get(i) != row;
                if (!alike || !combined) {
                    return false;
                }
            }
        }
        return true;
    }
}
