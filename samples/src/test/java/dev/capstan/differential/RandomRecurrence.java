// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import dev.capstan.GradMode;
import dev.capstan.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A program over a sequence of any length that a seed determines: writes before the loops, cells of random operators that
 * do otherwise at some times, what is looked at in the end. Places are counted from the beginning or from the end, so that
 * some of them meet at one length alone. Run on the same length it does the same.
 */
final class RandomRecurrence {
    /** The sizes of one time. */
    static final int ROWS = 3;

    static final int COLUMNS = 4;

    /** No sequence may be shorter; loops may leave out three times. */
    static final int SHORTEST = 15;

    /** Places are so near to an end. */
    private static final int NEAR = SHORTEST - 3;

    private final long seed;
    private final StringBuilder text = new StringBuilder();

    /** What the program works on besides its input: two matrices and a row, and tensors that it may write to. */
    record Data(List<Tensor> weights, Tensor buffer, Tensor state) {}

    /** One run. */
    private final class Run {
        private final Random random = new Random(seed);
        private final Data data;
        private final int length;
        private final List<Tensor> outs = new ArrayList<>();
        private Tensor x;

        Run(Data data, Tensor x) {
            this.data = data;
            this.x = x;
            this.length = x.size(0);
        }

        private void note(String what) {
            text.append(' ').append(what);
        }

        /** A place near the beginning, or the end. */
        private int place(int size) {
            int from = random.nextInt(NEAR);
            boolean end = random.nextInt(3) == 0;
            note(end ? "end-" + from : "" + from);
            return end ? size - 1 - from : from;
        }

        private Tensor weight() {
            return data.weights.get(random.nextInt(2));
        }

        void prepare() {
            int writes = random.nextInt(4) - 1;
            if (writes > 0) {
                x = random.nextBoolean() ? x.mul(1) : x.copy();
            }
            for (int i = 0; i < writes; i++) {
                note("write");
                Tensor part = x.select(0, place(length));
                switch (random.nextInt(3)) {
                    case 0 -> part.mul_(2);
                    case 1 -> part.add_(3);
                    default -> part.copy_(x.select(0, place(length)));
                }
            }
        }

        void loop() {
            long cell = random.nextLong();
            int order = random.nextInt(3);
            int cut = random.nextInt(NEAR);
            int odd = random.nextInt(8);
            int times = random.nextInt(4) == 0 ? length - 3 : length;
            boolean sums = random.nextInt(3) == 0;
            boolean twoStates = random.nextInt(3) == 0;
            note("loop " + cell % 1000 + " order " + order + " cut " + cut + " odd " + odd + " sums " + sums
                    + twoStates);
            Tensor state = random.nextBoolean() ? Tensor.zeros(ROWS, COLUMNS) : data.state.copy();
            Tensor before = state;
            Tensor sum = state;
            for (int t = 0; t < times; t++) {
                int at = order == 0 ? t : order == 1 ? times - 1 - t : Math.min(t < cut ? t : t + 1, length - 1);
                Tensor in = x.select(0, at);
                if (odd == 0 && t == cut) {
                    state = state.detach();
                } else if (odd == 1 && t % 2 == 1) {
                    in = in.mul(state);
                } else if (odd == 2 && t == times - 1 - cut) {
                    in = in.relu();
                } else if (odd == 3 && t < cut) {
                    in = in.neg();
                }
                Tensor next = cell(new Random(cell), in, twoStates ? state.add(before) : state);
                before = state;
                state = next;
                sum = sums ? sum.add(state).tanh() : sum;
                outs.add(sums ? sum : state);
            }
        }

