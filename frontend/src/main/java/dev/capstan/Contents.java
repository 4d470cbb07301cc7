// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.op.View;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * Which values of a segment share storage, and what each storage holds after the writes that are queued. A storage goes by
 * the number of the first value in it.
 */
final class Contents {
    private final Inputs inputs;
    private final List<Integer> roots = new ArrayList<>();
    private final List<Layout> layouts = new ArrayList<>();
    /** For the root of a storage the number of its content. */
    private final List<Integer> contents = new ArrayList<>();

    Contents(Inputs inputs) {
        this.inputs = inputs;
    }

    /** Takes in the next event, whose value has this shape. */
    void add(Segment.Queued event, Shape shape) {
        int number = roots.size();
        int root = number;
        Layout layout = Layout.contiguous(shape);
        if (event instanceof Segment.Input input) {
            root = input.alias() < 0 ? number : roots.get(input.alias());
            layout = inputs.get(input.place()).values().layout();
        } else if (event instanceof Segment.Write write) {
            root = roots.get(write.content());
            layout = layouts.get(write.content());
            contents.set(root, number);
        } else if (event instanceof Segment.Retaken retaken) {
            root = roots.get(retaken.value());
            layout = layouts.get(retaken.value());
        } else if (event instanceof Segment.Operation operation && operation.isView()) {
            View view = (View) operation.operator();
            int operand = operation.operands()[0];
            Layout shown = view.view(layouts.get(operand)).orElse(null);
            root = shown == null ? number : roots.get(operand);
            layout = shown == null ? layout : shown;
        }
        roots.add(root);
        layouts.add(layout);
        contents.add(number);
    }

    /** The first value in the storage of a value. */
    int root(int value) {
        return roots.get(value);
    }

    /** What the storage of a value holds now. */
    int of(int value) {
        return contents.get(roots.get(value));
    }

    /** True if the storage of a value was written to since. */
    boolean isStale(int value) {
        return of(value) > value && isWritten(value);
    }

    /** True if a write to the storage of a value is queued. */
    boolean isWritten(int value) {
        return of(value) != roots.get(value);
    }

    /** True if a value is a view, other than of the whole storage as it is. */
    boolean isPart(int value) {
        return !layouts.get(value).equals(layouts.get(roots.get(value)));
    }

    /** Says that the queued writes to tensors from outside have been made by a program. */
    void written(List<Segment.Queued> queued) {
        for (Segment.Queued event : queued) {
            if (event instanceof Segment.Write write
                    && queued.get(roots.get(write.content())) instanceof Segment.Input input) {
                Storage storage = inputs.get(input.place()).values().storage();
                storage.written();
                if (write.counter() != null) {
                    write.counter().wrote(storage);
                }
            }
        }
    }
}
