// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import dev.capstan.tracer.schedule.Schedule.Slot;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Generated programs against the eager executors. */
@Tag("everywhere")
class ProgramTest {
    private final ProgramCompiler compiler = new ProgramCompiler();

    private void compare(long seed, int steps) {
        RandomSchedules chance = new RandomSchedules(seed);
        Schedule schedule = chance.schedule(steps);
        Object[] expected = chance.arrays();
        int[] offsets = chance.offsets();
        Object[] actual = new Object[expected.length];
        for (int i = 0; i < actual.length; i++) {
            actual[i] = Bits.copy(schedule.slots().get(i).dtype(), expected[i]);
        }
        CompiledSchedule program = compiler.compile("Random_" + seed, schedule, Tier.GENERATED);
        for (int run = 0; run < 2; run++) {
            ReferenceRun.run(schedule, expected, offsets);
            program.run(actual, offsets);
            for (int i = 0; i < actual.length; i++) {
                Optional<String> difference = Bits.difference(expected[i], actual[i]);
                assertEquals(
                        Optional.empty(),
                        difference,
                        () -> "seed " + seed + "\n" + text(program, Kind.KERNELS) + text(program, Kind.JAVA));
            }
        }
    }

    private static String text(CompiledSchedule program, Kind kind) {
        StringBuilder text = new StringBuilder();
        for (Artifact artifact : program.artifacts()) {
            if (artifact.kind() == kind) {
                text.append(new String(artifact.content(), StandardCharsets.UTF_8));
            }
        }
        return text.toString();
    }

    @Test
    void programsEqualEagerExecutors() {
        for (int seed = 0; seed < 60; seed++) {
            compare(seed, 1 + seed % 12);
        }
    }

    @Test
    void stepsEqualEagerExecutorsWithAndWithoutKernels() {
        for (int seed = 300; seed < 330; seed++) {
            RandomSchedules chance = new RandomSchedules(seed);
            Schedule schedule = chance.schedule(1 + seed % 12);
            Object[] expected = chance.arrays();
            int[] offsets = chance.offsets();
            Object[] actual = copy(schedule, expected);
            StepByStep steps = new StepByStep(schedule);
            ReferenceRun.run(schedule, expected, offsets);
            steps.run(actual, offsets);
            assertSame(expected, actual, "seed " + seed + ", eager steps");
            steps.tasks().forEach(task -> task.generated().ifPresent(task::use));
            ReferenceRun.run(schedule, expected, offsets);
            steps.run(actual, offsets);
            assertSame(expected, actual, "seed " + seed + ", kernels");
        }
    }

    @Test
    void stepsEqualEagerExecutorsHoweverThreadsDivideThem() {
        Workers workers = Workers.shared();
        int before = workers.threads();
        int divided = 0;
        try {
            for (int seed = 400; seed < 440; seed++) {
                workers.use(1 + seed % 4);
                RandomSchedules chance = new RandomSchedules(seed);
                Schedule schedule = chance.schedule(1 + seed % 12);
                Object[] expected = chance.arrays();
                int[] offsets = chance.offsets();
                Object[] actual = copy(schedule, expected);
                StepByStep steps = new StepByStep(schedule);
                for (StepByStep.Task task : steps.tasks()) {
                    Optional<StepUse> use = task.generated().map(StepUse::divided);
                    use.ifPresent(task::use);
                    divided += use.isPresent() && use.get().division().isPresent() ? 1 : 0;
                }
                ReferenceRun.run(schedule, expected, offsets);
                steps.run(actual, offsets);
                assertSame(expected, actual, "seed " + seed);
            }
        } finally {
            workers.use(before);
        }
        assertTrue(divided > 40, divided + " steps");
    }