        private Tensor cell(Random chance, Tensor in, Tensor state) {
            Tensor value = chance.nextInt(4) == 0
                    ? in.add(state)
                    : in.mm(data.weights.get(0)).add(state.mm(data.weights.get(1)));
            int operators = 1 + chance.nextInt(5);
            for (int i = 0; i < operators; i++) {
                value = switch (chance.nextInt(11)) {
                    case 0 -> value.add(data.weights.get(2));
                    case 1 -> value.sigmoid();
                    case 2 -> value.mul(state);
                    case 3 ->
                        value.narrow(1, 0, 2).tanh().mm(data.weights.get(0).narrow(0, 1, 2));
                    case 4 -> value.sub(in);
                    case 5 -> value.relu();
                    case 6 -> value.softmax(1);
                    case 7 -> value.mul(0.5).add(state);
                    case 8 -> Tensor.cat(List.of(value.narrow(1, 2, 2), value.narrow(1, 0, 2)), 1);
                    case 9 -> value.div(value.square().sum(true, 1).add(1));
                    default -> value.neg();
                };
            }
            return value.tanh();
        }

        /** What leaves; the first is what a loss is made of. */
        List<Tensor> finish() {
            Tensor all = Tensor.stack(outs, 0);
            List<Tensor> results = new ArrayList<>();
            int last = random.nextInt(9);
            note("last " + last);
            results.add(
                    switch (last) {
                        case 0 -> all;
                        case 1 -> all.add(outs.get(place(outs.size())));
                        case 2 -> all.select(0, place(outs.size()));
                        case 3 -> {
                            int first = random.nextInt(NEAR - 3);
                            yield all.narrow(0, first, Math.min(5, outs.size() - first));
                        }
                        case 4 -> {
                            int wide = 60 - Math.min(59, outs.size());
                            Tensor padding = Tensor.zeros(wide, ROWS, COLUMNS);
                            yield Tensor.cat(List.of(all, padding), 0).select(0, 25);
                        }
                        case 5 -> outs.get(place(outs.size())).mul(outs.get(place(outs.size())));
                        case 6 -> all.mean(0).mul(1.0 / length);
                        case 7 -> {
                            Tensor board = Tensor.zeros(64, ROWS, COLUMNS);
                            board.select(0, Math.max(0, length - 15)).copy_(outs.get(place(outs.size())));
                            board.select(0, place(length)).add_(3);
                            yield board.select(0, Math.max(0, length - 15)).add(board.select(0, 10));
                        }
                        default -> all.reshape(outs.size() * ROWS, COLUMNS).mm(weight());
                    });
            return results;
        }

        /** Other results, and writes to tensors from outside. */
        void more(List<Tensor> results) {
            int kind = random.nextInt(8);
            note("more " + kind);
            try (GradMode.Scope scope = GradMode.noGrad()) {
                switch (kind) {
                    case 0 -> results.add(x.select(0, place(length)));
                    case 1 -> data.state.copy_(outs.get(outs.size() - 1).detach());
                    case 2 ->
                        data.buffer
                                .select(0, place(length))
                                .copy_(outs.get(place(outs.size())).detach());
                    case 3 -> results.add(outs.get(place(outs.size())).detach());
                    case 4 -> data.buffer.narrow(0, 0, length).copy_(x.detach());
                    case 5 -> {
                        Tensor own = Tensor.zeros(length, ROWS);
                        own.select(0, place(length)).add_(1);
                        own.mul_(2);
                        results.add(0, own);
                    }
                    case 6 -> results.add(data.buffer.narrow(0, place(length), 2));
                    default -> {}
                }
            }
        }
    }

    RandomRecurrence(long seed) {
        this.seed = seed;
    }

    /** Whether a whole step is made of it. */
    boolean trains() {
        return seed % 3 != 0;
    }

    /** The results; {@code loss} of them is the first that has a gradient. */
    List<Tensor> run(Data data, Tensor x) {
        text.setLength(0);
        Run run = new Run(data, x);
        run.prepare();
        run.loop();
        if (run.random.nextInt(3) == 0) {
            run.loop();
        }
        List<Tensor> results = run.finish();
        run.more(results);
        return results;
    }

    @Override
    public String toString() {
        return "seed " + seed + (trains() ? " trains:" : ":") + text;
    }
}
