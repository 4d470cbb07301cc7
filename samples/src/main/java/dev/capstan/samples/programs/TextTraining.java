// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

import dev.capstan.Compiled;
import dev.capstan.CompiledBiFunction;
import dev.capstan.F;
import dev.capstan.Generator;
import dev.capstan.GradMode;
import dev.capstan.Tensor;
import dev.capstan.optim.GradientClipping;
import dev.capstan.optim.Optimizer;
import dev.capstan.runtime.type.DType;
import java.util.Arrays;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;

/**
 * A {@link TextModel} learns a text from excerpts, which are as long as is drawn for each step, and at the end writes one of
 * its own.
 */
final class TextTraining implements Training {
    private static final int UNIT = 8;
    private static final int MOST_UNITS = 4;
    private static final int WRITTEN = 200;
    private static final double NORM = 5;

    private final Generator generator;
    private final Corpus corpus;
    private final TextModel<?, ?> model;
    private final int batch;
    private final int[] units;
    private final CompiledBiFunction<Tensor, Tensor, Tensor> train;
    private final Optimizer optimizer;
    private final boolean forgetGradients;

    /** With a long short-term memory written by hand. */
    static TextTraining charRnn(Settings settings) {
        int hidden = settings.hidden(64);
        return new TextTraining(settings, 0.01, alphabet -> new CharRnn(alphabet, hidden));
    }

    /** With a transformer. */
    static TextTraining miniGpt(Settings settings) {
        int width = settings.hidden(32);
        return new TextTraining(settings, 0.003, alphabet -> new MiniGpt(alphabet, width, MOST_UNITS * UNIT));
    }

    private TextTraining(Settings settings, double rate, IntFunction<TextModel<?, ?>> architecture) {
        generator = settings.generator();
        Initial initial = settings.initial();
        corpus = settings.text()
                .map(file -> Corpus.read(file, MOST_UNITS * UNIT + 1))
                .orElseGet(() -> Corpus.made(generator));
        batch = settings.batch(16);
        model = architecture.apply(corpus.alphabet().length());
        model.to(settings.dtype());
        initial.load(model);
        train = Compiled.step(model.getClass().getSimpleName() + "Training", this::train);
        int steps = settings.steps(initial.choices("units").orElse(400));
        units = initial.choices("units", 1, steps, () -> 1 + generator.nextInt(MOST_UNITS));
        optimizer = settings.optimizer(model.parameters(), Settings.Algorithm.ADAMW, rate, 0.9);
        forgetGradients = settings.zeroGrad() == Settings.ZeroGrad.NONE;
    }

    @Override
    public double step(int index) {
        int length = UNIT * units[index];
        int[] starts = new int[batch];
        Arrays.setAll(starts, i -> generator.nextInt(corpus.length() - length));
        Tensor all = corpus.excerpts(starts, length + 1);
        return train.apply(all.narrow(0, 0, length), all.narrow(0, 1, length)).item();
    }

    /** One step: the mean surprise of the next characters, {@code -log p}, is made smaller. */
    private Tensor train(Tensor characters, Tensor next) {
        Tensor logits = model.logits(characters);
        Tensor loss = F.crossEntropy(logits.flatten(0, 1), next.reshape(-1));
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
        UnaryOperator<Tensor> reader = model.reader();
        try (GradMode.Scope off = GradMode.noGrad()) {
            for (int i = 0; i < WRITTEN; i++) {
                Tensor logits = reader.apply(Tensor.of(new long[] {last}, 1, 1));
                last = drawn(F.softmax(logits, 2).toDoubleArray());
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
