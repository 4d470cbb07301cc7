// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

import dev.capstan.Tensor;
import dev.capstan.io.Safetensors;
import dev.capstan.io.SafetensorsFile;
import dev.capstan.nn.Module;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.IntSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The values that a sample starts from: what a file holds under the names {@code init.*}, and random numbers for the rest.
 * In a file without such names, for example a checkpoint, the names are taken as they are.
 */
final class Initial {
    private static final String PREFIX = "init.";

    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final Map<String, String> metadata;
    private final String prefix;
    private boolean used;

    private Initial(SafetensorsFile file) {
        metadata = file.metadata();
        prefix = file.tensors().keySet().stream().anyMatch(name -> name.startsWith(PREFIX)) ? PREFIX : "";
        file.tensors().forEach((name, tensor) -> {
            if (name.startsWith(prefix)) {
                tensors.put(name.substring(prefix.length()), tensor);
            }
        });
    }

    /** Random numbers only. */
    static Initial drawn() {
        Initial initial = new Initial(new SafetensorsFile(Map.of(), Map.of()));
        initial.used = true;
        return initial;
    }

    /** A file in place of random numbers. */
    static Initial read(Path file) {
        return new Initial(Safetensors.read(file));
    }

    /** The file's tensor of a name, in the element type of the one that was drawn for it; else the drawn one. */
    Tensor tensor(String name, Tensor drawn) {
        Tensor given = take(name, drawn.shape());
        return given == null ? drawn : given.to(drawn.dtype());
    }

    /** Replaces parameters by the file's tensors of the same names. */
    void load(Module<?, ?> model) {
        load(model, Map.of());
    }

    /**
     * The same for files of another convention.
     *
     * @param layerNames the model's name for a layer, by the file's
     */
    void load(Module<?, ?> model, Map<String, String> layerNames) {
        layerNames.forEach(this::rename);
        Map<String, Tensor> state = model.stateDict();
        state.replaceAll((name, parameter) -> {
            Tensor given = take(name, parameter.shape());
            return given == null ? parameter : given;
        });
        model.loadStateDict(state);
    }

    private void rename(String theirs, String ours) {
        for (String name : tensors.keySet().toArray(new String[0])) {
            String renamed = ours + name.substring(Math.min(theirs.length(), name.length()));
            if (name.startsWith(theirs + ".") && !tensors.containsKey(renamed)) {
                tensors.put(renamed, tensors.remove(name));
            }
        }
    }

    private @Nullable Tensor take(String name, Shape shape) {
        Tensor given = tensors.remove(name);
        if (given == null) {
            return null;
        }
        used = true;
        if (!given.shape().equals(shape)) {
            throw new UsageException(
                    "--init", "shapes differ", prefix + name + " is " + given.shape() + ", not " + shape);
        }
        if (!given.dtype().isFloating()) {
            throw new UsageException("--init", "not a floating tensor", prefix + name + " is " + given.dtype());
        }
        return given;
    }

    /** How many choices of a kind the file holds, if any. */
    OptionalInt choices(String name) {
        Tensor given = tensors.get(name);
        return given == null ? OptionalInt.empty() : OptionalInt.of(given.numel());
    }

    /**
     * The choices of a kind, one a step: the file's, possibly more than are needed, or drawn ones.
     *
     * @param least the smallest that makes sense
     */
    int[] choices(String name, int least, int steps, IntSupplier drawn) {
        Tensor given = tensors.remove(name);
        if (given == null) {
            return IntStream.generate(drawn).limit(steps).toArray();
        }
        used = true;
        if (given.dim() != 1 || given.dtype().category() != DType.Category.INTEGRAL) {
            throw new UsageException(
                    "--init", "not a vector of whole numbers", prefix + name + " is " + given.dtype() + given.shape());
        }
        if (given.numel() < steps) {
            throw new UsageException(
                    "--init", "fewer choices than steps", prefix + name + " has " + given.numel() + ", not " + steps);
        }
        for (long choice : given.toLongArray()) {
            if (choice < least || choice > Integer.MAX_VALUE) {
                throw new UsageException(
                        "--init", "a choice below " + least + " or too large", prefix + name + " has " + choice);
            }
        }
        return Arrays.stream(given.toLongArray()).mapToInt(Math::toIntExact).toArray();
    }

    /** The number of steps that the file was made with, if it says so. */
    OptionalInt steps() {
        String steps = metadata.get("steps");
        if (steps == null) {
            return OptionalInt.empty();
        }
        try {
            return OptionalInt.of(Integer.parseInt(steps));
        } catch (NumberFormatException e) {
            throw new UsageException("--init", "the number of steps is no number", steps);
        }
    }

    void refuseUnused(String sample) {
        String unused = tensors.keySet().stream().map(prefix::concat).collect(Collectors.joining(", "));
        if (!used) {
            throw new UsageException("--init", "nothing in the file is of use to " + sample, unused);
        }
        if (!prefix.isEmpty() && !tensors.isEmpty()) {
            throw new UsageException("--init", "no use for these tensors in " + sample, unused);
        }
    }
}
