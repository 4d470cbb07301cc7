// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.type;

import java.util.Arrays;
import java.util.Optional;

/**
 * Where the elements of a tensor lie in its storage: element {@code (i0, i1, ...)} is at
 * {@code offset + i0 * strides[0] + i1 * strides[1] + ...}, all in elements. Immutable.
 */
public final class Layout {
    private final Shape shape;
    private final int[] strides;
    private final int offset;
    private final boolean contiguous;

    private Layout(Shape shape, int[] strides, int offset) {
        this.shape = shape;
        this.strides = strides;
        this.offset = offset;
        this.contiguous = isRowMajor(shape, strides);
    }

    /** A layout with given strides and offset. */
    public static Layout of(Shape shape, int[] strides, int offset) {
        if (strides.length != shape.rank()) {
            throw new CapstanException(
                    "layout", "as many strides as dimensions", Arrays.toString(strides) + " for " + shape);
        }
        return new Layout(shape, strides.clone(), offset);
    }

    /** Row-major order without gaps, from the beginning of the storage. */
    public static Layout contiguous(Shape shape) {
        return shape.contiguous();
    }

    static Layout rowMajor(Shape shape) {
        return new Layout(shape, rowMajorStrides(shape), 0);
    }

    private static int[] rowMajorStrides(Shape shape) {
        int[] strides = new int[shape.rank()];
        int stride = 1;
        for (int i = strides.length - 1; i >= 0; i--) {
            strides[i] = stride;
            stride *= Math.max(shape.size(i), 1);
        }
        return strides;
    }

    private static boolean isRowMajor(Shape shape, int[] strides) {
        if (shape.elements() == 0) {
            return true;
        }
        int stride = 1;
        for (int i = strides.length - 1; i >= 0; i--) {
            if (shape.size(i) != 1) {
                if (strides[i] != stride) {
                    return false;
                }
                stride *= shape.size(i);
            }
        }
        return true;
    }

    /** The sizes. */
    public Shape shape() {
        return shape;
    }

    /** Position of the first element in the storage. */
    public int offset() {
        return offset;
    }

    /** The step of one dimension. */
    public int stride(int dimension) {
        return strides[dimension];
    }

    /** All strides, a copy. */
    public int[] strides() {
        return strides.clone();
    }

    /** True if the elements lie in row-major order without gaps. */
    public boolean isContiguous() {
        return contiguous;
    }

    /** One dimension fixed at an index and removed. */
    public Layout select(int dimension, int index) {
        int[] rest = new int[strides.length - 1];
        System.arraycopy(strides, 0, rest, 0, dimension);
        System.arraycopy(strides, dimension + 1, rest, dimension, rest.length - dimension);
        return new Layout(shape.remove(dimension), rest, offset + index * strides[dimension]);
    }

    /** The part {@code start, start + step, ...} of one dimension, {@code length} elements. */
    public Layout slice(int dimension, int start, int length, int step) {
        int[] copy = strides.clone();
        copy[dimension] *= step;
        int first = length == 0 ? 0 : start * strides[dimension];
        return new Layout(shape.with(dimension, length), copy, offset + first);
    }

    /** Dimensions in another order: result dimension i is dimension {@code order[i]} of this. */
    public Layout permute(int[] order) {
        int[] sizes = new int[order.length];
        int[] copy = new int[order.length];
        for (int i = 0; i < order.length; i++) {
            sizes[i] = shape.size(order[i]);
            copy[i] = strides[order[i]];
        }
        return new Layout(Shape.of(sizes), copy, offset);
    }

    /** A dimension of size 1 inserted. */
    public Layout unsqueeze(int dimension) {
        int[] copy = new int[strides.length + 1];
        System.arraycopy(strides, 0, copy, 0, dimension);
        copy[dimension] = dimension < strides.length ? strides[dimension] * shape.size(dimension) : 1;
        System.arraycopy(strides, dimension, copy, dimension + 1, strides.length - dimension);
        return new Layout(shape.insert(dimension, 1), copy, offset);
    }

