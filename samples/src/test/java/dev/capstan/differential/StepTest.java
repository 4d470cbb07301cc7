// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Compiled;
import dev.capstan.CompiledBiFunction;
import dev.capstan.F;
import dev.capstan.Generator;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.nn.Linear;
import dev.capstan.nn.ReLU;
import dev.capstan.nn.Sequential;
import dev.capstan.optim.Adam;
import dev.capstan.optim.GradientClipping;
import dev.capstan.optim.Optimizer;
import dev.capstan.optim.SGD;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Whole training steps as one region: forward, loss, backward, update. */
@Tag("everywhere")
final class StepTest {
    private static final int STEPS = 8;

    /** What a training leaves behind. */
    private record Trace(List<float[]> tensors, Compiled region) {}

    private static Trace train(Stance stance, Function<List<Tensor>, Optimizer> make, boolean toNone) {
        Generator.manualSeed(7);
        Generator generator = new Generator(8);
        Sequential model = new Sequential(new Linear(5, 6), new ReLU(), new Linear(6, 3));
        Optimizer optimizer = make.apply(List.copyOf(model.parameters()));
        CompiledBiFunction<Tensor, Tensor, Tensor> step = Compiled.step((x, y) -> {
            optimizer.zeroGrad(toNone);
            Tensor loss = F.mseLoss(model.apply(x), y);
            loss.backward();
            GradientClipping.clipNorm(model.parameters(), 0.5);
            optimizer.step();
            return loss;
        });
        List<float[]> trace = new ArrayList<>();
        try (Stance.Scope scope = stance.enter()) {
            for (int i = 0; i < STEPS; i++) {
                Tensor x = generator.normal(4, 5);
                Tensor y = generator.normal(4, 3);
                trace.add(step.apply(x, y).toFloatArray());
                model.parameters().forEach(parameter -> trace.add(parameter.toFloatArray()));
                model.parameters()
                        .forEach(parameter -> trace.add(parameter.grad().toFloatArray()));
            }
        }
        return new Trace(trace, step.compiled());
    }

    private static void compare(Function<List<Tensor>, Optimizer> make, boolean toNone) {
        Trace eager = train(Stance.EAGER, make, toNone);
        Trace compiled = train(Stance.COMPILE_NOW, make, toNone);
        for (int i = 0; i < eager.tensors().size(); i++) {
            assertArrayEquals(eager.tensors().get(i), compiled.tensors().get(i), "tensor " + i);
        }
        long hits = compiled.region().report().stream()
                .mapToLong(path -> path.hits())
                .sum();
        assertTrue(hits >= STEPS - 3, compiled.region().explain());
        assertEquals(
                List.of(),
                compiled.region().report().stream()
                        .flatMap(path -> path.bailOuts().stream())
                        .toList());
    }

    @Test
    void descentIsOneProgram() {
        compare(parameters -> new SGD(parameters).lr(0.1), true);
    }

    @Test
    void momentumIsOneProgram() {
        compare(parameters -> new SGD(parameters).lr(0.1).momentum(0.9), true);
    }

    @Test
    void adamIsOneProgram() {
        compare(parameters -> new Adam(parameters).lr(0.1), true);
    }

    @Test
    void gradientsFilledWithZeros() {
        compare(parameters -> new Adam(parameters).lr(0.1), false);
    }
}