    /** A kernel over some dimensions that threads are worth, then the sums of its rows, and of its columns. */
    private static Schedule large(int rows, int columns) {
        Shape shape = Shape.of(rows, columns);
        List<Slot> slots = List.of(
                new Slot(Schedule.Kind.INPUT, 0, DType.FLOAT32, shape.elements()),
                new Slot(Schedule.Kind.RESULT, 0, DType.FLOAT32, shape.elements()),
                new Slot(Schedule.Kind.RESULT, 1, DType.FLOAT32, rows),
                new Slot(Schedule.Kind.RESULT, 2, DType.FLOAT32, columns));
        Place in = new Place(0, Layout.contiguous(shape));
        Place out = new Place(1, Layout.contiguous(shape));
        Expr x = Expr.input(0, DType.FLOAT32);
        Expr value = x;
        for (int i = 0; i < 40; i++) {
            value = value.mul(x).add(x.like(i));
        }
        Kernel same = Kernel.of(List.of(DType.FLOAT32), List.of(x));
        ReductionKernel sum =
                new ReductionKernel(same, Primitive.ADD, ReductionKernel.identity(Primitive.ADD, DType.FLOAT32), same);
        List<Step> steps = List.of(
                new Loop(Kernel.of(List.of(DType.FLOAT32), List.of(value)), shape, List.of(in), List.of(out)),
                new Reduce(
                        sum,
                        shape,
                        List.of(false, true),
                        List.of(out),
                        new Place(2, Layout.contiguous(Shape.of(rows, 1)))),
                new Reduce(
                        sum,
                        shape,
                        List.of(true, false),
                        List.of(out),
                        new Place(3, Layout.contiguous(Shape.of(1, columns)))));
        return new Schedule(slots, steps, List.of(out));
    }

    @ParameterizedTest
    @CsvSource({"700, 500", "1, 300001", "3, 100003"})
    void largeStepsAreSharedByThreads(int rows, int columns) {
        Schedule schedule = large(rows, columns);
        Object[] expected = RandomSchedules.arrays(schedule);
        int[] offsets = new int[expected.length];
        Object[] alone = copy(schedule, expected);
        Object[] together = copy(schedule, expected);
        CompiledSchedule program = compiler.compile("Large", schedule, Tier.GENERATED);
        assertTrue(text(program, Kind.JAVA).contains("shared between threads"), text(program, Kind.JAVA));
        Workers workers = Workers.shared();
        int before = workers.threads();
        try {
            workers.use(1);
            ReferenceRun.run(schedule, expected, offsets);
            program.run(alone, offsets);
            assertSame(expected, alone, "one thread");
            workers.use(3);
            program.run(together, offsets);
            assertSame(expected, together, "three threads");
            assertTrue(Thread.getAllStackTraces().keySet().stream()
                    .anyMatch(thread -> thread.getName().equals("capstan-worker-2")));
        } finally {
            workers.use(before);
        }
    }

    @Test
    void programServesBeforeItIsGeneratedWithTheSameBits() throws InterruptedException {
        RandomSchedules chance = new RandomSchedules(42);
        Schedule schedule = chance.schedule(8);
        Object[] expected = chance.arrays();
        int[] offsets = chance.offsets();
        Object[] actual = copy(schedule, expected);
        CompiledSchedule program = compiler.compile("Tiered", schedule, Tier.RISING);
        assertTrue(program.tier().startsWith("step by step"), program.tier());
        long deadline = System.nanoTime() + 120_000_000_000L;
        boolean generated = false;
        while (!generated) {
            generated = program.tier().startsWith("generated, warm after");
            ReferenceRun.run(schedule, expected, offsets);
            program.run(actual, offsets);
            assertSame(expected, actual, program.tier());
            assertTrue(System.nanoTime() < deadline, program.tier());
            Thread.sleep(1);
        }
        assertTrue(text(program, Kind.JAVA).contains("class Tiered "), text(program, Kind.JAVA));
    }

    private static Object[] copy(Schedule schedule, Object[] arrays) {
        Object[] copy = new Object[arrays.length];
        for (int i = 0; i < copy.length; i++) {
            copy[i] = Bits.copy(schedule.slots().get(i).dtype(), arrays[i]);
        }
        return copy;
    }

    private static void assertSame(Object[] expected, Object[] actual, String message) {
        for (int i = 0; i < actual.length; i++) {
            assertEquals(Optional.empty(), Bits.difference(expected[i], actual[i]), message);
        }
    }

