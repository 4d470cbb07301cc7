// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.capstan.Tensor;
import dev.capstan.io.Safetensors;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What PyTorch computed for one module, in a file of numbers that the Python beside it has made.
 *
 * @param tensors by {@code case/name}
 * @param name the case's
 */
record Fixture(Map<String, Tensor> tensors, String name) {
    /** All tensors of a file. */
    static Map<String, Tensor> read(String resource) {
        try {
            return Safetensors.read(Path.of(Fixture.class.getResource(resource).toURI()))
                    .tensors();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(resource, e);
        }
    }

    /** The case that a constant names in capitals. */
    static Fixture of(Map<String, Tensor> tensors, Enum<?> constant) {
        return new Fixture(tensors, constant.name().toLowerCase().replace('_', ' '));
    }

    /** The tensors whose names begin so, by the rest of their names, in order. */
    Map<String, Tensor> named(String prefix) {
        String start = name + "/" + prefix;
        Map<String, Tensor> found = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            if (name.startsWith(start)) {
                found.put(name.substring(start.length()), tensor);
            }
        });
        return found;
    }

    List<Tensor> list(String prefix) {
        return List.copyOf(named(prefix).values());
    }

    Tensor one(String name) {
        return tensors.get(this.name + "/" + name);
    }

    static void assertClose(Tensor expected, Tensor actual, String name) {
        assertEquals(expected.shape(), actual.shape(), name);
        assertArrayEquals(expected.toDoubleArray(), actual.toDoubleArray(), 1e-12, name);
    }

    static void assertClose(Map<String, Tensor> expected, Map<String, Tensor> actual) {
        assertEquals(expected.keySet(), actual.keySet());
        expected.forEach((name, tensor) -> assertClose(tensor, actual.get(name), name));
    }
}
