// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Autograd;
import dev.capstan.Compile;
import dev.capstan.Compiled;
import dev.capstan.CompiledFunction;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.nn.Module;
import dev.capstan.runtime.spi.PathReport;
import dev.capstan.runtime.spi.RegionPolicy;
import dev.capstan.runtime.spi.Tier;
import dev.capstan.runtime.type.CapstanException;
import java.lang.management.ClassLoadingMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a region does with paths that keep differing, and what it tells of them. */
@Tag("everywhere")
final class PolicyTest {
    /** More than any region remembers. */
    private static final int STORM = 1500;

    private static final int FORGOTTEN = 30;

    /** One path however it is called. */
    @Compile
    private static final class Cell extends Module<Tensor, Tensor> {
        @Override
        protected Tensor forward(Tensor input) {
            return input.tanh().mul(2);
        }
    }

    private static CompiledFunction<Tensor, Tensor> chain(Cell cell, Random random) {
        return Compiled.function(input -> {
            Tensor value = input;
            for (int choices = random.nextInt(1 << 20); choices > 0; choices >>= 1) {
                value = (choices & 1) == 0 ? value.neg() : value.relu();
            }
            return cell.apply(value);
        });
    }

    private static long hits(Compiled region) {
        return region.report().stream().mapToLong(PathReport::hits).sum();
    }

    @Test
    void aStormIsLeftAloneAndTheModulesInsideAreCompiled() {
        Cell cell = new Cell();
        CompiledFunction<Tensor, Tensor> storm = chain(cell, new Random(1));
        CompiledFunction<Tensor, Tensor> calm = chain(cell, new Random(1));
        long before = hits(cell.compiled());
        Tensor input = Tensor.of(new float[] {-1, 0, 0.5f});
        for (int i = 0; i < STORM || hits(cell.compiled()) == before && i < 100 * STORM; i++) {
            Tensor expected;
            try (Stance.Scope eager = Stance.EAGER.enter()) {
                expected = calm.apply(input);
            }
            Tensors.assertSameBits("call " + i, expected, storm.apply(input));
        }
        String told = storm.compiled().explain();
        assertTrue(told.contains(" times because its paths keep differing"), told);
        assertTrue(storm.compiled().report().size() <= 256, told);
        assertTrue(hits(cell.compiled()) > before, cell.compiled().explain());
    }

    /** Records what is logged while it is open. */
    private static final class Log extends Handler implements AutoCloseable {
        private static final Logger LOGGER = Logger.getLogger("dev.capstan.tracer");
        private final List<String> messages = new CopyOnWriteArrayList<>();

        Log() {
            LOGGER.addHandler(this);
        }

