// SPDX-License-Identifier: Apache-2.0
package dev.capstan.io;

import static java.util.Objects.requireNonNull;

import dev.capstan.Tensor;
import dev.capstan.runtime.type.CapstanException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a file of tensors holds. The maps cannot be changed.
 *
 * @param tensors the tensors by name, in the order of the file's header
 * @param metadata texts by name
 */
public record SafetensorsFile(Map<String, Tensor> tensors, Map<String, String> metadata) {
    public SafetensorsFile {
        tensors = Collections.unmodifiableMap(new LinkedHashMap<>(requireNonNull(tensors, "tensors")));
        metadata = Collections.unmodifiableMap(new LinkedHashMap<>(requireNonNull(metadata, "metadata")));
    }

    /**
     * The tensor of a name.
     *
     * @throws CapstanException if there is none
     */
    public Tensor tensor(String name) {
        Tensor tensor = tensors.get(requireNonNull(name, "name"));
        if (tensor == null) {
            throw new CapstanException(
                    "safetensors",
                    "no tensor has this name",
                    Fault.line(name) + " among " + Fault.line(tensors.keySet().toString()));
        }
        return tensor;
    }
}