    @Test
    void reductionsAreGeneratedBothWays() {
        StringBuilder sources = new StringBuilder();
        for (int seed = 0; seed < 20; seed++) {
            Schedule schedule = new RandomSchedules(seed).schedule(10);
            sources.append(text(compiler.compile("Reducing", schedule, Tier.GENERATED), Kind.JAVA));
        }
        assertTrue(sources.toString().contains("ALONG_ROWS"));
        assertEquals(VectorWidth.isAvailable(), sources.toString().contains("DOWN_COLUMNS"));
    }

    @Test
    void compiledRenditionEqualsProgram() {
        for (int seed = 200; seed < 205; seed++) {
            RandomSchedules chance = new RandomSchedules(seed);
            Schedule schedule = chance.schedule(10);
            Object[] expected = chance.arrays();
            int[] offsets = chance.offsets();
            Object[] actual = new Object[expected.length];
            for (int i = 0; i < actual.length; i++) {
                actual[i] = Bits.copy(schedule.slots().get(i).dtype(), expected[i]);
            }
            DriverTree tree = DriverTree.of("Rendered", schedule);
            CompiledSchedule program = compiler.compile("Rendered", schedule, Tier.GENERATED);
            program.run(expected, offsets);
            Driver rendition = new CompiledRenditions(program.artifacts()).driver("Rendered");
            rendition.run(actual, offsets, tree.scratch(), tree.constants());
            for (int i = 0; i < actual.length; i++) {
                assertEquals(Optional.empty(), Bits.difference(expected[i], actual[i]), "seed " + seed);
            }
        }
    }

    @Test
    void longProgramsAreSplitBelowTheCompilationLimit() {
        compare(1000, 700);
    }

    @Test
    void sharedFactorIsPackedOnceUntilItIsWritten() {
        Schedule schedule = new RandomSchedules(5).schedule(400);
        Packing packing = Packing.of(schedule, new java.util.BitSet());
        assertTrue(packing.count() > 0);
        long first =
                packing.uses().values().stream().filter(Packing.Use::isFirst).count();
        assertEquals(packing.count(), first);
        assertTrue(packing.uses().size() >= 2 * packing.count());
    }

    @Test
    void programClassIsUnloadedWithTheProgram() throws InterruptedException {
        WeakReference<CompiledSchedule> program = new WeakReference<>(run(7));
        WeakReference<Class<?>> type = new WeakReference<>(driverClass(8));
        for (int i = 0; i < 50 && (program.get() != null || type.get() != null); i++) {
            System.gc();
            Thread.sleep(20);
        }
        assertEquals(null, program.get());
        assertEquals(null, type.get());
    }

    private CompiledSchedule run(long seed) {
        RandomSchedules chance = new RandomSchedules(seed);
        Schedule schedule = chance.schedule(5);
        CompiledSchedule program = compiler.compile("Unloaded", schedule, Tier.GENERATED);
        program.run(chance.arrays(), chance.offsets());
        return program;
    }

    private Class<?> driverClass(long seed) {
        Class<?> type = ((GeneratedProgram) run(seed)).driverClass();
        assertEquals("dev.capstan.generated.Unloaded", type.getName());
        return type;
    }

    @Test
    void artifactsShowTheProgram() {
        CompiledSchedule program = run(11);
        List<Artifact> artifacts = program.artifacts();
        for (Kind kind : List.of(Kind.KERNELS, Kind.JAVA, Kind.BYTECODE, Kind.CLASS_FILE)) {
            assertTrue(artifacts.stream().anyMatch(artifact -> artifact.kind() == kind), kind.name());
        }
        assertTrue(text(program, Kind.JAVA).contains("class Unloaded"));
        assertFalse(text(program, Kind.BYTECODE).isEmpty());
        for (Artifact artifact : artifacts) {
            if (artifact.kind() == Kind.CLASS_FILE) {
                assertEquals((byte) 0xca, artifact.content()[0]);
            }
        }
    }
}
