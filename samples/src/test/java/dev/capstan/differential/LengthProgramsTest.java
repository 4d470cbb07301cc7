// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Compiled;
import dev.capstan.Generator;
import dev.capstan.GradMode;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.optim.SGD;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Programs whose events follow from the length in a line, but not what is done: parts of a tensor lie over one another, or
 * a reshape is a view, at some lengths only. After three lengths each gives what eager mode gives on others.
 */
class LengthProgramsTest {
    private static final int ROWS = 3;
    private static final int COLUMNS = 8;

    /** What a program works on, and what it leaves. */
    private static final class Data {
        final Tensor w;
        final Tensor u;
        final Tensor b;
        final Tensor state;
        Tensor buffer = new Generator(5).normal(64, ROWS, COLUMNS);
        final List<Tensor> escaped = new ArrayList<>();

        Data() {
            Generator chance = new Generator(7);
            w = parameter(chance, COLUMNS, COLUMNS);
            u = parameter(chance, COLUMNS, COLUMNS);
            b = parameter(chance, COLUMNS);
            state = chance.normal(ROWS, COLUMNS);
        }

        private static Tensor parameter(Generator chance, int... sizes) {
            return chance.normal(sizes).mul(0.3).detach().requiresGrad(true);
        }

        Tensor cell(Tensor in, Tensor state) {
            return in.mm(w).add(state.mm(u)).add(b).tanh();
        }

        List<Tensor> run(Tensor x) {
            Tensor h = Tensor.zeros(ROWS, COLUMNS);
            List<Tensor> outs = new ArrayList<>();
            for (int t = 0; t < x.size(0); t++) {
                h = cell(x.select(0, t), h);
                outs.add(h);
            }
            return outs;
        }

        List<Tensor> twoRuns(Tensor x) {
            List<Tensor> outs = run(x);
            Tensor h = Tensor.ones(ROWS, COLUMNS);
            for (int t = 0; t < x.size(0); t++) {
                h = h.mm(u).add(b).sigmoid();
                outs.add(h);
            }
            return outs;
        }
    }

