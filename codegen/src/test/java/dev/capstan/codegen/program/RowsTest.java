// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.codegen.fusion.Bits;
import dev.capstan.codegen.kernel.VectorWidth;
import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.kernel.ReductionKernel;
import dev.capstan.runtime.parallel.Workers;
import dev.capstan.runtime.spi.PathReport.Artifact;
import dev.capstan.runtime.spi.PathReport.Kind;
import dev.capstan.runtime.spi.Tier;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.tracer.capture.ScheduleCompiler.CompiledSchedule;
import dev.capstan.tracer.schedule.Schedule;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Reduce;
import dev.capstan.tracer.schedule.Schedule.Rows;
import dev.capstan.tracer.schedule.Schedule.Slot;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Kernels that go band by band against the same ones on the eager executors, one after the other over all rows. */
@Tag("everywhere")
class RowsTest {
    private static final int BEGIN = 5;

    /**
     * What is done with rows.
     *
     * @param rows the sizes of their dimensions
     * @param shared the dimension of rows along which the second operand is one and the same, or -1
     * @param bands how many there are, or -1 if that does not matter
     */
    private record Case(DType type, List<Integer> rows, int columns, int shared, int bands) {}

    static Stream<Case> cases() {
        return Stream.of(
                new Case(DType.FLOAT32, List.of(7), 5, -1, 1),
                new Case(DType.FLOAT32, List.of(700), 33, -1, 6),
                new Case(DType.FLOAT32, List.of(512), 100, -1, 13),
                new Case(DType.FLOAT32, List.of(5), 5000, -1, 5),
                new Case(DType.FLOAT64, List.of(201), 70, -1, 8),
                new Case(DType.FLOAT32, List.of(3, 250), 65, 0, 3 * 5),
                new Case(DType.FLOAT32, List.of(2, 3, 9), 40, 1, 2 * 3));
    }

    /** {@code y = x - max(x); z = exp-like(y); out = z / f(sum(z)) * w}, with the sums, too, as a result. */
    private static Schedule schedule(Case of) {
        DType type = of.type;
        int rank = of.rows.size();
        int[] sizes = new int[rank + 1];
        int count = 1;
        for (int i = 0; i < rank; i++) {
            sizes[i] = of.rows.get(i);
            count *= sizes[i];
        }
        sizes[rank] = of.columns;
        Shape wide = Shape.of(sizes);
        Shape narrow = wide.remove(rank);
        Layout rows = Layout.contiguous(wide);
        int[] steps = rows.strides();
        if (of.shared >= 0) {
            steps[of.shared] = 0;
        }
        List<Slot> slots = List.of(
                new Slot(Schedule.Kind.INPUT, 0, type, wide.elements()),
                new Slot(Schedule.Kind.INPUT, 1, type, wide.elements()),
                new Slot(Schedule.Kind.INPUT, 2, type, wide.elements()),
                new Slot(Schedule.Kind.INPUT, 3, type, count),
                new Slot(Schedule.Kind.ARENA, 0, type, count),
                new Slot(Schedule.Kind.ARENA, 1, type, wide.elements()),
                new Slot(Schedule.Kind.ARENA, 2, type, count));
        Place x = new Place(0, rows);
        Place w = new Place(1, Layout.of(wide, steps, 0));
        Place out = new Place(2, rows);
        Place z = new Place(5, rows);
        Expr a = Expr.input(0, type);
        Expr b = Expr.input(1, type);
        Expr c = Expr.input(2, type);
        List<DType> two = List.of(type, type);
        List<Step> body = List.of(
                reduce(Primitive.MAX, type, wide, x, 4),
                new Loop(
                        Kernel.of(two, List.of(a.sub(b).mul(a.sub(b)).add(a.like(1)))),
                        wide,
                        List.of(x, spread(4, wide)),
                        List.of(z)),
                reduce(Primitive.ADD, type, wide, z, 3),
                new Loop(
                        Kernel.of(List.of(type), List.of(a.like(1).div(a))),
                        narrow,
                        List.of(new Place(3, Layout.contiguous(narrow))),
                        List.of(new Place(6, Layout.contiguous(narrow)))),
                new Loop(
                        Kernel.of(List.of(type, type, type), List.of(a.mul(b).mul(c))),
                        wide,
                        List.of(z, spread(6, wide), w),
                        List.of(out)));
        Place sums = new Place(3, Layout.of(narrow, Layout.contiguous(narrow).strides(), 0));
        Schedule inside = new Schedule(slots, body, List.of());
        List<Slot> arrays = List.of(
                new Slot(Schedule.Kind.INPUT, 0, type, wide.elements()),
                new Slot(Schedule.Kind.INPUT, 1, type, wide.elements()),
                new Slot(Schedule.Kind.RESULT, 0, type, wide.elements() + BEGIN),
                new Slot(Schedule.Kind.ARENA, 0, type, count));
        Place result = new Place(2, Layout.of(wide, rows.strides(), BEGIN));
        return new Schedule(
                arrays, List.of(new Rows(inside, rank, List.of(x, w), List.of(result, sums))), List.of(result));
    }

