// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.ReductionKernel;
import dev.capstan.runtime.type.Layout;
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

/**
 * A schedule for reading: slots, one line a step, those that come several times as they are the first time, and each
 * kernel once, under the name by which steps call it. A place is the slot's name, the sizes, the strides where it is not
 * contiguous, and the offset.
 *
 * <pre>{@code
 * slots
 *   input0     float32[64]
 *   result0    float32[32]
 * steps
 *   0  loop k0[32]  input0[32]+32 -> result0[32]
 *   1 to 60, 30 times, first:
 *     1  multiply  result0[1,32]  input1[32,32] -> arena0[1,32]
 *     2  loop k1[32]  arena0[32] -> arena0[32]+32
 * results
 *   result0[4,8]
 * k0(float32)
 *   %0 = in0:float32
 *   %1 = neg %0
 *   -> %1
 * }</pre>
 */
final class ScheduleText {
    private final Schedule schedule;
    private final Map<Object, String> kernels;
    private final StringBuilder text = new StringBuilder();

    private ScheduleText(Schedule schedule, Map<Object, String> kernels) {
        this.schedule = schedule;
        this.kernels = kernels;
    }

    static String of(Schedule schedule) {
        return new ScheduleText(schedule, new LinkedHashMap<>()).write();
    }

    private String write() {
        text.append("slots\n");
        for (int i = 0; i < schedule.slots().size(); i++) {
            Slot slot = schedule.slots().get(i);
            text.append(String.format("  %-10s %s[%d]\n", name(i), slot.dtype(), slot.elements()));
        }
        text.append("steps\n");
        int next = 0;
        for (Repetition repetition : schedule.repetitions()) {
            lines("  ", next, repetition.first());
            int length = repetition.body().steps().size();
            text.append(String.format(
                    "  %d to %d, %d times, first:\n", repetition.first(), repetition.end() - 1, repetition.times()));
            lines("    ", repetition.first(), repetition.first() + length);
            next = repetition.end();
        }
        lines("  ", next, schedule.steps().size());
        text.append("results\n");
        schedule.results()
                .forEach(place -> text.append("  ").append(text(place)).append('\n'));
        kernels.forEach(this::write);
        return text.toString();
    }

    private void lines(String indent, int from, int to) {
        for (int i = from; i < to; i++) {
            text.append(indent).append(i).append("  ");
            text.append(line(schedule.steps().get(i), indent)).append('\n');
        }
    }

    private String line(Step step, String indent) {
        String inputs = step.inputs().stream().map(this::text).collect(Collectors.joining("  "));
        String outputs = step.outputs().stream().map(this::text).collect(Collectors.joining("  "));
        String moved = inputs.isEmpty() ? "-> " + outputs : inputs + " -> " + outputs;
        if (step instanceof Loop loop) {
            return "loop " + kernel(loop.kernel()) + loop.shape() + "  " + moved;
        }
        if (step instanceof Reduce reduce) {
            String marks = reduce.reduced().stream()
                    .map(reduced -> reduced ? "+" : "_")
                    .collect(Collectors.joining(",", "[", "]"));
            return "reduce " + kernel(reduce.kernel()) + reduce.domain() + " over " + marks + "  " + moved;
        }
        if (step instanceof Rows rows) {
            return "rows  " + moved + "\n" + body(rows.body(), indent);
        }
        if (step instanceof Single single) {
            return single.operator() + "  " + moved;
        }
        return (step instanceof Multiply ? "multiply  " : step instanceof Clear ? "clear  " : "") + moved;
    }

    /** The steps of rows, which name their own slots, and share the names of kernels. */
    private String body(Schedule body, String indent) {
        ScheduleText inside = new ScheduleText(body, kernels);
        return body.steps().stream()
                .map(step -> indent + "     " + inside.line(step, indent))
                .collect(Collectors.joining("\n"));
    }

    private String kernel(Object kernel) {
        return kernels.computeIfAbsent(kernel, unseen -> "k" + kernels.size());
    }

    private String name(int slot) {
        Slot of = schedule.slots().get(slot);
        return of.kind().name().toLowerCase(Locale.ROOT).replace("forward_result", "forward") + of.index();
    }

    private String text(Place place) {
        Layout layout = place.layout();
        if (!layout.isContiguous()) {
            return name(place.slot()) + layout;
        }
        return name(place.slot()) + layout.shape() + (layout.offset() == 0 ? "" : "+" + layout.offset());
    }

    private void write(Object kernel, String name) {
        if (kernel instanceof Kernel loop) {
            write(name, loop);
        } else {
            ReductionKernel reduction = (ReductionKernel) kernel;
            write(name + ", combined by " + reduction.combine().symbol(), reduction.map());
            write(name + ", finished by", reduction.finish());
        }
    }

    private void write(String title, Kernel kernel) {
        text.append(title).append(list(kernel.inputs(), "(", ")")).append('\n');
        for (int i = 0; i < kernel.instructions().size(); i++) {
            text.append("  %")
                    .append(i)
                    .append(" = ")
                    .append(kernel.instructions().get(i))
                    .append('\n');
        }
        text.append("  -> ")
                .append(list(kernel.outputs().stream().map(o -> "%" + o).toList(), "", ""))
                .append('\n');
    }

    private static String list(List<?> items, String before, String after) {
        return items.stream().map(Object::toString).collect(Collectors.joining(", ", before, after));
    }
}
