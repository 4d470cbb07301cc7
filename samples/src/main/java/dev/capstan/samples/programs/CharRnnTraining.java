// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

import dev.capstan.Compiled;
import dev.capstan.CompiledBiFunction;
import dev.capstan.F;
import dev.capstan.Generator;
import dev.capstan.GradMode;
import dev.capstan.Tensor;
import dev.capstan.nn.LstmState;
import dev.capstan.optim.GradientClipping;
import dev.capstan.optim.Optimizer;
import dev.capstan.runtime.type.DType;
import java.util.Arrays;
import java.util.Map;

/**
 * {@link CharRnn} learns a text from excerpts, which are as long as is drawn for each step, and at the end writes one of its
 * own.
 */
final class CharRnnTraining implements Training {
    private static final int UNIT = 8;
    private static final int LONGEST = 4;
    private static final int WRITTEN = 200;
    private static final double NORM = 5;

    private final DType dtype;
    private final Generator generator;
    private final Corpus corpus;
    private final CharRnn model;
    private final int hidden;
    private final int batch;
    private final int[] units;
    private final CompiledBiFunction<CharRnn.Input, Tensor, Tensor> train =
            Compiled.step("CharRnnTraining", this::train);
    private final Optimizer optimizer;
    private final boolean forgetGradients;

    CharRnnTraining(Settings settings) {
        dtype = settings.dtype();
        generator = settings.generator();
        Initial initial = settings.initial();
        corpus = settings.text()
                .map(file -> Corpus.read(file, LONGEST * UNIT + 1))
                .orElseGet(() -> Corpus.made(generator));
        hidden = settings.hidden(64);
        batch = settings.batch(16);
        model = new CharRnn(corpus.alphabet().length(), hidden);
        model.to(dtype);
        initial.load(model);
        int steps = settings.steps(initial.choices("units").orElse(400));
        units = initial.choices("units", 1, steps, () -> 1 + generator.nextInt(LONGEST));
        optimizer = settings.optimizer(model.parameters(), Settings.Algorithm.ADAMW, 0.01, 0.9);
        forgetGradients = settings.zeroGrad() == Settings.ZeroGrad.NONE;
    }

    @Override
    public double step(int index) {
        int length = UNIT * units[index];
        int[] starts = new int[batch];
        Arrays.setAll(starts, i -> generator.nextInt(corpus.length() - length));
        Tensor all = corpus.excerpts(dtype, starts, length + 1);
        return train.apply(new CharRnn.Input(all.narrow(0, 0, length), start(batch)), all.narrow(0, 1, length))
                .item();
    }

    private LstmState start(int parts) {
        return new LstmState(Tensor.zeros(dtype, parts, hidden), Tensor.zeros(dtype, parts, hidden));
    }

    /** One step: the mean surprise of the next characters, {@code -log p}, is made smaller. */
    private Tensor train(CharRnn.Input input, Tensor next) {
        Tensor loss = F.logSoftmax(model.apply(input).logits(), 2)
                .mul(next)
                .sum(2)
                .mean()
                .neg();
        optimizer.zeroGrad(forgetGradients);
        loss.backward();
        GradientClipping.clipNorm(model.parameters(), NORM);
        optimizer.step();
        return loss;
    }

    @Override
    public int steps() {
        return units.length;
    }

    @Override
    public Map<String, Tensor> parameters() {
        return model.stateDict();
    }

    @Override
    public Compiled region() {
        return train.compiled();
    }

    /** A text of the model's own: each character is drawn with the probability that the model gives it. */
    @Override
    public String closing() {
        StringBuilder text = new StringBuilder("What the model writes:\n\n");
        int last = Math.max(corpus.alphabet().indexOf('\n'), 0);
        LstmState state = start(1);
        try (GradMode.Scope off = GradMode.noGrad()) {
            for (int i = 0; i < WRITTEN; i++) {
                CharRnn.Output output = model.apply(new CharRnn.Input(corpus.character(dtype, last), state));
                state = output.state();
                last = drawn(F.softmax(output.logits(), 2).toDoubleArray());
                text.append(corpus.alphabet().charAt(last));
            }
        }
        return text.toString();
    }

    private int drawn(double[] probabilities) {
        double left = generator.uniform(DType.FLOAT64, 0, 1, 1).item();
        int index = 0;
        while (index < probabilities.length - 1 && left >= probabilities[index]) {
            left -= probabilities[index];
            index++;
        }
        return index;
    }
}
