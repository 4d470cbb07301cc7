// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Compiled;
import dev.capstan.Generator;
import dev.capstan.Tensor;
import dev.capstan.runtime.spi.PathReport;
import dev.capstan.runtime.spi.Tier;
import dev.capstan.runtime.type.CapstanException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("everywhere")
class RandomProgramTest {
    private static final int PROGRAMS = Integer.getInteger("capstan.test.programs", 250);
    private static final int LONG_RUN = Integer.getInteger("capstan.test.programs", 100_000);
    private static final int CALLS = 4;

    private int refusals;

    @Test
    void compiledEqualsEager() {
        compareAll(0, false);
        assertEquals(0, refusals);
    }

    @Test
    void compiledEqualsEagerWithWritesInPlace() {
        compareAll(1, true);
        int calls = PROGRAMS * CALLS;
        assertTrue(refusals < calls / 2, "of " + calls + " calls " + refusals + " were refused");
    }

    /** Programs serve like this until generated code is warm. */
    @Test
    void stepByStepEqualsEager() {
        try (var tier = Compiled.inTier(Tier.STEPS)) {
            compareAll(2, true);
        }
    }

    @Test
    @Tag("nightly")
    void compiledEqualsEagerInTheLongRun() {
        int half = LONG_RUN / 2;
        compareAll(LONG_RUN, half, false);
        compareAll(LONG_RUN + half, half, true);
    }

    /** Each arm has programs of its own, with vectors and without. */
    private void compareAll(int arm, boolean writes) {
        compareAll((long) PROGRAMS * (BothModes.VECTORS ? arm : 3 + arm), PROGRAMS, writes);
    }

    private void compareAll(long first, int programs, boolean writes) {
        long hits = 0;
        for (long seed = first; seed < first + programs; seed++) {
            hits += compare(seed, writes);
        }
        assertTrue(hits >= 3L * programs, "programs ran only " + hits + " times");
    }

    /** Runs one program several times, eagerly and compiled; how often a generated program ran. */
    private long compare(long seed, boolean writes) {
        RandomProgram program = new RandomProgram(seed, writes);
        Compiled region = Compiled.region("Random" + seed, 1);
        Random random = new Random(seed + 1_000_000);
        try {
            for (int call = 0; call < CALLS; call++) {
                int[] choices = random.ints(program.choices(), 0, 4).toArray();
                long data = random.nextLong();
                int mode = random.nextInt(3);
                Callable<List<Tensor>> body = () -> run(program, region, choices, data, mode);
                List<Tensor> eager;
                try {
                    eager = BothModes.eager(body);
                } catch (CapstanException e) {
                    refusals++;
                    CapstanException same =
                            assertThrows(CapstanException.class, () -> BothModes.compiled(body), e.getMessage());
                    assertEquals(
                            TrainingCase.Trace.withoutPlace(e.getMessage()),
                            TrainingCase.Trace.withoutPlace(same.getMessage()));
                    continue;
                }
                Tensors.assertSameBits(eager, BothModes.compiled(body));
            }
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError("seed " + seed + ":\n" + program, e);
        }
        return region.report().stream().mapToLong(PathReport::hits).sum();
    }

    /**
     * Outputs, then gradients of parameters and inputs.
     *
     * @param mode 0: everything requires a gradient, 1: nothing, 2: parameters only
     */
    static List<Tensor> run(RandomProgram program, Compiled region, int[] choices, long data, int mode) {
        Generator generator = new Generator(data);
        Generator.manualSeed(data);
        List<Tensor> inputs = draw(generator, program, program.inputShapes(), mode == 0);
        List<Tensor> parameters = draw(generator, program, program.parameterShapes(), mode != 1);
        List<Tensor> outputs = region.call(() -> program.run(inputs, parameters, choices));
        List<Tensor> all = new ArrayList<>(outputs);
        Tensor loss = null;
        for (Tensor output : outputs) {
            if (output.requiresGrad()) {
                Tensor part = output.mul(output).sum();
                loss = loss == null ? part : loss.add(part);
            }
        }
        if (loss != null) {
            // used outside of the region as well: the region continues these sums of gradients
            for (Tensor parameter : parameters) {
                loss = loss.add(parameter.sin().sum());
            }
            loss.backward();
        }
        for (Tensor leaf : join(parameters, inputs)) {
            if (leaf.grad() != null) {
                all.add(leaf.grad());
            }
        }
        return all;
    }

    private static List<Tensor> join(List<Tensor> first, List<Tensor> second) {
        List<Tensor> joined = new ArrayList<>(first);
        joined.addAll(second);
        return joined;
    }

    private static List<Tensor> draw(Generator generator, RandomProgram program, List<int[]> shapes, boolean grad) {
        List<Tensor> drawn = new ArrayList<>();
        for (int[] shape : shapes) {
            drawn.add(generator.normal(program.dtype(), shape).requiresGrad(grad));
        }
        return drawn;
    }
}
