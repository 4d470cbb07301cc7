// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The samples by name. */
public enum Sample {
    /** Two fully connected layers, in three styles. */
    TWO_LAYER("two-layer", settings -> switch (settings.variant("nn", "autograd", "module")) {
        case "autograd" -> TwoLayerAutograd.operators(settings);
        case "module" -> TwoLayerTraining.module(settings);
        default -> TwoLayerTraining.sequential(settings);
    }),
    /** A network whose depth is drawn anew at every step. */
    DYNAMIC_NET("dynamic-net", DynamicNetTraining::new),
    /** A recurrent network over sequences of changing length. */
    DYNAMIC_RNN("dynamic-rnn", DynamicRnnTraining::new),
    /** A long short-term memory written by hand learns text. */
    CHAR_RNN("char-rnn", TextTraining::charRnn),
    /** A transformer learns text. */
    MINI_GPT("mini-gpt", TextTraining::miniGpt),
    /** A network whose shape is that of its input: another tree for each example. */
    TREE_LSTM("tree-lstm", TreeLstmTraining::new),
    /** Two layers with a rectifier that brings its own gradient. */
    CUSTOM_FUNCTION("custom-function", TwoLayerAutograd::customFunction),
    /** The tape behind a small graph. */
    TAPE("tape", Tape::new);

    private final String label;
    private final Function<Settings, Program> start;

    Sample(String label, Function<Settings, Program> start) {
        this.label = label;
        this.start = start;
    }

    /** The name on the command line. */
    public String label() {
        return label;
    }

    /**
     * Sets the sample up.
     *
     * @throws UsageException if a setting, or a tensor of the file that it starts from, is of no use to it
     */
    public Program start(Settings settings) {
        Program program = start.apply(settings);
        settings.refuseUnused(label);
        return program;
    }

    /** The sample with a name. */
    public static Sample of(String label) {
        return Arrays.stream(values())
                .filter(sample -> sample.label.equals(label))
                .findFirst()
                .orElseThrow(
                        () -> new UsageException("sample", "unknown name", label + " (there are " + labels() + ")"));
    }

    /** All names. */
    public static String labels() {
        return Arrays.stream(values()).map(Sample::label).collect(Collectors.joining(", "));
    }
}
