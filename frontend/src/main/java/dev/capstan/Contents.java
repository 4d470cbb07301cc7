// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.Queued.Input;
import dev.capstan.Queued.Operation;
import dev.capstan.Queued.Retaken;
import dev.capstan.Queued.Write;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.type.Layout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which values of a segment share storage, and what each storage holds after the writes that are queued. A storage goes by
 * the number of the first value in it. Where values lie is looked up when it is asked for: of most it never is.
 */
final class Contents {
    private final SegmentEvents segment;
    private final Inputs inputs;
    /** For the root of a storage the number of its content, 0 if it was not written to. */
    private int[] contents;
    /** For each value that shares storage its root and 1 more, once that was asked for. */
    private int[] roots = {};
    /** For each view that was taken again where it lies, once that was asked for. */
    private @Nullable Layout[] layouts = {};
    /** For the root of a storage the number of its content after the last write that was recorded. */
    private Map<Integer, Integer> recorded = Map.of();

    private final List<Outside> outside = new ArrayList<>();
    /** For the root of a storage of the segment's own how often it was written to. */
    private Map<Integer, Integer> writes = Map.of();

    /** A write to a tensor from outside, and what counts it, null if the storage does. */
    private record Outside(Tensor input, @Nullable VersionCounter counter) {}

    Contents(SegmentEvents segment, Inputs inputs, int likelyLength) {
        this.segment = segment;
        this.inputs = inputs;
        this.contents = new int[likelyLength];
    }

    /**
     * Takes note of a write.
     *
     * @param target the number of a value in the storage
     * @param content the number of the new content
     * @param isRecorded whether the tape records it
     * @param counter what counts the write, null if the storage does
     */
    void write(int target, int content, boolean isRecorded, @Nullable VersionCounter counter) {
        int root = root(target);
        if (root >= contents.length) {
            contents = Arrays.copyOf(contents, 2 * root + 1);
        }
        contents[root] = content;
        if (isRecorded) {
            recorded = recorded.isEmpty() ? new HashMap<>() : recorded;
            recorded.put(root, content);
        }
        if (segment.queued(root) instanceof Input input) {
            outside.add(new Outside(inputs.get(input.place()), counter));
        } else if (segment.isTaped()) {
            writes = writes.isEmpty() ? new HashMap<>() : writes;
            writes.merge(root, 1, Integer::sum);
        }
    }

    /** How often the storage of a value was written to, if it is the segment's own and the tape is made here. */
    int writes(int value) {
        return writes.getOrDefault(root(value), 0);
    }

    /** Where a value lies in its storage. */
    private Layout layout(int value) {
        Queued event = segment.queued(value);
        if (event instanceof Operation operation && operation.isView()) {
            Layout layout = operation.viewing().of(layout(operation.operands()[0]));
            return layout == null ? Layout.contiguous(segment.shape(value)) : layout;
        }
        if (event instanceof Input input) {
            return inputs.get(input.place()).values().layout();
        }
        if (event instanceof Write) {
            return layout(root(value));
        }
        return event instanceof Retaken retaken ? layoutAgain(value, retaken) : Layout.contiguous(segment.shape(value));
    }

    private Layout layoutAgain(int value, Retaken retaken) {
        if (value >= layouts.length) {
            layouts = Arrays.copyOf(layouts, 2 * value + 1);
        }
        Layout known = layouts[value];
        if (known == null) {
            known = layout(retaken.value());
            layouts[value] = known;
        }
        return known;
    }

    /** The first value in the storage of a value. */
    int root(int value) {
        if (!segment.walk().event(value).isSharing()) {
            return value;
        }
        // kept: one write follows another, and each is asked for before the next
        if (value >= roots.length) {
            roots = Arrays.copyOf(roots, 2 * value + 1);
        }
        if (roots[value] == 0) {
            int root = sharedRoot(value);
            roots[value] = root + 1;
        }
        return roots[value] - 1;
    }

    private int sharedRoot(int value) {
        Queued event = segment.queued(value);
        if (event instanceof Operation operation) {
            int operand = operation.operands()[0];
            return operation.viewing().of(layout(operand)) == null ? value : root(operand);
        }
        if (event instanceof Input input) {
            return input.alias();
        }
        if (event instanceof Write write) {
            return root(write.content());
        }
        return event instanceof Retaken retaken ? root(retaken.value()) : value;
    }

    /** What the storage of a value holds now. */
    int of(int value) {
        int root = root(value);
        int written = written(root);
        return written == 0 ? root : written;
    }

    /** True if the storage of a value was written to since. */
    boolean isStale(int value) {
        return written(root(value)) > value;
    }

    /** True if a write to the storage of a value is queued. */
    boolean isWritten(int value) {
        return written(root(value)) != 0;
    }

    private int written(int root) {
        return root < contents.length ? contents[root] : 0;
    }

    /** True if a write to the storage of a value was recorded since. */
    boolean isRewritten(int value) {
        return !recorded.isEmpty() && recorded.getOrDefault(root(value), value) > value;
    }

    /**
     * Where a value lies in the contiguous content of its storage; null if that is not contiguous, several tensors from
     * outside share it, or elements of the value are one place in memory.
     */
    @Nullable
    Layout place(int value) {
        int root = root(value);
        Layout whole = layout(root);
        Layout part = layout(value);
        boolean single = whole.isContiguous() && !inputs.isShared(root);
        return single && part.shape().elements() > 0 && !part.overlapsItself()
                ? part.at(part.offset() - whole.offset())
                : null;
    }

    /** True if a value is a view, other than of the whole storage as it is. */
    boolean isPart(int value) {
        int root = root(value);
        return value != root && !layout(value).equals(layout(root));
    }

    /** Says that the queued writes to tensors from outside have been made by a program. */
    void written() {
        for (Outside made : outside) {
            Storage storage = made.input().values().storage();
            storage.written();
            if (made.counter() != null) {
                made.counter().wrote(storage);
            }
        }
    }
}
