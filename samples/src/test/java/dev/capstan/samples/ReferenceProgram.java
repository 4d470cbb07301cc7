// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples;

import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.io.Safetensors;
import dev.capstan.io.SafetensorsFile;
import dev.capstan.runtime.type.DType;
import dev.capstan.samples.programs.Sample;
import dev.capstan.samples.programs.Settings;
import dev.capstan.samples.programs.Training;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;

/** A program that PyTorch ran, with the sample and the options that repeat it. */
enum ReferenceProgram {
    NUMPY("01b_numpy_two_layer_f32", Sample.TWO_LAYER, "--variant", "autograd"),
    AUTOGRAD("03_autograd_two_layer", Sample.TWO_LAYER, "--variant", "autograd"),
    CUSTOM_FUNCTION("03_autograd_two_layer", Sample.CUSTOM_FUNCTION),
    SEQUENTIAL("06_nn_sequential", Sample.TWO_LAYER, "--variant", "nn"),
    ADAM("07_optim_adam", Sample.TWO_LAYER, "--variant", "nn", "--optimizer", "adam"),
    DYNAMIC_NET("09_dynamicnet_sgd_momentum", Sample.DYNAMIC_NET, "--zero-grad", "zeros"),
    DYNAMIC_RNN("10_rnn_dynamic_steps", Sample.DYNAMIC_RNN);

    private final String fileName;
    private final Sample sample;
    private final List<String> options;

    ReferenceProgram(String fileName, Sample sample, String... options) {
        this.fileName = fileName;
        this.sample = sample;
        this.options = List.of(options);
    }

    /**
     * What a training gave.
     *
     * @param losses one a step
     * @param parameters all bits of what was learned
     * @param summary the counts
     */
    record Outcome(List<Double> losses, Map<String, Tensor> parameters, Summary summary) {}

    /** Where a file of the reference programs is. */
    static Path path(String fileName) {
        try {
            return Path.of(
                    ReferenceProgram.class.getResource("/programs/" + fileName).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    Path path() {
        return path(fileName + ".safetensors");
    }

    SafetensorsFile file() {
        return Safetensors.read(path());
    }

    /** The training from the reference values. */
    Training start(DType dtype, String... more) {
        List<String> arguments = new ArrayList<>(options);
        arguments.addAll(List.of("--dtype", dtype.label(), "--init", path().toString()));
        arguments.addAll(List.of(more));
        return start(sample, arguments.toArray(new String[0]));
    }

    /** The training of a sample with options as on the command line. */
    static Training start(Sample sample, String... arguments) {
        return (Training) sample.start(settings(arguments));
    }

    /** Options as on the command line. */
    static Settings settings(String... arguments) {
        Settings settings = new Settings();
        new CommandLine(settings).setCaseInsensitiveEnumValuesAllowed(true).parseArgs(arguments);
        return settings;
    }

    /**
     * How many segments so many steps are: one each. A function with a gradient of its own parts the first step into four; from
     * then on the region makes the tape itself.
     */
    int segments(int steps) {
        return this == CUSTOM_FUNCTION ? steps + 3 : steps;
    }

    /** The number of steps that PyTorch took. */
    int steps() {
        return file().tensor("losses").numel();
    }

    /** Trains the first steps under a stance. */
    Outcome train(DType dtype, Stance stance, int steps) throws IOException {
        Training training = start(dtype, "--steps", Integer.toString(steps));
        List<Double> losses = new ArrayList<>();
        StepListener listener = new StepListener() {
            @Override
            public void step(int index, double loss) {
                losses.add(loss);
            }

            @Override
            public void close() {}
        };
        try (Stance.Scope scope = stance.enter()) {
            Summary summary = TrainingLoop.run(training, List.of(listener));
            return new Outcome(losses, new LinkedHashMap<>(training.parameters()), summary);
        }
    }
}