    /** A program; its result, of which a loss is made where it trains. */
    private enum Program {
        PADDED(true, 30, 36, 42) {
            @Override
            Tensor result(Data data, Tensor x) {
                Tensor padding = Tensor.zeros(50 - x.size(0), ROWS, COLUMNS);
                return Tensor.cat(List.of(Tensor.stack(data.run(x), 0), padding), 0)
                        .select(0, 25);
            }
        },
        TWO_LOOPS(true, 30, 36, 42) {
            @Override
            Tensor result(Data data, Tensor x) {
                return Tensor.stack(data.twoRuns(x), 0).select(0, 25);
            }
        },
        TWO_LOOPS_ALONE(false, 30, 36, 42) {
            @Override
            Tensor result(Data data, Tensor x) {
                return Tensor.stack(data.twoRuns(x), 0).select(0, 25).mul(2);
            }
        },
        FORTH_AND_BACK(true, 20, 30, 40) {
            @Override
            Tensor result(Data data, Tensor x) {
                List<Tensor> outs = data.run(x);
                Tensor h = outs.get(x.size(0) - 1);
                for (int t = x.size(0) - 1; t >= 0; t--) {
                    h = data.cell(x.select(0, t), h);
                    outs.add(h);
                }
                return Tensor.stack(outs, 0);
            }
        },
        WINDOW_OVER_A_SEAM(true, 35, 40, 45) {
            @Override
            Tensor result(Data data, Tensor x) {
                return Tensor.cat(List.of(Tensor.stack(data.run(x), 0), x.mul(3)), 0)
                        .narrow(0, 20, 10);
            }
        },
        MEAN_OVER_POWERS_OF_TWO(true, 16, 32, 64) {
            @Override
            Tensor result(Data data, Tensor x) {
                Tensor sum = Tensor.zeros(ROWS, COLUMNS);
                for (Tensor out : data.run(x)) {
                    sum = sum.add(out);
                }
                return sum.div(x.size(0));
            }
        },
        WRITTEN_OUTSIDE(false, 30, 40, 50) {
            @Override
            Tensor result(Data data, Tensor x) {
                List<Tensor> outs = data.run(x);
                data.buffer.select(0, x.size(0) - 15).copy_(outs.get(x.size(0) - 1));
                return data.buffer.select(0, 10).mul(2).add(outs.get(0));
            }
        },
        WRITES_THAT_MEET(false, 20, 30, 40) {
            @Override
            Tensor result(Data data, Tensor x) {
                Tensor board = Tensor.zeros(60, ROWS, COLUMNS);
                int late = x.size(0) - 15;
                board.select(0, late).copy_(data.run(x).get(x.size(0) - 1));
                board.select(0, 10).add_(3);
                return board.select(0, late).add(board.select(0, 10));
            }
        },
        WRITES_THAT_MEET_IN_A_STEP(true, 20, 30, 40) {
            @Override
            Tensor result(Data data, Tensor x) {
                List<Tensor> outs = data.run(x);
                Tensor board = Tensor.zeros(60, ROWS, COLUMNS);
                for (int t = 0; t < outs.size(); t++) {
                    board.select(0, t).copy_(outs.get(t));
                }
                board.select(0, outs.size() - 10).add_(3);
                return board.select(0, 15).square().add(board.select(0, outs.size() - 10));
            }
        },
        WRITTEN_INPUT(true, 20, 30, 40) {
            @Override
            Tensor result(Data data, Tensor x) {
                Tensor own = x.mul(1);
                own.select(0, x.size(0) - 15).mul_(2);
                own.select(0, 10).add_(3);
                return Tensor.stack(data.run(own), 0);
            }
        },
        PRODUCT_OF_TWO_TIMES(true, 30, 40, 50) {
            @Override
            Tensor result(Data data, Tensor x) {
                List<Tensor> outs = data.run(x);
                return outs.get(x.size(0) - 15).mul(outs.get(10));
            }
        },
        A_VIEW_AT_ONE_LENGTH(false, 20, 30, 36) {
            @Override
            Tensor result(Data data, Tensor x) {
                int length = x.size(0);
                data.escaped.add(data.run(x).get(3));
                return data.buffer
                        .reshape(1536)
                        .narrow(0, 0, 1520)
                        .reshape(38, 40)
                        .narrow(1, 0, length)
                        .reshape(38 * length);
            }
        },
        SKIPPED(true, 20, 30, 40) {
            @Override
            Tensor result(Data data, Tensor x) {
                Tensor h = Tensor.zeros(ROWS, COLUMNS);
                List<Tensor> outs = new ArrayList<>();
                for (int t = 0; t < x.size(0) - 1; t++) {
                    h = data.cell(x.select(0, t < 10 ? t : t + 1), h);
                    outs.add(h);
                }
                return Tensor.stack(outs, 0);
            }
        },
        DETACHED_FROM_THE_END(true, 20, 30, 40) {
            @Override
            Tensor result(Data data, Tensor x) {
                Tensor h = Tensor.zeros(ROWS, COLUMNS);
                Tensor sum = h;
                for (int t = 0; t < x.size(0); t++) {
                    h = data.cell(x.select(0, t), h);
                    h = t == x.size(0) - 8 ? h.detach() : h;
                    sum = sum.add(h).tanh();
                }
                return sum;
            }
        },
        ESCAPING(true, 20, 30, 40) {
            @Override
            Tensor result(Data data, Tensor x) {
                List<Tensor> outs = data.run(x);
                data.escaped.add(outs.get(3).detach());
                data.escaped.add(outs.get(x.size(0) - 2).detach());
                return Tensor.stack(outs, 0);
            }
        },
        CARRIED_STATE(true, 20, 30, 40) {
            @Override
            Tensor result(Data data, Tensor x) {
                Tensor h = data.state.copy();
                for (int t = 0; t < x.size(0); t++) {
                    h = data.cell(x.select(0, t), h);
                }
                try (GradMode.Scope scope = GradMode.noGrad()) {
                    data.state.copy_(h);
                }
                return h;
            }
        },
        HISTORY(true, 20, 30, 40) {
            @Override
            Tensor result(Data data, Tensor x) {
                try (GradMode.Scope scope = GradMode.noGrad()) {
                    data.buffer.narrow(0, 0, x.size(0)).copy_(x);
                }
                return Tensor.stack(data.run(x), 0);
            }
        },
        /** A value from before the loop, whose memory serves for another one once it was read the last time. */
        CENTRED(false, 20, 30, 40) {
            @Override
            Tensor result(Data data, Tensor x) {
                Tensor mean = x.select(0, 0).mean();
                Tensor h = Tensor.zeros(ROWS, COLUMNS);
                for (int t = 0; t < x.size(0); t++) {
                    h = data.cell(x.select(0, t).sub(mean), h);
                }
                return h;
            }
        },
        LENGTHS_THAT_ADD_UP(true, 20, 30, 40) {
            @Override
            Tensor result(Data data, Tensor x) {
                Tensor h = data.run(x).get(x.size(0) - 1);
                for (int t = 0; t < 60 - x.size(0); t++) {
                    h = h.mm(data.u).add(data.b).sigmoid();
                }
                return h;
            }
        };

