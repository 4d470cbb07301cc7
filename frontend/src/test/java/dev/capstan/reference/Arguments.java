// SPDX-License-Identifier: Apache-2.0
package dev.capstan.reference;

import dev.capstan.Tensor;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The arguments of a Python call, each by its place or by its keyword. A call takes what it understands; what is left over,
 * or is of a kind that Java's method does not take, makes the case one that is not supported.
 */
final class Arguments {
    private final ReferenceCase origin;
    private final List<?> places;
    private final Map<String, Object> keywords;
    private final Map<String, Tensor> made = new LinkedHashMap<>();
    private final Set<Object> taken = new HashSet<>();

    /** The call has an argument that Java's method does not have. */
    static final class Unsupported extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Unsupported(String what) {
            super(what);
        }
    }

    Arguments(ReferenceCase origin, List<?> places, Map<String, Object> keywords) {
        this.origin = origin;
        this.places = places;
        this.keywords = keywords;
    }

    /** All input tensors that the call has taken so far, by name. */
    Map<String, Tensor> inputs() {
        return made;
    }

    private Object raw(int place, String keyword) {
        if (place < places.size()) {
            taken.add(place);
            return places.get(place);
        }
        taken.add(keyword);
        return keywords.get(keyword);
    }

    boolean has(int place, String keyword) {
        return raw(place, keyword) != null;
    }

    boolean isTensor(int place, String keyword) {
        return raw(place, keyword) instanceof Map<?, ?> map && map.containsKey("tensor");
    }

    /** An argument that must have its usual value. */
    Arguments usual(String keyword, Object value) {
        Object given = keywords.getOrDefault(keyword, value);
        boolean same = given instanceof Number a && value instanceof Number b
                ? a.doubleValue() == b.doubleValue()
                : given.equals(value);
        if (!same) {
            throw new Unsupported(keyword + "=" + given);
        }
        taken.add(keyword);
        return this;
    }

    /** An argument that no method has. */
    void refuse(String keyword) {
        if (keywords.containsKey(keyword)) {
            throw new Unsupported(keyword);
        }
    }

    /** An argument that means nothing here, such as the device. */
    Arguments without(String... ignored) {
        taken.addAll(List.of(ignored));
        return this;
    }

    Tensor tensor(int place) {
        return tensor(place, "");
    }

    Tensor tensor(int place, String keyword) {
        Object raw = raw(place, keyword);
        if (!(raw instanceof Map<?, ?> map) || !map.containsKey("tensor")) {
            throw new Unsupported("no tensor, but " + raw);
        }
        return decode(Json.object(raw));
    }

    List<Tensor> tensors(int place) {
        return items(raw(place, "")).stream()
                .map(element -> decode(Json.object(element)))
                .toList();
    }

    private static List<?> items(Object raw) {
        return raw instanceof Map<?, ?> map ? Json.list(map.get("tuple")) : Json.list(raw);
    }

    Number number(int place, String keyword) {
        Object raw = raw(place, keyword);
        if (raw instanceof Boolean truth) {
            return truth ? 1 : 0;
        }
        if (!(raw instanceof Number number)) {
            throw new Unsupported("no number, but " + raw);
        }
        return number;
    }

    int integer(int place, String keyword) {
        return isTensor(place, keyword)
                ? (int) tensor(place, keyword).item()
                : number(place, keyword).intValue();
    }

    int[] integers(int place, String keyword) {
        Object raw = raw(place, keyword);
        if (raw == null) {
            throw new Unsupported("no " + keyword);
        }
        return raw instanceof Number number
                ? new int[] {number.intValue()}
                : items(raw).stream()
                        .mapToInt(item -> ((Number) item).intValue())
                        .toArray();
    }

    boolean truth(int place, String keyword) {
        return Boolean.TRUE.equals(raw(place, keyword));
    }

    String text(int place, String keyword) {
        return (String) raw(place, keyword);
    }

    boolean isText(String keyword) {
        return keywords.get(keyword) instanceof String;
    }

    DType dtype(String keyword) {
        return DType.of((String) Json.object(raw(places.size(), keyword)).get("dtype"));
    }

    /** Verifies that nothing is left. */
    void finish() {
        for (int i = 0; i < places.size(); i++) {
            if (!taken.contains(i)) {
                throw new Unsupported("argument " + i + " " + places.get(i));
            }
        }
        for (String keyword : keywords.keySet()) {
            if (!taken.contains(keyword)) {
                throw new Unsupported(keyword + "=" + keywords.get(keyword));
            }
        }
    }

    private Tensor decode(Map<String, Object> raw) {
        return made.computeIfAbsent((String) raw.get("tensor"), name -> {
            Tensor stored = origin.tensor(name);
            Layout layout = raw.containsKey("strides")
                    ? Layout.of(stored.shape(), strides(Json.list(raw.get("strides"))), 0)
                    : Layout.contiguous(stored.shape());
            NdArray array = new NdArray(Storage.allocate(stored.dtype(), layout.extent()), layout);
            int[] from = stored.values().positions();
            int[] to = array.positions();
            for (int i = 0; i < to.length; i++) {
                System.arraycopy(
                        stored.values().storage().array(),
                        from[i],
                        array.storage().array(),
                        to[i],
                        1);
            }
            Tensor tensor = new Tensor(array);
            return Boolean.TRUE.equals(raw.get("requires_grad")) ? tensor.requiresGrad(true) : tensor;
        });
    }

    private static int[] strides(List<?> strides) {
        return strides.stream().mapToInt(stride -> ((Number) stride).intValue()).toArray();
    }
}
