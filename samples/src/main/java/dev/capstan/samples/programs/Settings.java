// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

import dev.capstan.Generator;
import dev.capstan.Tensor;
import dev.capstan.optim.Adam;
import dev.capstan.optim.AdamW;
import dev.capstan.optim.Optimizer;
import dev.capstan.optim.SGD;
import dev.capstan.runtime.type.DType;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/**
 * What the user asked for. A sample takes each setting that means something to it, with its own standard value; one that
 * was given and not taken is refused rather than ignored.
 */
public final class Settings {
    private final Map<String, Object> given = new LinkedHashMap<>();
    private @Nullable Initial initial;

    /** A rule by which parameters follow their gradients. */
    public enum Algorithm {
        SGD,
        ADAM,
        ADAMW
    }

    /** What becomes of the gradients between two steps. */
    public enum ZeroGrad {
        /** They are forgotten; a parameter that a step does not use keeps its value. */
        NONE,
        /** They become zeros; momentum goes on moving a parameter that a step does not use. */
        ZEROS
    }

    /** Nothing asked for: the standard of every sample. */
    public Settings() {}

    // ---- how they are given

    @Option(names = "--variant", paramLabel = "V", description = "two-layer: nn (standard), autograd or module")
    void giveVariant(@Nullable String variant) {
        give("--variant", variant);
    }

    @Option(names = "--optimizer", paramLabel = "sgd|adam|adamw", description = "the optimizer")
    void giveOptimizer(@Nullable Algorithm algorithm) {
        give("--optimizer", algorithm);
    }

    @Option(names = "--lr", paramLabel = "X", description = "the learning rate")
    void giveLearningRate(@Nullable Double rate) {
        give("--lr", rate);
    }

    @Option(names = "--momentum", paramLabel = "M", description = "the momentum of sgd, from 0 to below 1")
    void giveMomentum(@Nullable Double momentum) {
        give("--momentum", momentum);
    }

    @Option(
            names = "--zero-grad",
            paramLabel = "none|zeros",
            description = "whether gradients are forgotten between steps (standard) or filled with zeros")
    void giveZeroGrad(@Nullable ZeroGrad zeroGrad) {
        give("--zero-grad", zeroGrad);
    }

    @Option(names = "--steps", paramLabel = "N", description = "the number of steps")
    void giveSteps(@Nullable Integer steps) {
        give("--steps", steps);
    }

    @Option(
            names = "--batch",
            paramLabel = "N",
            description = "char-rnn, mini-gpt, tree-lstm: how many examples a step takes")
    void giveBatch(@Nullable Integer examples) {
        give("--batch", examples);
    }

    @Option(
            names = "--hidden",
            paramLabel = "N",
            description = "char-rnn, mini-gpt, tree-lstm: the width of the hidden layers")
    void giveHidden(@Nullable Integer features) {
        give("--hidden", features);
    }

    @Option(names = "--text", paramLabel = "FILE", description = "char-rnn, mini-gpt: the text to learn, in UTF-8")
    void giveText(@Nullable Path file) {
        give("--text", file);
    }

    @Option(names = "--seed", paramLabel = "S", description = "the seed of all random numbers; 0 if not given")
    void giveSeed(@Nullable Long seed) {
        give("--seed", seed);
    }

    @Option(
            names = "--dtype",
            paramLabel = "float32|float64",
            converter = FloatingType.class,
            description = "the element type; float32 if not given")
    void giveDtype(@Nullable DType dtype) {
        give("--dtype", dtype);
    }

    @Option(
            names = "--init",
            paramLabel = "FILE.safetensors",
            description = "a file whose tensors init.* replace what would be drawn: data, parameters, choices")
    void giveInitial(@Nullable Path file) {
        give("--init", file);
    }

    private void give(String option, @Nullable Object value) {
        if (value != null) {
            given.put(option, value);
        }
    }

    /** True if the option is given, and not taken yet. */
    public boolean has(String option) {
        return given.containsKey(option);
    }

    // ---- how they are taken

    /** One of the variants that a sample knows, the first if none is given. */
    String variant(String... known) {
        String variant = take("--variant", known[0]);
        if (!List.of(known).contains(variant)) {
            throw new UsageException(
                    "--variant", "unknown variant", variant + " (there are " + String.join(", ", known) + ")");
        }
        return variant;
    }

    /**
     * The optimizer of a model.
     *
     * @param standard the algorithm if none is given
     * @param rate the learning rate if none is given
     * @param momentum that of descent, if none is given
     */
    Optimizer optimizer(List<? extends Tensor> parameters, Algorithm standard, double rate, double momentum) {
        return switch (take("--optimizer", standard)) {
            case SGD -> new SGD(parameters).lr(learningRate(rate)).momentum(momentum(momentum));
            case ADAM -> new Adam(parameters).lr(learningRate(rate));
            case ADAMW -> new AdamW(parameters).lr(learningRate(rate));
        };
    }

    double learningRate(double standard) {
        double rate = take("--lr", standard);
        if (!(rate >= 0) || Double.isInfinite(rate)) {
            throw new UsageException("--lr", "not a finite number from 0 on", Double.toString(rate));
        }
        return rate;
    }

    private double momentum(double standard) {
        double momentum = take("--momentum", standard);
        if (!(momentum >= 0 && momentum < 1)) {
            throw new UsageException("--momentum", "not from 0 to below 1", Double.toString(momentum));
        }
        return momentum;
    }

    ZeroGrad zeroGrad() {
        return take("--zero-grad", ZeroGrad.NONE);
    }

    int steps(int standard) {
        return count("--steps", standard);
    }

    /** How many examples a step learns from. */
    int batch(int standard) {
        return count("--batch", standard);
    }

    /** How many features a hidden layer has. */
    int hidden(int standard) {
        return count("--hidden", standard);
    }

    /** What the user wants to be learned, if anything. */
    Optional<Path> text() {
        return Optional.ofNullable(take("--text", null));
    }

    private int count(String option, int standard) {
        int count = take(option, standard);
        if (count < 1) {
            throw new UsageException(option, "not a number from 1 on", Integer.toString(count));
        }
        return count;
    }

    DType dtype() {
        return take("--dtype", DType.FLOAT32);
    }

    /** The random numbers of the whole sample; modules draw their parameters from the same stream. */
    Generator generator() {
        Generator.manualSeed(take("--seed", 0L));
        return Generator.standard();
    }

    /** The values to start from. */
    Initial initial() {
        if (initial == null) {
            Path file = take("--init", null);
            initial = file == null ? Initial.drawn() : Initial.read(file);
        }
        return initial;
    }

    private <T> T take(String option, T standard) {
        @SuppressWarnings("unchecked") // each option is given and taken under one type
        T value = (T) given.remove(option);
        return value == null ? standard : value;
    }

    void refuseUnused(String sample) {
        if (!given.isEmpty()) {
            throw new UsageException(sample, "no use for the option here", String.join(", ", given.keySet()));
        }
        if (initial != null) {
            initial.refuseUnused(sample);
        }
    }

    /** The element types that a model can have. */
    static final class FloatingType implements ITypeConverter<DType> {
        @Override
        public DType convert(String label) {
            for (DType type : DType.values()) {
                if (type.isFloating() && type.label().equals(label)) {
                    return type;
                }
            }
            throw new TypeConversionException("expected float32 or float64 but was '" + label + "'");
        }
    }
}