        private final boolean trains;
        private final int[] known;

        Program(boolean trains, int... known) {
            this.trains = trains;
            this.known = known;
        }

        abstract Tensor result(Data data, Tensor x);
    }

    /** All that can be seen of a program run three times on each length. */
    private static List<Tensor> seen(Program program, Stance stance, int[] lengths) {
        Data data = new Data();
        SGD optimizer = new SGD(List.of(data.w, data.u, data.b)).lr(0.1);
        Compiled region = Compiled.region("Length", 1);
        List<Tensor> seen = new ArrayList<>();
        try (Stance.Scope scope = stance.enter()) {
            for (int length : lengths) {
                for (int i = 0; i < 3; i++) {
                    Tensor x = new Generator(10L * length + i).normal(length, ROWS, COLUMNS);
                    data.escaped.clear();
                    data.buffer = program.trains ? data.buffer : new Generator(5).normal(64, ROWS, COLUMNS);
                    Tensor result = region.call(() -> once(program, data, optimizer, x));
                    seen.add(result.detach().copy());
                    data.escaped.forEach(tensor -> seen.add(tensor.detach().copy()));
                    if (!program.trains) {
                        // what shares storage with the result shows it
                        result.add_(1);
                    }
                    seen.add(data.buffer.copy());
                    seen.add(data.state.copy());
                    seen.add(x.copy());
                }
            }
        }
        List.of(data.w, data.u, data.b)
                .forEach(weight -> seen.add(weight.detach().copy()));
        assertTrue(
                stance == Stance.EAGER || region.report().stream().allMatch(path -> path.hits() > 0), region::explain);
        return seen;
    }

    private static Tensor once(Program program, Data data, SGD optimizer, Tensor x) {
        if (!program.trains) {
            try (GradMode.Scope scope = GradMode.noGrad()) {
                return program.result(data, x);
            }
        }
        Tensor loss = program.result(data, x).square().mean();
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        return loss;
    }

    @ParameterizedTest
    @EnumSource
    void anotherLengthIsRightWhateverTheKnownOnesTell(Program program) {
        int[] others = {25, 20, 24, 27, 35, 16, 40};
        int[] lengths = IntStream.concat(IntStream.of(program.known), IntStream.of(others))
                .toArray();
        Tensors.assertSameBits(seen(program, Stance.EAGER, lengths), seen(program, Stance.COMPILE_NOW, lengths));
    }
}
