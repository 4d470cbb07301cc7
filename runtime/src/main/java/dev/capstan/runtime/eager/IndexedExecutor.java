// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.op.Indexed;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.Arrays;
import java.util.List;

/** Moves elements from and to places that indices tell, one run of neighbours after the other. */
final class IndexedExecutor {
    private final Indexed operator;
    private final Shape whole;
    /** The elements that are moved, without the last dimensions, which make up a run. */
    private final int[] sizes;

    private final int runs;
    private final int run;
    /** For each dimension that is not of a run: the step in the whole, in the other tensor, and among the indices. */
    private final int[] wholeSteps;

    private final int[] otherSteps;
    private final int[] indexSteps;
    private final int along;

    private IndexedExecutor(Indexed operator, Shape whole, Shape index, Shape other, Shape moved) {
        this.operator = operator;
        this.whole = whole;
        Layout outer = Layout.contiguous(Indexed.vector(whole));
        this.along = whole.dimension(operator.name(), operator.dimension());
        Layout indices = operator.indices(index, moved);
        int elements = moved.elements();
        int last = moved.rank();
        int length = 1;
        while (elements > 0 && last - 1 > along && indices.stride(last - 1) == 0) {
            length *= moved.size(--last);
        }
        this.run = length;
        this.runs = elements / length;
        this.sizes = Arrays.copyOf(moved.sizes(), last);
        this.wholeSteps = outer.strides();
        this.otherSteps = Layout.contiguous(other).strides();
        this.indexSteps = indices.strides();
    }

    /**
     * Runs an operator.
     *
     * @param result contiguous
     */
    static void run(Indexed operator, NdArray[] operands, NdArray result) {
        List<TensorType> types = Arrays.stream(operands).map(NdArray::type).toList();
        Shape whole = operands[0].shape();
        Shape moved = operator.moved(types);
        NdArray index = OperatorExecutor.contiguous(operands[1]);
        if (operator.accumulates()) {
            OperatorExecutor.copy(operands[0], result);
            NdArray source = OperatorExecutor.contiguous(operands[2]);
            Shape given = Indexed.vector(source.shape());
            new IndexedExecutor(operator, whole, index.shape(), given, moved).move(index, result, source);
        } else {
            NdArray source = OperatorExecutor.contiguous(operands[0]);
            new IndexedExecutor(operator, whole, index.shape(), moved, moved).move(index, source, result);
        }
        result.storage().written();
    }

    /** Moves all runs between the whole, at the places of the indices, and the other tensor. */
    private void move(NdArray index, NdArray at, NdArray other) {
        Object places = index.storage().array();
        int from = index.layout().offset();
        int outer = at.layout().offset();
        int inner = other.layout().offset();
        boolean adds = operator.accumulates();
        int size = Indexed.vector(whole).size(along);
        int[] coordinates = new int[sizes.length];
        for (int done = 0; done < runs; done++) {
            long place = Indexed.integer(places, from);
            if (!operator.isInside(place, size)) {
                throw operator.outside(place, whole);
            }
            boolean exists = place >= 0 && place < size && !isIgnored(place);
            int position = outer + (exists ? (int) place * wholeSteps[along] : 0);
            if (!adds) {
                copy(exists, at.storage().array(), position, other.storage().array(), inner);
            } else if (exists) {
                add(other.storage().array(), inner, at.storage().array(), position);
            }
            int dimension = sizes.length - 1;
            while (dimension >= 0 && ++coordinates[dimension] == sizes[dimension]) {
                int back = sizes[dimension] - 1;
                coordinates[dimension] = 0;
                from -= back * indexSteps[dimension];
                inner -= back * otherSteps[dimension];
                outer -= dimension == along ? 0 : back * wholeSteps[dimension];
                dimension--;
            }
            if (dimension >= 0) {
                from += indexSteps[dimension];
                inner += otherSteps[dimension];
                outer += dimension == along ? 0 : wholeSteps[dimension];
            }
        }
    }

    private boolean isIgnored(long place) {
        return operator.ignored().isPresent() && operator.ignored().getAsLong() == place;
    }

    /** Copies a run, or leaves the zeros that memory which is used again may not hold. */
    private void copy(boolean exists, Object source, int from, Object target, int to) {
        if (exists) {
            System.arraycopy(source, from, target, to, run);
        } else if (target instanceof float[] floats) {
            Arrays.fill(floats, to, to + run, 0);
        } else if (target instanceof double[] doubles) {
            Arrays.fill(doubles, to, to + run, 0);
        } else if (target instanceof long[] longs) {
            Arrays.fill(longs, to, to + run, 0);
        } else if (target instanceof int[] ints) {
            Arrays.fill(ints, to, to + run, 0);
        } else {
            Arrays.fill((byte[]) target, to, to + run, (byte) 0);
        }
    }

    private void add(Object source, int from, Object target, int to) {
        if (target instanceof float[] floats) {
            float[] summands = (float[]) source;
            for (int i = 0; i < run; i++) {
                floats[to + i] += summands[from + i];
            }
        } else if (target instanceof double[] doubles) {
            double[] summands = (double[]) source;
            for (int i = 0; i < run; i++) {
                doubles[to + i] += summands[from + i];
            }
        } else if (target instanceof long[] longs) {
            long[] summands = (long[]) source;
            for (int i = 0; i < run; i++) {
                longs[to + i] += summands[from + i];
            }
        } else if (target instanceof int[] ints) {
            int[] summands = (int[]) source;
            for (int i = 0; i < run; i++) {
                ints[to + i] += summands[from + i];
            }
        } else {
            byte[] bytes = (byte[]) target;
            byte[] summands = (byte[]) source;
            for (int i = 0; i < run; i++) {
                bytes[to + i] += summands[from + i];
            }
        }
    }
}
