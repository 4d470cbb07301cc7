// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.io.Safetensors;
import dev.capstan.runtime.spi.PathReport;
import dev.capstan.samples.programs.Sample;
import dev.capstan.samples.programs.Training;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lengths and depths that change from step to step. */
@Tag("everywhere")
final class ChangingPathsTest {
    @TempDir
    private Path folder;

    @Test
    void threeLengthsAreThreePathsAndCompiledOnce() {
        assertCompiledOnce(Sample.DYNAMIC_RNN, "dynamic_steps", 1, 3);
    }

    @Test
    void fourDepthsAreFourPathsAndCompiledOnce() {
        assertCompiledOnce(Sample.DYNAMIC_NET, "depth", 0, 3);
    }

    private void assertCompiledOnce(Sample sample, String name, int least, int most) {
        int kinds = most - least + 1;
        long[] choices = shuffled(1, least, most, 6 * kinds);
        Training training = ReferenceProgram.start(sample, "--init", file(name, choices));
        List<PathReport> before = training.region().report();
        Map<Long, Integer> seen = new HashMap<>();
        for (int i = 0; i < choices.length; i++) {
            boolean known = seen.merge(choices[i], 1, Integer::sum) > 2;
            long compilations = compilations(training);
            // a path that was taken twice before must have its program
            try (Stance.Scope scope = (known ? Stance.FAIL_ON_MISS : Stance.COMPILE_NOW).enter()) {
                training.step(i);
            }
            assertTrue(!known || compilations(training) == compilations, "compiled again at step " + i);
        }
        Summary summary =
                new Summary(new long[choices.length], before, training.region().report());
        assertEquals(kinds, seen.size());
        assertEquals(kinds, summary.paths());
        // a path that changes the parameters is watched twice before its program runs
        assertEquals(choices.length - 2 * kinds, summary.hits());
    }

    private static long compilations(Training training) {
        return training.region().report().stream()
                .mapToLong(PathReport::compilations)
                .sum();
    }

    @ParameterizedTest
    @CsvSource({"1,float32", "2,float64"})
    void shuffledLengthsEqualEagerAtEveryStep(long seed, String dtype) {
        assertEqualsEager(Sample.DYNAMIC_RNN, "dynamic_steps", shuffled(seed, 1, 3, 15), dtype);
    }

    @ParameterizedTest
    @CsvSource({"1,float32", "2,float64"})
    void shuffledDepthsEqualEagerAtEveryStep(long seed, String dtype) {
        assertEqualsEager(Sample.DYNAMIC_NET, "depth", shuffled(seed, 0, 3, 15), dtype);
    }

    private void assertEqualsEager(Sample sample, String name, long[] choices, String dtype) {
        String file = file(name, choices);
        Training eager = ReferenceProgram.start(sample, "--init", file, "--dtype", dtype);
        Training compiled = ReferenceProgram.start(sample, "--init", file, "--dtype", dtype);
        for (int i = 0; i < choices.length; i++) {
            double expected;
            try (Stance.Scope scope = Stance.EAGER.enter()) {
                expected = eager.step(i);
            }
            try (Stance.Scope scope = Stance.COMPILE_NOW.enter()) {
                assertEquals(expected, compiled.step(i), "the loss of step " + i);
            }
            Map<String, Tensor> learned = compiled.parameters();
            String step = " after step " + i;
            eager.parameters().forEach((key, value) -> Bits.assertEqual(key + step, value, learned.get(key)));
        }
    }

    private static long[] shuffled(long seed, int least, int most, int count) {
        Random random = new Random(seed);
        return LongStream.generate(() -> least + random.nextInt(most - least + 1))
                .limit(count)
                .toArray();
    }

    private String file(String name, long[] choices) {
        Path file = folder.resolve(name + ".safetensors");
        Safetensors.write(file, Map.of("init." + name, Tensor.of(choices)));
        return file.toString();
    }
}
