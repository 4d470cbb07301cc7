// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.type;

import java.util.Arrays;

/** The sizes of a tensor, outermost first; {@code []} is a scalar (0-d). Immutable. */
public final class Shape {
    /** The shape of a 0-d tensor. */
    public static final Shape SCALAR = new Shape(new int[0]);

    private final int[] sizes;
    private final int elements;
    /** The row-major layout from 0 on, once somebody has asked for it. */
    private Layout contiguous;

    private Shape(int[] sizes) {
        this.sizes = sizes;
        long product = 1;
        for (int size : sizes) {
            if (size < 0) {
                throw new CapstanException("shape", "a size is negative", Arrays.toString(sizes));
            }
            product *= size;
            if (product > Integer.MAX_VALUE) {
                throw new CapstanException("shape", "more than 2^31 - 1 elements", Arrays.toString(sizes));
            }
        }
        this.elements = (int) product;
    }

    /** The shape with these sizes. */
    public static Shape of(int... sizes) {
        return sizes.length == 0 ? SCALAR : new Shape(sizes.clone());
    }

    Layout contiguous() {
        Layout known = contiguous;
        if (known == null) {
            known = Layout.rowMajor(this);
            contiguous = known;
        }
        return known;
    }

    /** Number of dimensions. */
    public int rank() {
        return sizes.length;
    }

    /** Product of all sizes. */
    public int elements() {
        return elements;
    }

    /** The size of one dimension, {@code 0 <= dimension < rank}. */
    public int size(int dimension) {
        return sizes[dimension];
    }

    /** All sizes, a copy. */
    public int[] sizes() {
        return sizes.clone();
    }

    /**
     * A dimension as users write it, negative from the end, as an index from the front. A 0-d tensor accepts 0 and -1, as
     * PyTorch's does.
     */
    public int dimension(String operator, int dimension) {
        int range = Math.max(rank(), 1);
        if (dimension < -range || dimension >= range) {
            throw new CapstanException(
                    operator,
                    "dimension out of range",
                    dimension + " for " + this + " (expected " + -range + " to " + (range - 1) + ")");
        }
        return dimension < 0 ? dimension + range : dimension;
    }

    /** This shape with one dimension replaced. */
    public Shape with(int dimension, int size) {
        int[] copy = sizes();
        copy[dimension] = size;
        return new Shape(copy);
    }

    /** This shape with a dimension inserted. */
    public Shape insert(int dimension, int size) {
        int[] copy = new int[sizes.length + 1];
        System.arraycopy(sizes, 0, copy, 0, dimension);
        copy[dimension] = size;
        System.arraycopy(sizes, dimension, copy, dimension + 1, sizes.length - dimension);
        return new Shape(copy);
    }

    /** This shape with one dimension removed. */
    public Shape remove(int dimension) {
        int[] copy = new int[sizes.length - 1];
        System.arraycopy(sizes, 0, copy, 0, dimension);
        System.arraycopy(sizes, dimension + 1, copy, dimension, copy.length - dimension);
        return new Shape(copy);
    }

    /**
     * The shape that both broadcast to: aligned at the last dimension, sizes of 1 stretch.
     *
     * @throws CapstanException if a pair of sizes differs and neither is 1
     */
    public static Shape broadcast(String operator, Shape a, Shape b) {
        if (a.equals(b)) {
            return a;
        }
        int rank = Math.max(a.rank(), b.rank());
        int[] result = new int[rank];
        for (int i = 1; i <= rank; i++) {
            int left = i <= a.rank() ? a.sizes[a.rank() - i] : 1;
            int right = i <= b.rank() ? b.sizes[b.rank() - i] : 1;
            if (left != right && left != 1 && right != 1) {
                throw new CapstanException(
                        operator,
                        "shapes do not broadcast",
                        a + " and " + b + " (" + left + " != " + right + " at dimension " + (rank - i) + ")");
            }
            result[rank - i] = left == 1 ? right : left;
        }
        return new Shape(result);
    }

    @Override
    public boolean equals(Object other) {
        return this == other || other instanceof Shape shape && Arrays.equals(sizes, shape.sizes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(sizes);
    }

    @Override
    public String toString() {
        return Arrays.toString(sizes).replace(" ", "");
    }
}
