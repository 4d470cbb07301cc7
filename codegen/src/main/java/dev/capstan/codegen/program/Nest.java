// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.runtime.spi.Access;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A joint walk over operands of one shape in as few dimensions as their strides allow. The order of the dimensions is free,
 * because elements do not depend on one another: the innermost one is the one that suits the operands best.
 *
 * @param sizes of the dimensions, outermost first; at least one
 * @param strides for each operand its step along each dimension
 */
record Nest(List<Integer> sizes, List<List<Integer>> strides) {
    /** The nest over layouts of one shape without a size of 0; the first of them decides the order of the outer dimensions. */
    static Nest of(Shape shape, List<Layout> layouts) {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < shape.rank(); i++) {
            if (shape.size(i) != 1) {
                order.add(i);
            }
        }
        Layout guide = layouts.get(0);
        order.sort(Comparator.comparing((Integer i) -> -Math.abs(guide.stride(i))));
        order.stream()
                .filter(i -> isInner(layouts, i))
                .reduce((first, second) -> second)
                .ifPresent(inner -> {
                    order.remove(inner);
                    order.add(inner);
                });
        return merged(shape, layouts, order);
    }

    /** The nest over some dimensions in their order; the others stay at index 0. */
    static Nest inOrder(Shape shape, List<Layout> layouts, List<Integer> dimensions) {
        return merged(
                shape,
                layouts,
                dimensions.stream().filter(i -> shape.size(i) != 1).toList());
    }

    private static boolean isInner(List<Layout> layouts, int dimension) {
        return layouts.stream().allMatch(layout -> Access.of(layout.stride(dimension)) != Access.STRIDED);
    }

    private static Nest merged(Shape shape, List<Layout> layouts, List<Integer> order) {
        List<Integer> sizes = new ArrayList<>();
        List<List<Integer>> strides = new ArrayList<>();
        layouts.forEach(layout -> strides.add(new ArrayList<>()));
        for (int dimension : order) {
            int size = shape.size(dimension);
            int last = sizes.size() - 1;
            boolean joins = last >= 0;
            for (int k = 0; joins && k < layouts.size(); k++) {
                joins = strides.get(k).get(last) == layouts.get(k).stride(dimension) * size;
            }
            if (joins) {
                sizes.set(last, sizes.get(last) * size);
            } else {
                sizes.add(size);
            }
            for (int k = 0; k < layouts.size(); k++) {
                int stride = layouts.get(k).stride(dimension);
                if (joins) {
                    strides.get(k).set(last, stride);
                } else {
                    strides.get(k).add(stride);
                }
            }
        }
        if (sizes.isEmpty()) {
            sizes.add(1);
            strides.forEach(list -> list.add(1));
        }
        return new Nest(sizes, strides);
    }

    int rank() {
        return sizes.size();
    }

    int columns() {
        return sizes.get(rank() - 1);
    }

    int rows() {
        return rank() == 1 ? 1 : sizes.get(rank() - 2);
    }

    int columnStep(int operand) {
        return strides.get(operand).get(rank() - 1);
    }

    int rowStep(int operand) {
        return rank() == 1 ? 0 : strides.get(operand).get(rank() - 2);
    }

    /** Dimensions outside of rows and columns. */
    int outer() {
        return Math.max(0, rank() - 2);
    }

    /** How the operands move along the columns. */
    List<Access> accesses() {
        List<Access> accesses = new ArrayList<>();
        for (int i = 0; i < strides.size(); i++) {
            accesses.add(Access.of(columnStep(i)));
        }
        return accesses;
    }
}