    /** A dimension removed, whose size must be 1. */
    public Layout squeeze(int dimension) {
        return select(dimension, 0);
    }

    /** Stretched to a larger shape: new leading dimensions and dimensions of size 1 get stride 0. */
    public Layout expand(Shape target) {
        if (shape.equals(target)) {
            return this;
        }
        int[] result = new int[target.rank()];
        int lead = target.rank() - shape.rank();
        for (int i = 0; i < shape.rank(); i++) {
            result[lead + i] = shape.size(i) == 1 && target.size(lead + i) != 1 ? 0 : strides[i];
        }
        return new Layout(target, result, offset);
    }

    /** The same elements in row-major order under another shape, if strides can express it. */
    public Optional<Layout> reshape(Shape target) {
        if (contiguous) {
            return Optional.of(new Layout(target, rowMajorStrides(target), offset));
        }
        int[] result = new int[target.rank()];
        int old = shape.rank() - 1;
        int next = target.rank() - 1;
        while (next >= 0) {
            if (target.size(next) == 1) {
                result[next] = 1;
                next--;
                continue;
            }
            while (old >= 0 && shape.size(old) == 1) {
                old--;
            }
            // one group: a run of old dimensions with uniform steps, covered by a run of new dimensions
            int stride = strides[old];
            int oldCount = shape.size(old);
            int newCount = 1;
            int step = stride;
            old--;
            while (true) {
                while (newCount < oldCount && next >= 0) {
                    result[next] = step;
                    step *= target.size(next);
                    newCount *= target.size(next);
                    next--;
                }
                if (newCount == oldCount) {
                    break;
                }
                while (old >= 0 && shape.size(old) == 1) {
                    old--;
                }
                if (strides[old] != stride * oldCount) {
                    return Optional.empty();
                }
                oldCount *= shape.size(old);
                old--;
            }
        }
        return Optional.of(new Layout(target, result, offset));
    }

    /** True if the other layout differs at most in its offset. */
    public boolean isShiftOf(Layout other) {
        return this == other || shape.equals(other.shape) && Arrays.equals(strides, other.strides);
    }

    /** The same layout from another place on. */
    public Layout at(int newOffset) {
        return newOffset == offset ? this : new Layout(shape, strides, newOffset);
    }

    /** True if two indices can show the same element, as after {@link #expand}. May say so of an unusual layout without cause. */
    public boolean overlapsItself() {
        if (contiguous) {
            return false;
        }
        int[] order = java.util.stream.IntStream.range(0, shape.rank())
                .filter(dimension -> shape.size(dimension) > 1)
                .boxed()
                .sorted(java.util.Comparator.comparingInt(dimension -> Math.abs(strides[dimension])))
                .mapToInt(Integer::intValue)
                .toArray();
        long span = 0;
        for (int dimension : order) {
            if (Math.abs(strides[dimension]) <= span) {
                return shape.elements() > 0;
            }
            span += (long) Math.abs(strides[dimension]) * (shape.size(dimension) - 1);
        }
        return false;
    }

    /** One more than the highest position that any element has, 0 for an empty layout. */
    public int extent() {
        if (shape.elements() == 0) {
            return 0;
        }
        int last = offset;
        for (int i = 0; i < strides.length; i++) {
            last += Math.max(0, strides[i]) * (shape.size(i) - 1);
        }
        return last + 1;
    }

    @Override
    public boolean equals(Object other) {
        return this == other
                || other instanceof Layout layout
                        && offset == layout.offset
                        && shape.equals(layout.shape)
                        && Arrays.equals(strides, layout.strides);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * shape.hashCode() + Arrays.hashCode(strides)) + offset;
    }

    @Override
    public String toString() {
        return shape + "/" + Arrays.toString(strides).replace(" ", "") + (offset == 0 ? "" : "+" + offset);
    }
}
