// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which values of a segment share storage, and what each storage holds after the writes that are queued. A storage goes by
 * the number of the first value in it.
 */
final class Contents {
    private final Inputs inputs;
    private int[] roots = new int[64];
    private Shape[] shapes = new Shape[64];
    /** Where a value lies in its storage; null if it is all of that, in order. */
    private @Nullable Layout[] layouts = new Layout[64];
    /** For the root of a storage the number of its content. */
    private int[] contents = new int[64];

    private int count;
    private final List<Outside> outside = new ArrayList<>();
    /** For the root of a storage the number of its content after the last write that was recorded. */
    private Map<Integer, Integer> recorded = Map.of();
    /** The roots of storages of which several tensors from outside show parts. */
    private Set<Integer> shared = Set.of();

    /** A write to a tensor from outside. */
    private record Outside(Tensor input, Queued.Write write) {}

    Contents(Inputs inputs) {
        this.inputs = inputs;
    }

    /** Takes in the next event, whose value has this shape. */
    void add(Queued event, Shape shape) {
        if (count == roots.length) {
            roots = Arrays.copyOf(roots, 2 * count);
            shapes = Arrays.copyOf(shapes, 2 * count);
            layouts = Arrays.copyOf(layouts, 2 * count);
            contents = Arrays.copyOf(contents, 2 * count);
        }
        int root = count;
        Layout layout = null;
        if (event instanceof Queued.Operation operation) {
            if (operation.isView()) {
                int operand = operation.operands()[0];
                layout = operation.viewing().of(layout(operand));
                root = layout == null ? count : roots[operand];
            }
        } else if (event instanceof Queued.Input input) {
            root = input.alias() < 0 ? count : roots[input.alias()];
            layout = inputs.get(input.place()).values().layout();
            if (root != count) {
                shared = shared.isEmpty() ? new HashSet<>() : shared;
                shared.add(root);
            }
        } else if (event instanceof Queued.Write write) {
            root = roots[write.content()];
            layout = layouts[write.content()];
            contents[root] = count;
            note(root, write);
        } else if (event instanceof Queued.Retaken retaken) {
            root = roots[retaken.value()];
            layout = layouts[retaken.value()];
        }
        roots[count] = root;
        shapes[count] = shape;
        layouts[count] = layout;
        contents[count] = count;
        count++;
    }

    private Layout layout(int value) {
        Layout known = layouts[value];
        if (known == null) {
            known = Layout.contiguous(shapes[value]);
            layouts[value] = known;
        }
        return known;
    }

    private void note(int root, Queued.Write write) {
        if (write.recording()) {
            recorded = recorded.isEmpty() ? new HashMap<>() : recorded;
            recorded.put(root, count);
        }
        Tensor input = inputs.at(root);
        if (input != null) {
            outside.add(new Outside(input, write));
        }
    }

    /** The first value in the storage of a value. */
    int root(int value) {
        return roots[value];
    }

    /** What the storage of a value holds now. */
    int of(int value) {
        return contents[roots[value]];
    }

    /** True if the storage of a value was written to since. */
    boolean isStale(int value) {
        return of(value) > value && isWritten(value);
    }

    /** True if a write to the storage of a value is queued. */
    boolean isWritten(int value) {
        return of(value) != roots[value];
    }

    /** True if a write to the storage of a value was recorded since. */
    boolean isRewritten(int value) {
        return recorded.getOrDefault(roots[value], value) > value;
    }

    /**
     * Where a value lies in the contiguous content of its storage; null if that is not contiguous, several tensors from
     * outside share it, or elements of the value are one place in memory.
     */
    @Nullable
    Layout place(int value) {
        Layout whole = layout(roots[value]);
        Layout part = layout(value);
        boolean single = whole.isContiguous() && !shared.contains(roots[value]);
        return single && part.shape().elements() > 0 && !part.overlapsItself()
                ? part.at(part.offset() - whole.offset())
                : null;
    }

    /** True if a value is a view, other than of the whole storage as it is. */
    boolean isPart(int value) {
        return value != roots[value] && !layout(value).equals(layout(roots[value]));
    }

    /** Says that the queued writes to tensors from outside have been made by a program. */
    void written() {
        for (Outside made : outside) {
            Storage storage = made.input().values().storage();
            storage.written();
            if (made.write().counter() != null) {
                made.write().counter().wrote(storage);
            }
        }
    }
}
