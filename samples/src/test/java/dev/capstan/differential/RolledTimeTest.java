// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Compiled;
import dev.capstan.CompiledBiFunction;
import dev.capstan.F;
import dev.capstan.Generator;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.optim.SGD;
import dev.capstan.runtime.spi.PathReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Loops in somebody's Java are loops in the program: another length is the same classes, and the same bits as eager. */
class RolledTimeTest {
    private static final int BATCH = 3;
    private static final int SIZE = 8;

    /** Cells as users write them. */
    private enum Cell {
        RNN(1, 1) {
            @Override
            Tensor[] step(List<Tensor> weights, Tensor in, Tensor[] state) {
                return new Tensor[] {gates(weights, in, state[0]).tanh()};
            }
        },
        LSTM(4, 2) {
            @Override
            Tensor[] step(List<Tensor> weights, Tensor in, Tensor[] state) {
                Tensor gates = gates(weights, in, state[0]);
                Tensor cell = gate(gates, 1)
                        .sigmoid()
                        .mul(state[1])
                        .add(gate(gates, 0).sigmoid().mul(gate(gates, 2).tanh()));
                return new Tensor[] {gate(gates, 3).sigmoid().mul(cell.tanh()), cell};
            }
        },
        GRU(3, 1) {
            @Override
            Tensor[] step(List<Tensor> weights, Tensor in, Tensor[] state) {
                Tensor fromInput = in.mm(weights.get(0)).add(weights.get(2));
                Tensor fromState = state[0].mm(weights.get(1));
                Tensor reset = gate(fromInput, 0).add(gate(fromState, 0)).sigmoid();
                Tensor update = gate(fromInput, 1).add(gate(fromState, 1)).sigmoid();
                Tensor fresh =
                        gate(fromInput, 2).add(reset.mul(gate(fromState, 2))).tanh();
                return new Tensor[] {
                    update.mul(state[0]).add(update.neg().add(1).mul(fresh))
                };
            }
        };

        final int gates;
        final int states;

        Cell(int gates, int states) {
            this.gates = gates;
            this.states = states;
        }

        abstract Tensor[] step(List<Tensor> weights, Tensor in, Tensor[] state);

        static Tensor gates(List<Tensor> weights, Tensor in, Tensor state) {
            return in.mm(weights.get(0)).add(state.mm(weights.get(1))).add(weights.get(2));
        }

        static Tensor gate(Tensor gates, int number) {
            return gates.narrow(1, number * SIZE, SIZE);
        }
    }

    /** Two layers of a cell, trained over sequences. */
    private static final class Training {
        private final Cell cell;
        private final List<Tensor> weights = new ArrayList<>();
        private final CompiledBiFunction<Tensor, Tensor, Tensor> step;

        Training(Cell cell) {
            this.cell = cell;
            Generator chance = new Generator(7);
            for (int layer = 0; layer < 2; layer++) {
                for (int[] sizes :
                        new int[][] {{SIZE, cell.gates * SIZE}, {SIZE, cell.gates * SIZE}, {cell.gates * SIZE}}) {
                    weights.add(chance.normal(sizes).mul(0.3).detach().requiresGrad(true));
                }
            }
            SGD sgd = new SGD(weights).lr(0.1);
            step = Compiled.step((Tensor x, Tensor y) -> {
                Tensor loss = F.mseLoss(forward(x), y);
                sgd.zeroGrad();
                loss.backward();
                sgd.step();
                return loss;
            });
        }

        private Tensor forward(Tensor x) {
            Tensor[][] states = new Tensor[2][cell.states];
            for (Tensor[] state : states) {
                for (int i = 0; i < state.length; i++) {
                    state[i] = Tensor.zeros(BATCH, SIZE);
                }
            }
            List<Tensor> outs = new ArrayList<>();
            for (int t = 0; t < x.size(0); t++) {
                Tensor in = x.select(0, t);
                for (int layer = 0; layer < 2; layer++) {
                    states[layer] = cell.step(weights.subList(3 * layer, 3 * layer + 3), in, states[layer]);
                    in = states[layer][0];
                }
                outs.add(in);
            }
            return Tensor.stack(outs, 0);
        }

        List<Tensor> run(Stance stance, int... lengths) {
            List<Tensor> seen = new ArrayList<>();
            try (Stance.Scope scope = stance.enter()) {
                for (int length : lengths) {
                    Generator chance = new Generator(length);
                    Tensor x = chance.normal(length, BATCH, SIZE);
                    Tensor y = chance.normal(length, BATCH, SIZE);
                    for (int i = 0; i < 3; i++) {
                        seen.add(step.apply(x, y));
                    }
                }
            }
            weights.forEach(weight -> seen.add(weight.detach().copy()));
            return seen;
        }

        List<PathReport> paths() {
            return step.compiled().report();
        }

        Set<String> classes() {
            Set<String> classes = new TreeSet<>();
            paths().stream()
                    .flatMap(path -> path.artifacts().stream())
                    .filter(artifact -> artifact.kind() == PathReport.Kind.CLASS_FILE)
                    .forEach(artifact -> classes.add(artifact.fileName()));
            return classes;
        }
    }

    @ParameterizedTest
    @EnumSource
    void anotherLengthNeedsNoOtherClass(Cell cell) {
        Training eager = new Training(cell);
        Training compiled = new Training(cell);
        Tensors.assertSameBits(eager.run(Stance.EAGER, 50, 61), compiled.run(Stance.COMPILE_NOW, 50, 61));
        Set<String> known = compiled.classes();
        assertTrue(known.stream().anyMatch(name -> name.startsWith("Body")), known::toString);

        int[] others = {70, 53, 50, 64};
        Tensors.assertSameBits(eager.run(Stance.EAGER, others), compiled.run(Stance.COMPILE_NOW, others));
        assertEquals(known, compiled.classes());
        for (PathReport path : compiled.paths()) {
            assertTrue(path.hits() > 0, path::state);
            assertEquals(List.of("forward: generated, rolled"), path.tiers());
        }
    }

    @Test
    void anotherLengthIsCompiledAtItsFirstCall() {
        Training training = new Training(Cell.GRU);
        training.run(Stance.COMPILE_NOW, 50);
        try (Stance.Scope hot = Stance.COMPILED.enter()) {
            training.step.apply(Tensor.ones(61, BATCH, SIZE), Tensor.ones(61, BATCH, SIZE));
        }
        PathReport other = training.paths().get(1);
        assertEquals(1, other.visits());
        assertNotEquals("counting", other.state());
    }

    @ParameterizedTest
    @EnumSource
    void aLengthOfAFewStepsIsStraight(Cell cell) {
        Training eager = new Training(cell);
        Training compiled = new Training(cell);
        int[] few = {1, 2, 3, 4, 10};
        Tensors.assertSameBits(eager.run(Stance.EAGER, few), compiled.run(Stance.COMPILE_NOW, few));
        assertTrue(compiled.paths().stream()
                .flatMap(path -> path.tiers().stream())
                .noneMatch(tier -> tier.contains("rolled")));
    }
}