        @Override
        public void publish(LogRecord entry) {
            messages.add(entry.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {
            LOGGER.removeHandler(this);
        }
    }

    @Test
    void aStormIsToldOnceAndWhenItIsOverProgramsServeAgain() {
        Random random = new Random(3);
        boolean[] calm = new boolean[1];
        Compiled region = Compiled.region("Storm", 3);
        Tensor input = Tensor.of(new float[] {-1, 0, 0.5f});
        Supplier<Tensor> call = () -> region.call(() -> {
            Tensor value = input;
            for (int choices = calm[0] ? 4 : random.nextInt(1 << 20); choices > 0; choices >>= 1) {
                value = (choices & 1) == 0 ? value.neg() : value.relu();
            }
            return value;
        });
        try (Log log = new Log()) {
            for (int i = 0; i < 4 * STORM; i++) {
                call.get();
            }
            assertTrue(region.explain().contains("dissolved 2 times"), region.explain());
            assertEquals(
                    1,
                    log.messages.stream()
                            .filter(message -> message.startsWith("Storm: its paths keep differing"))
                            .count(),
                    log.messages.toString());
        }
        calm[0] = true;
        for (int i = 0; i < 10 * STORM || hits(region) == 0 && i < 1000 * STORM; i++) {
            assertArrayEquals(new float[] {0, 0, 0.5f}, call.get().add(0).toFloatArray());
        }
        assertTrue(hits(region) > 0, region.explain());
    }

    @Test
    void pathsThatComeBackAreNoStorm() {
        CompiledFunction<Tensor, Tensor> region =
                Compiled.function(input -> input.exp().sum());
        Random random = new Random(2);
        for (int i = 0; i < STORM; i++) {
            region.apply(Tensor.zeros(1 + random.nextInt(200)));
        }
        assertTrue(
                !region.compiled().explain().contains("dissolved"),
                region.compiled().explain());
    }

    @Test
    void itIsToldWhichEventMadeAPathNewAndWhere() {
        CompiledFunction<Tensor, Tensor> region = Compiled.function(
                input -> input.size(0) > 2 ? input.tanh() : input.tanh().exp());
        CompiledFunction<Tensor, Tensor> branch =
                Compiled.function(input -> input.item() > 0 ? input.sin() : input.cos());
        region.apply(Tensor.zeros(3));
        region.apply(Tensor.zeros(4));
        branch.apply(Tensor.scalar(1f));
        branch.apply(Tensor.scalar(-1f));
        List<PathReport> paths = region.compiled().report();
        assertEquals("", paths.get(0).origin());
        assertTrue(
                paths.get(1)
                        .origin()
                        .startsWith("event 0 is input 0 : float32[4]/[1], was input 0 : float32[3]/[1], at "),
                paths.get(1).origin());
        String other = branch.compiled().report().get(1).origin();
        assertTrue(other.startsWith("event 1 is cos(%0) : float32[], was sin(%0) : float32[], at PolicyTest."), other);
        assertTrue(other.contains("(PolicyTest.java:"), other);
        assertTrue(
                region.compiled().explain().contains("new: event 0"),
                region.compiled().explain());
    }

    @Test
    void itIsToldWhereOnlyTheResultsMadeAPathNew() {
        Compiled region = Compiled.region("Results", 3);
        Tensor x = Tensor.ones(3);
        for (int results = 0; results < 2; results++) {
            int number = results;
            region.call(() -> List.of(x.tanh(), x.exp()).subList(0, number));
        }
        List<PathReport> paths = region.report();
        assertEquals(paths.get(0).events(), paths.get(1).events());
        assertEquals("other values are wanted of the same events", paths.get(1).origin());
    }

    @Test
    void everyCallCanBeCheckedAgainstEagerMode() {
        CompiledFunction<Tensor, Tensor> region =
                Compiled.function(input -> input.mul(3).add_(1).tanh());
        region.compiled().shadow(2);
        try (Stance.Scope now = Stance.COMPILE_NOW.enter()) {
            for (int i = 0; i < 6; i++) {
                region.apply(Tensor.of(new float[] {i, Float.NaN, -0f}));
            }
        }
        assertEquals(6, hits(region.compiled()));
    }

    /** Keeps few paths. */
    @Compile(paths = 2)
    private static final class Forgetful extends Module<Tensor, Tensor> {
        @Override
        protected Tensor forward(Tensor input) {
            return input.tanh().mul(2);
        }
    }

    /** Is compiled late, and keeps little memory. */
    @Compile(threshold = 7, memory = 5_000)
    private static final class Patient extends Module<Tensor, Tensor> {
        @Override
        protected Tensor forward(Tensor input) {
            return twoProducts(input.size(0));
        }
    }

    @Test
    void aPathIsCompiledWhenItHasBeenTakenAsOftenAsTheAnnotationSays() throws InterruptedException {
        Patient module = new Patient();
        for (int i = 0; i < 6; i++) {
            module.apply(Tensor.zeros(9));
        }
        Thread.sleep(100);
        assertEquals("counting", module.compiled().report().get(0).state());
        module.apply(Tensor.zeros(9));
        assertTrue(
                !module.compiled().report().get(0).state().equals("counting"),
                module.compiled().explain());
        try (Stance.Scope now = Stance.COMPILE_NOW.enter()) {
            module.apply(Tensor.zeros(1000));
            module.apply(Tensor.zeros(900));
        }
        assertTrue(
                module.compiled().explain().contains("limit of 5000 bytes of memory"),
                module.compiled().explain());
    }

    @Test
    void whatLeavesARegionIsToldWithItsPlace() {
        Compiled region = Compiled.region("Left", 1);
        Tensor x = Tensor.ones(3).requiresGrad(true);
        Tensor[] field = new Tensor[1];
        try (Stance.Scope now = Stance.COMPILE_NOW.enter()) {
            for (int i = 0; i < 2; i++) {
                assertThrows(
                        IllegalStateException.class,
                        () -> region.call(() -> {
                            x.exp();
                            throw new IllegalStateException();
                        }));
            }
            region.call(() -> {
                field[0] = x.tanh();
                return field[0].sum();
            });
            field[0].toFloatArray();
            Tensor y = region.call(() -> x.sin().mul(x).sum());
            Autograd.grad(y, List.of(x), null, true, true);
        }
        List<String> told = region.report().stream()
                .flatMap(path -> path.bailOuts().stream())
                .map(event -> event.replaceAll(":\\d+\\)", ")"))
                .toList();
        String place = " at PolicyTest.whatLeavesARegionIsToldWithItsPlace(PolicyTest.java): ";
        assertEquals(
                List.of(
                        "left by IllegalStateException" + place + 2,
                        "made again" + place + 1,
                        "made again" + place + 1),
                told);
        told.forEach(
                event -> assertTrue(region.explain().replaceAll(":\\d+\\)", ")").contains(event), region.explain()));
    }

    @Test
    void beyondTheLimitOfPathsTheOneUsedLeastRecentlyIsForgotten() {
        Forgetful module = new Forgetful();
        for (int size : new int[] {3, 4, 3, 5}) {
            module.apply(Tensor.zeros(size));
        }
        Compiled region = module.compiled();
        assertEquals(2, region.report().size());
        assertTrue(region.report().get(0).description().contains("float32[3]"), region.explain());
        assertTrue(region.explain().contains("limit of 2 paths reached: 1 forgotten"), region.explain());
    }

    /** Needs memory for the first product. */
    private static Tensor twoProducts(int rows) {
        Tensor square = Tensor.ones(2, 2);
        return Tensor.ones(rows, 2).matmul(square).tanh().matmul(square);
    }

    @Test
    void beyondTheLimitOfMemoryTheProgramUsedLeastRecentlyIsDropped() {
        RegionPolicy little = RegionPolicy.of(1).withMemory(5_000);
        Compiled region = Compiled.region("little", little);
        try (Stance.Scope now = Stance.COMPILE_NOW.enter()) {
            for (int size : new int[] {1000, 900, 800}) {
                region.call(() -> twoProducts(size));
            }
        }
        List<PathReport> paths = region.report();
        assertEquals(0, paths.get(0).memory(), region.explain());
        assertTrue(paths.get(2).memory() >= 3200, region.explain());
        assertTrue(paths.get(2).code() > 0, region.explain());
        assertTrue(paths.get(2).compileNanos() > 0, region.explain());
        assertTrue(
                region.explain().contains("limit of 5000 bytes of memory reached: programs dropped"), region.explain());
        assertTrue(region.explain().contains("bytes of memory for a run"), region.explain());
        try (Stance.Scope now = Stance.COMPILE_NOW.enter()) {
            region.call(() -> twoProducts(1000));
        }
        assertEquals(2, region.report().get(0).hits(), "a dropped program is made again");
    }

    @Test
    void theClassesOfForgottenPathsAreUnloaded() throws InterruptedException {
        ClassLoadingMXBean classes = ManagementFactory.getClassLoadingMXBean();
        Compiled region = Compiled.region("forgetful", RegionPolicy.of(1).withPaths(2));
        System.gc();
        long before = classes.getUnloadedClassCount();
        try (Stance.Scope now = Stance.COMPILE_NOW.enter()) {
            for (int size = 1; size <= FORGOTTEN + 2; size++) {
                int rows = size;
                region.call(() -> twoProducts(rows));
            }
        }
        for (int i = 0; i < 100 && classes.getUnloadedClassCount() < before + FORGOTTEN; i++) {
            System.gc();
            Thread.sleep(20);
        }
        long unloaded = classes.getUnloadedClassCount() - before;
        assertTrue(unloaded >= FORGOTTEN, () -> "unloaded " + unloaded);
    }

    @Test
    void aLimitOfNothingIsRefused() {
        CapstanException refused =
                assertThrows(CapstanException.class, () -> RegionPolicy.of(3).withPaths(0));
        assertTrue(refused.getMessage().startsWith("compile: paths is at least 1: 0"), refused.getMessage());
    }

    @Test
    void aTestChoosesTheTierThatItCovers() {
        Compiled region = Compiled.region("tiers", 1);
        Tensor x = Tensor.of(new float[] {-1, 0.5f, 2}).requiresGrad(true);
        for (Tier tier : new Tier[] {Tier.STEPS, Tier.GENERATED, Tier.STEPS}) {
            try (Stance.Scope now = Stance.COMPILE_NOW.enter();
                    Stance.Scope chosen = Compiled.inTier(tier)) {
                x.setGrad(null);
                region.call(() -> x.tanh().mul(x)).sum().backward();
                Tensor compiled = x.grad();
                x.setGrad(null);
                x.tanh().mul(x).sum().backward();
                Tensors.assertSameBits(tier.toString(), x.grad(), compiled);
            }
            List<String> tiers = region.report().get(0).tiers();
            assertTrue(
                    tiers.stream().anyMatch(told -> told.contains("forward: step by step: asked for")),
                    region.explain());
            assertTrue(
                    tiers.stream().anyMatch(told -> told.contains("backward: step by step: asked for")),
                    region.explain());
            assertEquals(
                    tier == Tier.STEPS && region.report().get(0).hits() == 1 ? 0 : 1,
                    tiers.stream()
                            .filter(told -> told.contains("backward: generated"))
                            .count(),
                    region.explain());
        }
    }

    @Test
    void aSegmentIsBounded() {
        Compiled region = Compiled.region("Endless", 1000);
        Tensor x = Tensor.ones(2).requiresGrad(true);
        Tensor sum = region.call(() -> {
            Tensor product = x;
            for (int i = 0; i < 50_000; i++) {
                product = product.mul(1.0001);
            }
            return product.sum();
        });
        sum.backward();
        List<PathReport> parts = region.report();
        assertEquals(2, parts.size());
        assertTrue(parts.stream().allMatch(part -> part.events() < 66_000), region::explain);
        assertTrue(parts.get(0).bailOuts().stream().anyMatch(place -> place.contains("PolicyTest")), region::explain);

        Tensor y = Tensor.ones(2).requiresGrad(true);
        Tensor product = y;
        for (int i = 0; i < 50_000; i++) {
            product = product.mul(1.0001);
        }
        product.sum().backward();
        assertEquals(product.sum().item(), sum.item());
        assertArrayEquals(y.grad().toDoubleArray(), x.grad().toDoubleArray());
    }
}
