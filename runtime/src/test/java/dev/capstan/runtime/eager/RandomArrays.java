// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.Arrays;
import java.util.Random;

/** Arrays of random values, special ones among them, in random layouts. */
final class RandomArrays {
    private static final double[] SPECIAL = {
        0, -0.0, 1, -1, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 1e-40, -1e-310, 3e38, 1e300, 0.5
    };

    private final Random random;

    /** A generator for a case; the first numbers for neighbouring seeds of {@link Random} are much alike. */
    static Random random(long seed) {
        return new Random(seed * 0x9E3779B97F4A7C15L);
    }

    RandomArrays(Random random) {
        this.random = random;
    }

    Shape shape(int mostElements) {
        int[] sizes = new int[random.nextInt(5)];
        int elements = 1;
        for (int i = 0; i < sizes.length; i++) {
            int most = Math.max(1, Math.min(mostElements / elements, random.nextInt(4) == 0 ? 2000 : 12));
            sizes[i] = 1 + random.nextInt(most);
            elements *= sizes[i];
        }
        if (sizes.length > 0 && random.nextInt(20) == 0) {
            sizes[random.nextInt(sizes.length)] = 0;
        }
        return Shape.of(sizes);
    }

    /** A layout in which no two elements share a position. */
    Layout layout(Shape shape) {
        int kind = random.nextInt(4);
        if (kind == 0) {
            return Layout.contiguous(shape);
        }
        // dimensions in a random order, with gaps, some of them backwards
        int rank = shape.rank();
        int[] order = new int[rank];
        for (int i = 0; i < rank; i++) {
            int at = random.nextInt(i + 1);
            order[i] = order[at];
            order[at] = i;
        }
        if (kind == 1) {
            Arrays.sort(order);
        }
        int[] strides = new int[rank];
        int step = 1;
        int offset = random.nextInt(3) * random.nextInt(5);
        for (int i = rank - 1; i >= 0; i--) {
            int size = shape.size(order[i]);
            step += random.nextInt(3) == 0 ? random.nextInt(3) : 0;
            boolean backwards = kind == 3 && random.nextInt(4) == 0;
            strides[order[i]] = backwards ? -step : step;
            offset += backwards ? step * Math.max(0, size - 1) : 0;
            step *= Math.max(1, size);
        }
        return Layout.of(shape, strides, offset);
    }

    /** A layout in which elements may share positions, as after broadcasting. */
    Layout broadcastLayout(Shape shape) {
        int[] sizes = shape.sizes();
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = random.nextInt(3) == 0 ? 1 : sizes[i];
        }
        return layout(Shape.of(sizes)).expand(shape);
    }

    /** An array of random values with a given layout. */
    NdArray array(DType type, Layout layout) {
        int extent = layout.offset() + 1;
        for (int i = 0; i < layout.shape().rank(); i++) {
            extent += Math.max(0, layout.stride(i) * (layout.shape().size(i) - 1));
        }
        NdArray array = new NdArray(Storage.allocate(type, extent), layout);
        for (int i = 0; i < extent; i++) {
            array.set(i, value(type));
        }
        return array;
    }

    private double value(DType type) {
        return switch (type) {
            case FLOAT32, FLOAT64 ->
                random.nextInt(8) == 0 ? SPECIAL[random.nextInt(SPECIAL.length)] : random.nextGaussian() * 3;
            case INT64, INT32 -> random.nextInt(4) == 0 ? random.nextLong() : random.nextInt(11) - 5;
            case UINT8 -> random.nextInt(256);
            case BOOL -> random.nextInt(2);
        };
    }

    /** Moderate values only, so that sums mean something. */
    NdArray moderate(DType type, Layout layout) {
        NdArray array = array(type, layout);
        if (type.isFloating()) {
            for (int i = 0; i < array.storage().elements(); i++) {
                array.set(i, random.nextGaussian());
            }
        }
        return array;
    }
}
