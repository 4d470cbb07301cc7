// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import dev.capstan.runtime.op.View;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.Optional;
import java.util.function.Function;

/** Questions about layouts that do not depend on dimensions of size 1. */
public final class LayoutAlgebra {
    private LayoutAlgebra() {}

    /** A layout without its dimensions of size 1. */
    public static Layout compact(Layout layout) {
        Layout result = layout;
        for (int i = layout.shape().rank() - 1; i >= 0; i--) {
            result = layout.shape().size(i) == 1 ? result.squeeze(i) : result;
        }
        return result;
    }

    /** True if both have the same elements at the same positions in the same order, leaving out sizes of 1. */
    public static boolean sameElements(Layout a, Layout b) {
        return a.shape().elements() == b.shape().elements() && compact(a).equals(compact(b));
    }

    /** The same layout, begun elsewhere. */
    public static Layout shifted(Layout layout, int by) {
        return layout.at(layout.offset() + by);
    }

    /** A matrix or a stack of matrices, transposed. */
    public static Layout exchanged(Layout matrices) {
        return matrices.permute(matrices.shape().rank() == 2 ? new int[] {1, 0} : new int[] {0, 2, 1});
    }

    /** True if a view transposes a matrix, or each matrix of a stack, of this shape. */
    static boolean isTranspose(View view, Shape shape) {
        Layout whole = Layout.contiguous(shape);
        return (shape.rank() == 2 || shape.rank() == 3)
                && view.view(whole).filter(exchanged(whole)::equals).isPresent();
    }

    /**
     * Where a tensor must lie so that a view of it lies where it is wanted.
     *
     * @param view from the layout of the tensor to that of the view
     * @param shape the shape of the tensor
     * @param wanted the layout that the view shall have
     * @return a layout over {@code shape}; empty if there is none, or if the view does not show every element once
     */
    public static Optional<Layout> inverse(Function<Layout, Optional<Layout>> view, Shape shape, Layout wanted) {
        Layout source = Layout.contiguous(shape);
        Optional<Layout> shown = view.apply(source);
        if (shown.isEmpty() || shown.get().shape().elements() != shape.elements() || shape.elements() == 0) {
            return Optional.empty();
        }
        int[] descending = descendingSteps(shown.get());
        int[] strides = new int[shape.rank()];
        for (int i = 0; i < strides.length; i++) {
            strides[i] = shape.size(i) == 1 ? 1 : step(shown.get(), descending, source.stride(i), wanted);
        }
        Layout candidate = Layout.of(shape, strides, wanted.offset());
        // the steps were read off single elements; whether they are right for all is for the view itself to say
        return view.apply(candidate)
                .filter(layout -> sameElements(layout, wanted))
                .map(layout -> candidate);
    }

    /** The dimensions, largest steps first, and in their order where those are equal. */
    public static int[] descendingSteps(Layout layout) {
        int[] order = new int[layout.shape().rank()];
        for (int dimension = 0; dimension < order.length; dimension++) {
            int place = dimension;
            for (; place > 0 && layout.stride(order[place - 1]) < layout.stride(dimension); place--) {
                order[place] = order[place - 1];
            }
            order[place] = dimension;
        }
        return order;
    }

    /** How far apart in {@code wanted} the first element of a view and the one shown from a position lie. */
    private static int step(Layout shown, int[] descending, int position, Layout wanted) {
        int rest = position;
        int step = 0;
        for (int dimension : descending) {
            if (shown.shape().size(dimension) > 1 && shown.stride(dimension) > 0) {
                int index =
                        Math.min(rest / shown.stride(dimension), shown.shape().size(dimension) - 1);
                rest -= index * shown.stride(dimension);
                step += index * wanted.stride(dimension);
            }
        }
        return step;
    }
}
