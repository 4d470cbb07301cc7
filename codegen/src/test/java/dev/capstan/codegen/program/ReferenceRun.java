// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.runtime.eager.ContractionExecutor;
import dev.capstan.runtime.eager.ElementwiseExecutor;
import dev.capstan.runtime.eager.OperatorExecutor;
import dev.capstan.runtime.eager.PreparedKernel;
import dev.capstan.runtime.eager.ReductionExecutor;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.spi.Compilers;
import dev.capstan.runtime.type.Layout;
import dev.capstan.tracer.schedule.Schedule;
import dev.capstan.tracer.schedule.Schedule.Clear;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Multiply;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Reduce;
import dev.capstan.tracer.schedule.Schedule.Rows;
import dev.capstan.tracer.schedule.Schedule.Single;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.List;

/** Runs a schedule step by step on the eager executors. */
final class ReferenceRun {
    private final Schedule schedule;
    private final Object[] arrays;
    private final int[] offsets;

    private ReferenceRun(Schedule schedule, Object[] arrays, int[] offsets) {
        this.schedule = schedule;
        this.arrays = arrays;
        this.offsets = offsets;
    }

    static void run(Schedule schedule, Object[] arrays, int[] offsets) {
        ReferenceRun run = new ReferenceRun(schedule, arrays, offsets);
        schedule.steps().forEach(run::step);
    }

    private NdArray view(Place place) {
        Layout layout = place.layout();
        int offset = layout.offset() + offsets[place.slot()];
        Storage storage = Storage.of(schedule.slots().get(place.slot()).dtype(), arrays[place.slot()]);
        return new NdArray(storage, Layout.of(layout.shape(), layout.strides(), offset));
    }

    private NdArray[] views(List<Place> places) {
        return places.stream().map(this::view).toArray(NdArray[]::new);
    }

    private void step(Step step) {
        if (step instanceof Loop loop) {
            PreparedKernel kernel = PreparedKernel.of(loop.kernel(), Compilers.NONE);
            ElementwiseExecutor.run(kernel, views(loop.inputs()), views(loop.outputs()));
        } else if (step instanceof Multiply multiply) {
            ContractionExecutor.multiply(view(multiply.left()), view(multiply.right()), view(multiply.output()));
        } else if (step instanceof Reduce reduce) {
            boolean[] reduced = new boolean[reduce.reduced().size()];
            for (int i = 0; i < reduced.length; i++) {
                reduced[i] = reduce.reduced().get(i);
            }
            ReductionExecutor.run(reduce.kernel(), views(reduce.inputs()), reduced, view(reduce.output()));
        } else if (step instanceof Rows rows) {
            StepByStep.eager(schedule, rows).run(arrays, offsets);
        } else if (step instanceof Single single) {
            OperatorExecutor.execute(single.operator(), views(single.inputs()), view(single.output()));
        } else {
            NdArray output = view(((Clear) step).output());
            for (int position : output.positions()) {
                output.set(position, 0);
            }
        }
    }
}
