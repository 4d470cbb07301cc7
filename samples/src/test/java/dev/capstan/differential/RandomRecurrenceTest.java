// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Compiled;
import dev.capstan.Generator;
import dev.capstan.GradMode;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.optim.SGD;
import dev.capstan.runtime.spi.PathReport;
import dev.capstan.runtime.type.CapstanException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;

/** Random recurrences over lengths that were compiled, and then over others, with and without forms. */
class RandomRecurrenceTest {
    private static final int PROGRAMS = Integer.getInteger("capstan.test.recurrences", 12);
    private static final long FIRST = Long.getLong("capstan.test.recurrences.first", 0);
    private static final int[][] KNOWN = {{20, 30, 40}, {16, 24, 34}, {30, 36, 42}};

    /** One way to run a program: what it works on is its own. */
    private static final class Arm {
        private final RandomRecurrence program;
        private final RandomRecurrence.Data data;
        private final Compiled region;
        private final SGD optimizer;

        Arm(RandomRecurrence program) {
            this.program = program;
            Generator chance = new Generator(7);
            int size = RandomRecurrence.COLUMNS;
            List<Tensor> weights = new ArrayList<>();
            for (int[] sizes : new int[][] {{size, size}, {size, size}, {size}}) {
                weights.add(chance.normal(sizes).mul(0.4).detach().requiresGrad(program.trains()));
            }
            this.data = new RandomRecurrence.Data(
                    weights,
                    chance.normal(64, RandomRecurrence.ROWS, size),
                    chance.normal(RandomRecurrence.ROWS, size));
            this.region = Compiled.region("Recurrence", 1);
            this.optimizer = program.trains() ? new SGD(weights).lr(0.1) : null;
        }

        /** All results, and what was written, of a step on a sequence of a length. */
        List<Tensor> step(int length, int number) {
            Tensor x = new Generator(1000L * length + number)
                    .normal(length, RandomRecurrence.ROWS, RandomRecurrence.COLUMNS);
            Callable<List<Tensor>> call = () -> region.call(() -> once(x));
            List<Tensor> seen = new ArrayList<>();
            try {
                seen.addAll(call.call());
            } catch (CapstanException refused) {
                throw refused;
            } catch (Exception impossible) {
                throw new AssertionError(impossible);
            }
            List<Tensor> copies = new ArrayList<>();
            seen.forEach(tensor -> copies.add(tensor.detach().copy()));
            // what shares storage with a result shows what is written to it
            try (GradMode.Scope scope = GradMode.noGrad()) {
                seen.forEach(tensor -> tensor.add_(1));
            }
            seen.forEach(tensor -> copies.add(tensor.detach().copy()));
            data.weights().forEach(weight -> copies.add(weight.detach().copy()));
            copies.add(data.buffer().copy());
            copies.add(data.state().copy());
            copies.add(x.copy());
            return copies;
        }

        private List<Tensor> once(Tensor x) {
            if (!program.trains()) {
                try (GradMode.Scope scope = GradMode.noGrad()) {
                    return program.run(data, x);
                }
            }
            List<Tensor> results = program.run(data, x);
            Tensor loss = null;
            for (Tensor result : results) {
                loss = loss == null && result.requiresGrad() ? result.square().mean() : loss;
            }
            if (loss != null) {
                optimizer.zeroGrad();
                loss.backward();
                optimizer.step();
            }
            List<Tensor> leaving = new ArrayList<>();
            results.forEach(result -> leaving.add(result.detach()));
            return leaving;
        }
    }

    @Test
    void compiledEqualsEagerAtEveryLength() {
        int inForm = 0;
        for (long seed = FIRST; seed < FIRST + PROGRAMS; seed++) {
            inForm += compare(seed);
        }
        assertTrue(inForm > PROGRAMS / 2, "paths in a form: " + inForm);
    }

    /** How many paths were in a form. */
    private static int compare(long seed) {
        Random random = new Random(seed);
        RandomRecurrence program = new RandomRecurrence(seed);
        Arm eager = new Arm(program);
        Arm compiled = new Arm(program);
        List<Integer> lengths = new ArrayList<>();
        for (int length : KNOWN[random.nextInt(KNOWN.length)]) {
            lengths.add(length);
        }
        lengths.add(25);
        for (int i = 0; i < 3; i++) {
            lengths.add(RandomRecurrence.SHORTEST + random.nextInt(i == 2 ? 45 : 18));
        }
        int length = 0;
        try {
            for (int next : lengths) {
                length = next;
                for (int i = 0; i < 2; i++) {
                    if (!same(eager, compiled, length, i)) {
                        return 0;
                    }
                }
            }
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError(program + " at length " + length + " of " + lengths, e);
        }
        return (int) compiled.region.report().stream()
                .filter(path -> path.tiers().stream().anyMatch(RandomRecurrenceTest::isInForm))
                .map(PathReport::hits)
                .filter(hits -> hits > 0)
                .count();
    }

    private static boolean isInForm(String tier) {
        return tier.startsWith("forward, in the form of other lengths");
    }

    /** False if both refuse. */
    private static boolean same(Arm eager, Arm compiled, int length, int number) {
        List<Tensor> expected;
        try (Stance.Scope scope = Stance.EAGER.enter()) {
            expected = eager.step(length, number);
        } catch (CapstanException refused) {
            try (Stance.Scope scope = Stance.COMPILE_NOW.enter()) {
                CapstanException also = assertThrows(CapstanException.class, () -> compiled.step(length, number));
                assertEquals(
                        TrainingCase.Trace.withoutPlace(refused.getMessage()),
                        TrainingCase.Trace.withoutPlace(also.getMessage()));
            }
            return false;
        }
        try (Stance.Scope scope = Stance.COMPILE_NOW.enter()) {
            Tensors.assertSameBits(expected, compiled.step(length, number));
        }
        return true;
    }
}
