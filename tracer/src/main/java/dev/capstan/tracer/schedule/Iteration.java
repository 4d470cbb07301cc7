// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * An iteration space with as few dimensions as the layouts over it allow: sizes of 1 are left out, and neighbours that
 * all layouts walk through in one step become one. The order of the elements stays.
 *
 * @param shape the sizes of the dimensions, outermost first
 * @param marks for each dimension, the mark that its originals had in common
 * @param strides for each layout, its steps
 */
record Iteration(Shape shape, List<Boolean> marks, int[][] strides) {
    /** The space of layouts of one shape. */
    static Iteration of(Shape shape, List<Layout> layouts) {
        return of(shape, Collections.nCopies(shape.rank(), false), layouts);
    }

    /** The space of layouts of one shape; dimensions with different marks stay apart. */
    static Iteration of(Shape shape, List<Boolean> marks, List<Layout> layouts) {
        int[] sizes = new int[shape.rank()];
        List<Boolean> kept = new ArrayList<>(sizes.length);
        int[][] strides = new int[layouts.size()][sizes.length];
        int last = -1;
        for (int i = 0; i < shape.rank(); i++) {
            if (shape.size(i) == 1) {
                continue;
            }
            boolean joined = last >= 0 && kept.get(last).equals(marks.get(i));
            for (int k = 0; joined && k < strides.length; k++) {
                joined = strides[k][last] == layouts.get(k).stride(i) * shape.size(i);
            }
            if (joined) {
                sizes[last] *= shape.size(i);
            } else {
                sizes[++last] = shape.size(i);
                kept.add(marks.get(i));
            }
            for (int k = 0; k < strides.length; k++) {
                strides[k][last] = layouts.get(k).stride(i);
            }
        }
        int rank = last + 1;
        Arrays.setAll(strides, k -> Arrays.copyOf(strides[k], rank));
        return new Iteration(Shape.of(Arrays.copyOf(sizes, rank)), kept, strides);
    }

    /** One of the layouts over this space. */
    Layout layout(int index, int offset) {
        return Layout.of(shape, strides[index], offset);
    }

    /** One of the layouts over this space, with the marked dimensions of size 1. */
    Layout unmarked(int index, int offset) {
        int[] sizes = shape.sizes();
        int[] steps = strides[index].clone();
        for (int i = 0; i < sizes.length; i++) {
            steps[i] = marks.get(i) ? 1 : steps[i];
            sizes[i] = marks.get(i) ? 1 : sizes[i];
        }
        return Layout.of(Shape.of(sizes), steps, offset);
    }
}
