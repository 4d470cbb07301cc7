// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import dev.capstan.Compiled;
import dev.capstan.CompiledBiFunction;
import dev.capstan.F;
import dev.capstan.Generator;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.optim.Adam;
import dev.capstan.optim.Optimizer;
import dev.capstan.optim.SGD;
import dev.capstan.runtime.spi.PathReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Two layers of a cell written by hand, trained over sequences of any length in whole steps. */
final class RecurrentTraining {
    private static final int BATCH = 3;
    private static final int SIZE = 8;
    private static final int ODD = 4;

    /** Cells as users write them. */
    enum Cell {
        RNN(1, 1) {
            @Override
            Tensor[] step(int time, List<Tensor> weights, Tensor in, Tensor[] state) {
                return new Tensor[] {gates(weights, in, state[0]).tanh()};
            }
        },
        LSTM(4, 2) {
            @Override
            Tensor[] step(int time, List<Tensor> weights, Tensor in, Tensor[] state) {
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
            Tensor[] step(int time, List<Tensor> weights, Tensor in, Tensor[] state) {
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
        },
        /** Reads the state of the time before the last one, too. */
        SKIPPING(1, 2) {
            @Override
            Tensor[] step(int time, List<Tensor> weights, Tensor in, Tensor[] state) {
                Tensor next =
                        gates(weights, in, state[0].add(state[1].mul(0.5))).tanh();
                return new Tensor[] {next, state[0]};
            }
        },
        /** Does something else at the odd time. */
        IRREGULAR(1, 1) {
            @Override
            Tensor[] step(int time, List<Tensor> weights, Tensor in, Tensor[] state) {
                Tensor gates = gates(weights, in, state[0]);
                return new Tensor[] {time == ODD ? gates.relu() : gates.tanh()};
            }
        },
        /** Does something else every second time. */
        ALTERNATING(1, 1) {
            @Override
            Tensor[] step(int time, List<Tensor> weights, Tensor in, Tensor[] state) {
                Tensor gates = gates(weights, in, state[0]);
                return new Tensor[] {time % 2 == 0 ? gates.sigmoid() : gates.tanh()};
            }
        };

        final int gates;
        final int states;

        Cell(int gates, int states) {
            this.gates = gates;
            this.states = states;
        }

        abstract Tensor[] step(int time, List<Tensor> weights, Tensor in, Tensor[] state);

        static Tensor gates(List<Tensor> weights, Tensor in, Tensor state) {
            return in.mm(weights.get(0)).add(state.mm(weights.get(1))).add(weights.get(2));
        }

        static Tensor gate(Tensor gates, int number) {
            return gates.narrow(1, number * SIZE, SIZE);
        }
    }

    private final Cell cell;
    private int shift;
    private final List<Tensor> weights = new ArrayList<>();
    private final CompiledBiFunction<Tensor, Tensor, Tensor> step;

    /** Trained by gradient descent. */
    RecurrentTraining(Cell cell) {
        this(cell, false);
    }

    RecurrentTraining(Cell cell, boolean adam) {
        this.cell = cell;
        Generator chance = new Generator(7);
        for (int layer = 0; layer < 2; layer++) {
            for (int[] sizes :
                    new int[][] {{SIZE, cell.gates * SIZE}, {SIZE, cell.gates * SIZE}, {cell.gates * SIZE}}) {
                weights.add(chance.normal(sizes).mul(0.3).detach().requiresGrad(true));
            }
        }
        Optimizer optimizer = adam ? new Adam(weights) : new SGD(weights).lr(0.1);
        step = Compiled.step((Tensor x, Tensor y) -> {
            Tensor loss = F.mseLoss(forward(x), y);
            optimizer.zeroGrad();
            loss.backward();
            optimizer.step();
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
                states[layer] = cell.step(t + shift, weights.subList(3 * layer, 3 * layer + 3), in, states[layer]);
                in = states[layer][0];
            }
            outs.add(in);
        }
        return Tensor.stack(outs, 0);
    }

    /** From now on sequences begin so many times later. */
    void shift(int times) {
        shift = times;
    }

    /** Three steps on a sequence of each length; the losses and, in the end, the weights. */
    List<Tensor> run(Stance stance, int... lengths) {
        List<Tensor> seen = new ArrayList<>();
        try (Stance.Scope scope = stance.enter()) {
            for (int length : lengths) {
                for (int i = 0; i < 3; i++) {
                    seen.add(step(length));
                }
            }
        }
        weights.forEach(weight -> seen.add(weight.detach().copy()));
        return seen;
    }

    /** A step on a sequence of a length; the loss. */
    Tensor step(int length) {
        Generator chance = new Generator(length);
        return step.apply(chance.normal(length, BATCH, SIZE), chance.normal(length, BATCH, SIZE));
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
