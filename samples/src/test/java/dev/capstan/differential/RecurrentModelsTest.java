// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static dev.capstan.differential.TrainingCase.isServed;
import static dev.capstan.differential.TrainingCase.normal;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Compile;
import dev.capstan.Compiled;
import dev.capstan.CompiledFunction;
import dev.capstan.F;
import dev.capstan.Generator;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.nn.Gru;
import dev.capstan.nn.GruCell;
import dev.capstan.nn.Linear;
import dev.capstan.nn.Lstm;
import dev.capstan.nn.LstmCell;
import dev.capstan.nn.LstmState;
import dev.capstan.nn.Module;
import dev.capstan.nn.RecurrentOptions;
import dev.capstan.nn.Rnn;
import dev.capstan.nn.RnnCell;
import dev.capstan.optim.AdamW;
import dev.capstan.runtime.spi.PathReport;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Recurrent models, of the library's modules and written by hand, over sequences whose length changes. */
@Tag("everywhere")
final class RecurrentModelsTest {
    private static final RecurrentOptions BOTH =
            RecurrentOptions.standard().withLayers(2).withBidirectional(true);
    private static final int[] LENGTHS = {4, 1, 4, 4, 1, 4, 1, 1};

    /** A module that turns {@code [time, batch, 3]} into {@code [time, batch, features]}. */
    private abstract static class Layers extends Module<Tensor, Tensor> {}

    @Compile(threshold = 1)
    private static final class RnnLayers extends Layers {
        private final Rnn layers = new Rnn(3, 4, BOTH).relu();

        @Override
        protected Tensor forward(Tensor input) {
            return layers.apply(new Rnn.Input(input)).output();
        }
    }

    @Compile(threshold = 1)
    private static final class LstmLayers extends Layers {
        private final Lstm layers = new Lstm(3, 4, BOTH);

        @Override
        protected Tensor forward(Tensor input) {
            return layers.apply(new Lstm.Input(input)).output();
        }
    }

    @Compile(threshold = 1)
    private static final class GruLayers extends Layers {
        private final Gru layers = new Gru(3, 4, BOTH);

        @Override
        protected Tensor forward(Tensor input) {
            return layers.apply(new Rnn.Input(input)).output();
        }
    }

    @Compile(threshold = 1)
    private static final class DroppingLayers extends Layers {
        private final Lstm layers =
                new Lstm(3, 4, RecurrentOptions.standard().withLayers(2).withDropout(0.4));

        @Override
        protected Tensor forward(Tensor input) {
            return layers.apply(new Lstm.Input(input)).output();
        }
    }

    @Compile(threshold = 1)
    private static final class RnnCells extends Layers {
        private final RnnCell cell = new RnnCell(3, 4);

        @Override
        protected Tensor forward(Tensor input) {
            List<Tensor> outputs = new ArrayList<>();
            Tensor state = null;
            for (int t = 0; t < input.size(0); t++) {
                state = cell.apply(new RnnCell.Input(input.select(0, t), state));
                outputs.add(state);
            }
            return Tensor.stack(outputs, 0);
        }
    }

    @Compile(threshold = 1)
    private static final class LstmCells extends Layers {
        private final LstmCell cell = new LstmCell(3, 4);

        @Override
        protected Tensor forward(Tensor input) {
            List<Tensor> outputs = new ArrayList<>();
            LstmState state = null;
            for (int t = 0; t < input.size(0); t++) {
                state = cell.apply(new LstmCell.Input(input.select(0, t), state));
                outputs.add(state.hidden());
            }
            return Tensor.stack(outputs, 0);
        }
    }

    @Compile(threshold = 1)
    private static final class GruCells extends Layers {
        private final GruCell cell = new GruCell(3, 4);

        @Override
        protected Tensor forward(Tensor input) {
            List<Tensor> outputs = new ArrayList<>();
            Tensor state = null;
            for (int t = 0; t < input.size(0); t++) {
                state = cell.apply(new RnnCell.Input(input.select(0, t), state));
                outputs.add(state);
            }
            return Tensor.stack(outputs, 0);
        }
    }

    /** A memory with a layer of its own for each gate, which also sees the memory from the second step on. */
    @Compile(threshold = 1)
    private static final class OwnCell extends Layers {
        private final Linear in = new Linear(7, 4);
        private final Linear forget = new Linear(7, 4);
        private final Linear candidate = new Linear(7, 4);
        private final Linear out = new Linear(7, 4);

