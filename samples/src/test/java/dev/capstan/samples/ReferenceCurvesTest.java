// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Stance;
import dev.capstan.runtime.type.DType;
import dev.capstan.samples.ReferenceProgram.Outcome;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The loss curves of PyTorch's programs, from the same initial values. */
@Tag("everywhere")
final class ReferenceCurvesTest {
    private static final boolean VECTORS =
            ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();

    private static final Map<List<Object>, Outcome> OUTCOMES = new HashMap<>();

    static Stream<Arguments> programs() {
        return Arrays.stream(ReferenceProgram.values())
                .flatMap(program -> Stream.of(DType.FLOAT32, DType.FLOAT64).map(dtype -> Arguments.of(program, dtype)));
    }

    @ParameterizedTest
    @MethodSource("programs")
    void eagerFollowsPyTorch(ReferenceProgram program, DType dtype) throws IOException {
        assertFollows(program, dtype, outcome(program, dtype, Stance.EAGER));
    }

    @ParameterizedTest
    @MethodSource("programs")
    void compiledFollowsPyTorch(ReferenceProgram program, DType dtype) throws IOException {
        assertFollows(program, dtype, outcome(program, dtype, Stance.COMPILE_NOW));
    }

    @ParameterizedTest
    @MethodSource("programs")
    void aProgramServesEveryStep(ReferenceProgram program, DType dtype) throws IOException {
        assertServed(program, outcome(program, dtype, Stance.COMPILE_NOW));
    }

    @ParameterizedTest
    @MethodSource("programs")
    void compiledEqualsEager(ReferenceProgram program, DType dtype) throws IOException {
        assertSame(outcome(program, dtype, Stance.EAGER), outcome(program, dtype, Stance.COMPILE_NOW));
    }

    @Test
    void aGradientOfOnesOwnChangesNoBit() throws IOException {
        for (Stance stance : List.of(Stance.EAGER, Stance.COMPILE_NOW)) {
            assertSame(
                    outcome(ReferenceProgram.AUTOGRAD, DType.FLOAT32, Stance.EAGER),
                    outcome(ReferenceProgram.CUSTOM_FUNCTION, DType.FLOAT32, stance));
        }
    }

    @Tag("nightly")
    @ParameterizedTest
    @MethodSource("programs")
    void wholeCurvesFollowPyTorchAndEachOther(ReferenceProgram program, DType dtype) throws IOException {
        Outcome eager = program.train(dtype, Stance.EAGER, program.steps());
        Outcome compiled = program.train(dtype, Stance.COMPILE_NOW, program.steps());
        assertFollows(program, dtype, eager);
        assertServed(program, compiled);
        assertSame(eager, compiled);
    }

    private static Outcome outcome(ReferenceProgram program, DType dtype, Stance stance) throws IOException {
        List<Object> key = List.of(program, dtype, stance);
        if (!OUTCOMES.containsKey(key)) {
            OUTCOMES.put(key, program.train(dtype, stance, Math.min(program.steps(), dailySteps(dtype))));
        }
        return OUTCOMES.get(key);
    }

    /** The nightly run follows all curves to the end. */
    private static int dailySteps(DType dtype) {
        return VECTORS && dtype == DType.FLOAT32 ? 150 : 40;
    }

    @AfterAll
    static void forget() {
        OUTCOMES.clear();
    }

    private static void assertServed(ReferenceProgram program, Outcome compiled) {
        Summary summary = compiled.summary();
        assertEquals(program.segments(compiled.losses().size()), summary.hits() + summary.misses());
        // a path that changes the parameters is watched twice before its program runs
        assertTrue(
                summary.misses() <= 2 * summary.paths(), summary.misses() + " misses on " + summary.paths() + " paths");
    }

    private static void assertSame(Outcome eager, Outcome compiled) {
        assertEquals(eager.losses(), compiled.losses());
        assertEquals(0, eager.summary().hits());
        eager.parameters()
                .forEach((name, parameter) ->
                        Bits.assertEqual(name, parameter, compiled.parameters().get(name)));
    }

    /**
     * PyTorch's own deviation from its float64 curve, at its largest so far, says how far rounding may carry a run at each
     * step.
     */
    private static void assertFollows(ReferenceProgram program, DType dtype, Outcome outcome) {
        double[] theirs = program.file().tensor("losses").toDoubleArray();
        double[] exact = program.file().tensor("losses_f64").toDoubleArray();
        double deviation = 0;
        for (int i = 0; i < outcome.losses().size(); i++) {
            deviation = Math.max(deviation, Math.abs(theirs[i] - exact[i]) / Math.abs(exact[i]));
            double allowed = dtype == DType.FLOAT32 ? 10 * deviation + 2e-6 : 1e-8 + 10 * 0x1p-29 * deviation;
            double error = Math.abs(outcome.losses().get(i) - exact[i]) / Math.abs(exact[i]);
            assertTrue(error <= allowed, "step " + i + ": off by " + error + ", allowed " + allowed);
        }
    }
}
