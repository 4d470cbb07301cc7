// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.tracer.schedule.Schedule.Clear;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Multiply;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Reduce;
import dev.capstan.tracer.schedule.Schedule.Rows;
import dev.capstan.tracer.schedule.Schedule.Single;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.List;
import java.util.function.UnaryOperator;

/** Steps of all kinds. */
final class Steps {
    private Steps() {}

    /** The same step elsewhere. */
    static Step moved(Step step, UnaryOperator<Place> place) {
        if (step instanceof Loop loop) {
            return new Loop(loop.kernel(), loop.shape(), moved(loop.inputs(), place), moved(loop.outputs(), place));
        }
        if (step instanceof Reduce reduce) {
            return new Reduce(
                    reduce.kernel(),
                    reduce.domain(),
                    reduce.reduced(),
                    moved(reduce.inputs(), place),
                    place.apply(reduce.output()));
        }
        if (step instanceof Rows rows) {
            return new Rows(rows.body(), rows.rank(), moved(rows.inputs(), place), moved(rows.outputs(), place));
        }
        if (step instanceof Single single) {
            return new Single(single.operator(), moved(single.inputs(), place), place.apply(single.output()));
        }
        return step instanceof Multiply multiply
                ? new Multiply(
                        place.apply(multiply.left()), place.apply(multiply.right()), place.apply(multiply.output()))
                : new Clear(place.apply(((Clear) step).output()));
    }

    private static List<Place> moved(List<Place> places, UnaryOperator<Place> place) {
        Place[] moved = new Place[places.size()];
        for (int i = 0; i < moved.length; i++) {
            moved[i] = place.apply(places.get(i));
        }
        return List.of(moved);
    }
}