        @Override
        protected Tensor forward(Tensor input) {
            Tensor hidden = Tensor.zeros(input.size(1), 4);
            Tensor memory = Tensor.zeros(input.size(1), 4);
            List<Tensor> outputs = new ArrayList<>();
            for (int t = 0; t < input.size(0); t++) {
                Tensor seen = Tensor.cat(List.of(input.select(0, t), hidden), 1);
                Tensor open = in.apply(seen);
                if (t > 0) {
                    open = open.add(memory);
                }
                memory = forget.apply(seen)
                        .sigmoid()
                        .mul(memory)
                        .add(open.sigmoid().mul(candidate.apply(seen).tanh()));
                hidden = out.apply(seen).sigmoid().mul(memory.tanh());
                outputs.add(hidden);
            }
            return Tensor.stack(outputs, 0);
        }
    }

    enum Model {
        RNN(RnnLayers::new, 8),
        LSTM(LstmLayers::new, 8),
        GRU(GruLayers::new, 8),
        DROPPING_LSTM(DroppingLayers::new, 4),
        RNN_CELL(RnnCells::new, 4),
        LSTM_CELL(LstmCells::new, 4),
        GRU_CELL(GruCells::new, 4),
        BY_HAND(OwnCell::new, 4);

        private final Supplier<Layers> make;
        private final int features;

        Model(Supplier<Layers> make, int features) {
            this.make = make;
            this.features = features;
        }
    }

    /** What a training leaves: losses, gradients of the last step, parameters; the training itself is the caller's. */
    private static void train(Model model, TrainingCase.Trace trace, Function<Supplier<Tensor>, Tensor> step) {
        Generator.manualSeed(5);
        Layers layers = model.make.get();
        Linear last = new Linear(model.features, 2);
        List<Tensor> parameters = new ArrayList<>(layers.parameters());
        parameters.addAll(last.parameters());
        AdamW optimizer = new AdamW(parameters).lr(0.05);
        for (int i = 0; i < LENGTHS.length; i++) {
            Tensor x = normal(10 + i, LENGTHS[i], 2, 3);
            Tensor y = normal(40 + i, LENGTHS[i], 2, 2);
            Tensor loss = step.apply(() -> {
                Tensor error = F.mseLoss(last.apply(layers.apply(x)), y);
                optimizer.zeroGrad();
                error.backward();
                optimizer.step();
                return error.detach();
            });
            trace.tensor("loss", loss);
        }
        trace.leaves(parameters.toArray(new Tensor[0]));
    }

    @ParameterizedTest
    @EnumSource(Model.class)
    void stepsAreServedAndEqualEager(Model model) {
        isServed((step, trace) -> train(model, trace, step::call));
    }

    @ParameterizedTest
    @EnumSource(Model.class)
    void compiledModulesEqualEager(Model model) {
        List<PathReport> before = model.make.get().compiled().report();
        TrainingCase.compare((step, trace) -> train(model, trace, Supplier::get), 3);
        List<PathReport> after = model.make.get().compiled().report();
        String told = model.make.get().compiled().explain();
        long hits = hits(after) - hits(before);
        assertTrue(hits >= 2 * LENGTHS.length, told);
        assertTrue(after.stream().allMatch(path -> path.bailOuts().isEmpty()), told);
    }

    private static long hits(List<PathReport> paths) {
        return paths.stream().mapToLong(PathReport::hits).sum();
    }

    @Test
    void aStateGoesFromCallToCall() {
        Generator.manualSeed(5);
        Lstm lstm = new Lstm(3, 4, BOTH);
        CompiledFunction<Lstm.Input, Lstm.Output> region = Compiled.function(lstm::apply);
        List<Tensor> eager = continued(region, Stance.EAGER);
        for (int run = 0; run < 3; run++) {
            Tensors.assertSameBits(eager, continued(region, Stance.COMPILE_NOW));
        }
        assertTrue(
                hits(region.compiled().report()) >= 2 * LENGTHS.length,
                region.compiled().explain());
    }

    private static List<Tensor> continued(CompiledFunction<Lstm.Input, Lstm.Output> region, Stance stance) {
        List<Tensor> seen = new ArrayList<>();
        try (Stance.Scope scope = stance.enter()) {
            LstmState state = null;
            for (int i = 0; i < LENGTHS.length; i++) {
                Lstm.Output output = region.apply(new Lstm.Input(normal(10 + i, LENGTHS[i], 2, 3), state));
                state = output.state().detach();
                seen.add(output.output());
                seen.addAll(List.of(state.hidden(), state.cell()));
            }
        }
        return seen;
    }
}
