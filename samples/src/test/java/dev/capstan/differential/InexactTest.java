// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Compile;
import dev.capstan.Compiled;
import dev.capstan.F;
import dev.capstan.Generator;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.nn.Module;
import dev.capstan.optim.SGD;
import dev.capstan.runtime.spi.PathReport;
import dev.capstan.runtime.spi.RegionPolicy;
import dev.capstan.runtime.type.CapstanException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Regions that may round otherwise than eager mode: they say so, and they do no more than that. */
@Tag("everywhere")
final class InexactTest {
    private static final int STEPS = 12;
    private static final int SIZE = 24;

    /** What no batch over time steps takes: a product of the input that the step before has changed. */
    @Compile(exact = false)
    private static final class Cell extends Module<Tensor, Tensor> {
        private final Tensor u = new Generator(1).normal(SIZE, SIZE).mul(0.2);
        private final Tensor w = new Generator(2).normal(SIZE, SIZE).mul(0.2);

        @Override
        protected Tensor forward(Tensor input) {
            return input.mm(u).add(input.tanh().mm(w));
        }
    }

    /** Losses of a recurrent net of two layers, trained by a step that is a region. */
    private static List<Double> losses(Compiled region, Stance stance) {
        Generator chance = new Generator(3);
        List<Tensor> weights = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            weights.add(chance.normal(SIZE, SIZE).mul(0.2).detach().requiresGrad(true));
        }
        SGD sgd = new SGD(weights).lr(0.05);
        Tensor x = chance.normal(6, SIZE, SIZE);
        Tensor y = chance.normal(SIZE, SIZE);
        List<Double> losses = new ArrayList<>();
        try (Stance.Scope scope = stance.enter()) {
            for (int step = 0; step < STEPS; step++) {
                losses.add(region.call(() -> {
                            Tensor low = Tensor.zeros(SIZE, SIZE);
                            Tensor high = Tensor.zeros(SIZE, SIZE);
                            for (int t = 0; t < x.size(0); t++) {
                                low = x.select(0, t)
                                        .mm(weights.get(0))
                                        .add(low.mm(weights.get(1)))
                                        .tanh();
                                high = low.mm(weights.get(2))
                                        .add(high.mm(weights.get(3)))
                                        .tanh();
                            }
                            Tensor loss = F.mseLoss(high, y);
                            sgd.zeroGrad();
                            loss.backward();
                            sgd.step();
                            return loss;
                        })
                        .item());
            }
        }
        return losses;
    }

    private static Compiled region(boolean exact) {
        return Compiled.region("losses", RegionPolicy.of(1).withExact(exact));
    }

    @Test
    void aTrainingDiffersByRounding() {
        List<Double> eager = losses(region(true), Stance.EAGER);
        Compiled region = region(false);
        List<Double> compiled = losses(region, Stance.COMPILE_NOW);
        for (int i = 0; i < STEPS; i++) {
            assertEquals(eager.get(i), compiled.get(i), 1e-5 * eager.get(i), "step " + i);
        }
        assertTrue(eager.get(STEPS - 1) < eager.get(0), eager::toString);
        assertTrue(region.report().stream().mapToLong(PathReport::hits).sum() >= STEPS - 3, region::explain);
    }

    @Test
    void itIsSaidWhatWasAllowed() {
        assertTrue(region(false).explain().contains("not bit for bit as in eager mode: merged-products"));
        assertFalse(region(true).explain().contains("not bit for bit"));
        assertTrue(new Cell().compiled().explain().contains("merged-products"));
    }

    @Test
    void productsAreMergedWhereThatIsAllowed() {
        Cell cell = new Cell();
        Tensor x = new Generator(4).normal(SIZE, SIZE);
        Tensor y;
        try (Stance.Scope scope = Stance.COMPILE_NOW.enter()) {
            y = cell.apply(x);
        }
        PathReport path = cell.compiled().report().get(0);
        assertEquals(1, path.hits());
        String steps = path.artifacts().stream()
                .filter(artifact -> artifact.kind() == PathReport.Kind.KERNELS)
                .map(artifact -> new String(artifact.content(), StandardCharsets.UTF_8))
                .findFirst()
                .orElseThrow();
        assertEquals(
                1,
                steps.lines()
                        .filter(line -> line.matches(" *\\d+  multiply .*"))
                        .count(),
                steps);
        Tensor expected = cell.forward(x);
        assertTrue(F.mseLoss(y, expected).item() < 1e-10);
    }

    @Test
    void whatIsNotExactIsNotCompared() {
        assertThrows(CapstanException.class, () -> region(false).shadow(2));
        region(true).shadow(2);
    }
}
