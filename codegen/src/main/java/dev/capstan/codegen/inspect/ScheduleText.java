// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.inspect;

import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.tracer.schedule.Repetition;
import dev.capstan.tracer.schedule.Schedule;
import dev.capstan.tracer.schedule.Schedule.Clear;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Multiply;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Reduce;
import dev.capstan.tracer.schedule.Schedule.Rows;
import dev.capstan.tracer.schedule.Schedule.Single;
import dev.capstan.tracer.schedule.Schedule.Slot;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** A schedule as text: slots, steps, repeated ones as they are the first time, and each distinct kernel once. */
final class ScheduleText {
    private final StringBuilder text = new StringBuilder();
    private final Map<Kernel, Integer> kernels;
    private final Schedule schedule;

    private ScheduleText(Schedule schedule, Map<Kernel, Integer> kernels) {
        this.schedule = schedule;
        this.kernels = kernels;
    }

    static String of(Schedule schedule) {
        return new ScheduleText(schedule, new LinkedHashMap<>()).print();
    }

    private String print() {
        text.append("slots\n");
        for (Slot slot : schedule.slots()) {
            text.append("  ").append(name(slot)).append(" : ").append(slot.dtype());
            text.append('[').append(slot.elements()).append("]\n");
        }
        text.append("steps\n");
        int next = 0;
        for (Repetition repetition : schedule.repetitions()) {
            steps("  ", next, repetition.first());
            int last = repetition.end() - 1;
            text.append("  ")
                    .append(repetition.first())
                    .append(" to ")
                    .append(last)
                    .append(": ");
            text.append(repetition.times()).append(" times, the first time\n");
            steps(
                    "    ",
                    repetition.first(),
                    repetition.first() + repetition.body().steps().size());
            next = repetition.end();
        }
        steps("  ", next, schedule.steps().size());
        text.append("results\n");
        schedule.results()
                .forEach(place -> text.append("  ").append(place(place)).append('\n'));
        kernels.forEach((kernel, number) ->
                text.append("kernel ").append(number).append('\n').append(kernel));
        return text.toString();
    }

    private void steps(String indent, int from, int to) {
        for (int i = from; i < to; i++) {
            Step step = schedule.steps().get(i);
            text.append(indent).append(i).append(": ").append(step(step)).append('\n');
            if (step instanceof Rows rows) {
                ScheduleText body = new ScheduleText(rows.body(), kernels);
                body.steps(indent + "    ", 0, rows.body().steps().size());
                text.append(body.text);
            }
        }
    }

    private static String name(Slot slot) {
        return slot.kind().name().toLowerCase(Locale.ROOT) + slot.index();
    }

    private String place(Place place) {
        return name(schedule.slots().get(place.slot())) + place.layout();
    }

    private String places(List<Place> places) {
        return places.stream().map(this::place).collect(Collectors.joining(", "));
    }

    private String kernel(Kernel kernel) {
        return "kernel " + kernels.computeIfAbsent(kernel, added -> kernels.size());
    }

    private String step(Step step) {
        if (step instanceof Loop loop) {
            return places(loop.outputs()) + " = " + kernel(loop.kernel()) + " of " + places(loop.inputs());
        }
        if (step instanceof Multiply multiply) {
            return place(multiply.output()) + " = " + place(multiply.left()) + " x " + place(multiply.right());
        }
        if (step instanceof Reduce reduce) {
            return place(reduce.output()) + " = finished by "
                    + kernel(reduce.kernel().finish()) + ": "
                    + reduce.kernel().combine() + " over " + reduce.reduced() + " of " + reduce.domain() + " of "
                    + kernel(reduce.kernel().map()) + " of " + places(reduce.inputs());
        }
        if (step instanceof Rows rows) {
            return places(rows.outputs()) + " = row by row of " + places(rows.inputs());
        }
        if (step instanceof Single single) {
            return place(single.output()) + " = " + single.operator() + " of " + places(single.inputs());
        }
        return place(((Clear) step).output()) + " = 0";
    }
}