    private static Reduce reduce(Primitive combine, DType type, Shape wide, Place input, int output) {
        Kernel same = Kernel.of(List.of(type), List.of(Expr.input(0, type)));
        ReductionKernel kernel = new ReductionKernel(same, combine, ReductionKernel.identity(combine, type), same);
        int rank = wide.rank() - 1;
        List<Boolean> marks = new ArrayList<>();
        for (int i = 0; i <= rank; i++) {
            marks.add(i == rank);
        }
        Layout layout = Layout.contiguous(wide.with(rank, 1));
        return new Reduce(kernel, wide, marks, List.of(input), new Place(output, layout));
    }

    /** One number for each row, along rows. */
    private static Place spread(int slot, Shape wide) {
        int rank = wide.rank() - 1;
        int[] steps = Arrays.copyOf(Layout.contiguous(wide.remove(rank)).strides(), rank + 1);
        return new Place(slot, Layout.of(wide, steps, 0));
    }

    private static Object[] arrays(Schedule schedule, DType type) {
        Random random = new Random(3);
        return schedule.slots().stream()
                .map(slot -> {
                    int elements = slot.elements() + 3;
                    double[] doubles = random.doubles(elements, -2, 2).toArray();
                    float[] floats = new float[elements];
                    for (int i = 0; i < elements; i++) {
                        floats[i] = (float) doubles[i];
                    }
                    return type == DType.FLOAT64 ? doubles : (Object) floats;
                })
                .toArray();
    }

    private static void assertSame(Object[] expected, Object[] actual, String message) {
        for (int i = 0; i < actual.length; i++) {
            assertEquals(Optional.empty(), Bits.difference(expected[i], actual[i]), message + ", array " + i);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void bandsEqualAllRowsAtOnce(Case of) {
        Schedule schedule = schedule(of);
        int[] offsets = {3, 1, 0, 0};
        Object[] expected = arrays(schedule, of.type);
        ReferenceRun.run(schedule, expected, offsets);

        StepByStep steps = new StepByStep(schedule);
        Object[] cold = arrays(schedule, of.type);
        steps.run(cold, offsets);
        assertSame(expected, cold, "eager steps");

        StepUse use = steps.tasks().get(0).generated().orElseThrow();
        // with vectors the sum is computed with what is summed
        assertEquals(VectorWidth.current().isPresent() ? 4 : 5, use.kernels().size());
        steps.tasks().get(0).use(use);
        Object[] warm = arrays(schedule, of.type);
        steps.run(warm, offsets);
        assertSame(expected, warm, "kernels");

        Workers workers = Workers.shared();
        int before = workers.threads();
        try {
            workers.use(3);
            StepUse divided = use.divided();
            assertEquals(
                    of.rows.stream().anyMatch(rows -> rows > 1),
                    divided.division().isPresent());
            steps.tasks().get(0).use(divided);
            Object[] shared = arrays(schedule, of.type);
            steps.run(shared, offsets);
            assertSame(expected, shared, "threads");
        } finally {
            workers.use(before);
        }

        CompiledSchedule program = new ProgramCompiler().compile("Banded", schedule, Tier.GENERATED);
        Object[] generated = arrays(schedule, of.type);
        program.run(generated, offsets);
        assertSame(expected, generated, "driver");

        DriverTree tree = DriverTree.of("Banded", schedule);
        Object[] rendered = arrays(schedule, of.type);
        new CompiledRenditions(program.artifacts())
                .driver("Banded")
                .run(rendered, offsets, tree.scratch(), tree.constants());
        assertSame(expected, rendered, "rendition");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void rowsGoByBandsThatFitTheCache(Case of) {
        Schedule schedule = schedule(of);
        RowsUse use = RowsUse.of((Rows) schedule.steps().get(0)).orElseThrow();
        int last = of.rows.get(of.rows.size() - 1);
        int outer = of.rows.stream().limit(of.rows.size() - 1).reduce(1, (a, b) -> a * b);
        assertEquals(of.bands, outer * ((last + use.band() - 1) / use.band()));
        int row = 4 * of.columns * of.type.bytes();
        assertTrue(use.band() == 1 || use.band() * row <= 1 << 16, use.band() + " rows");
        String source = text(new ProgramCompiler().compile("Text", schedule, Tier.GENERATED));
        assertEquals(use.division().isPresent(), source.contains("shared between threads"), source);
        if (use.division().isEmpty()) {
            String method = source.substring(source.indexOf("void rows0(")).split("Reduction")[0];
            assertEquals(of.bands > outer, method.contains("for (int row = 0; row < " + last), source);
        }
    }

    private static String text(CompiledSchedule program) {
        StringBuilder text = new StringBuilder();
        for (Artifact artifact : program.artifacts()) {
            if (artifact.kind() == Kind.JAVA) {
                text.append(new String(artifact.content(), StandardCharsets.UTF_8));
            }
        }
        return text.toString();
    }
}
