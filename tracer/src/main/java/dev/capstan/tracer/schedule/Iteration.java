// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * An iteration space with as few dimensions as the layouts over it allow: sizes of 1 are left out, and neighbours that
 * all layouts walk through in one step become one. The order of the elements stays.
 *
 * @param sizes of the dimensions, outermost first
 * @param marks for each dimension, the mark that its originals had in common
 * @param strides for each layout, its steps
 */
record Iteration(List<Integer> sizes, List<Boolean> marks, List<List<Integer>> strides) {
    /** The space of layouts of one shape. */
    static Iteration of(Shape shape, List<Layout> layouts) {
        return of(shape, Collections.nCopies(shape.rank(), false), layouts);
    }

    /** The space of layouts of one shape; dimensions with different marks stay apart. */
    static Iteration of(Shape shape, List<Boolean> marks, List<Layout> layouts) {
        List<Integer> sizes = new ArrayList<>();
        List<Boolean> kept = new ArrayList<>();
        List<List<Integer>> strides = new ArrayList<>();
        layouts.forEach(layout -> strides.add(new ArrayList<>()));
        for (int i = 0; i < shape.rank(); i++) {
            if (shape.size(i) == 1) {
                continue;
            }
            int last = sizes.size() - 1;
            boolean joined = last >= 0 && kept.get(last).equals(marks.get(i));
            for (int k = 0; joined && k < layouts.size(); k++) {
                joined = strides.get(k).get(last) == layouts.get(k).stride(i) * shape.size(i);
            }
            if (joined) {
                sizes.set(last, sizes.get(last) * shape.size(i));
            } else {
                sizes.add(shape.size(i));
                kept.add(marks.get(i));
            }
            for (int k = 0; k < layouts.size(); k++) {
                if (joined) {
                    strides.get(k).set(last, layouts.get(k).stride(i));
                } else {
                    strides.get(k).add(layouts.get(k).stride(i));
                }
            }
        }
        return new Iteration(sizes, kept, strides);
    }

    /** The sizes as a shape. */
    Shape shape() {
        return Shape.of(sizes.stream().mapToInt(Integer::intValue).toArray());
    }

    /** One of the layouts over this space. */
    Layout layout(int index, int offset) {
        return Layout.of(shape(), steps(index), offset);
    }

    private int[] steps(int index) {
        return strides.get(index).stream().mapToInt(Integer::intValue).toArray();
    }

    /** One of the layouts over this space, with the marked dimensions of size 1. */
    Layout unmarked(int index, int offset) {
        int[] shape = shape().sizes();
        int[] steps = steps(index);
        for (int i = 0; i < shape.length; i++) {
            steps[i] = marks.get(i) ? 1 : steps[i];
            shape[i] = marks.get(i) ? 1 : shape[i];
        }
        return Layout.of(Shape.of(shape), steps, offset);
    }
}
