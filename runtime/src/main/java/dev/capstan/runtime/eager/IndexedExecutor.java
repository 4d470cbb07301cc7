// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.op.Indexed;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.Arrays;
import java.util.List;

/**
 * Moves elements from and to places that indices tell, one run of neighbours after the other. All places are known, and in
 * range, before anything is moved.
 */
final class IndexedExecutor {
    private final Indexed operator;
    private final Shape whole;
    /** How many runs there are, and of how many elements each is. */
    private final int runs;

    private final int run;
    /** So far apart in the whole are the elements of neighbouring indices. */
    private final int placeStep;
    /** The dimensions, longer than 1, that are not of a run. */
    private final int[] sizes;
    /** Along each of these the step in the whole, in the other tensor, and among the indices. */
    private final int[] wholeSteps;

    private final int[] otherSteps;
    private final int[] indexSteps;

    private IndexedExecutor(Indexed operator, Shape whole, Shape index, Shape other, Shape moved) {
        this.operator = operator;
        this.whole = whole;
        int along = whole.dimension(operator.name(), operator.dimension());
        Layout indices = operator.indices(index, moved);
        int elements = moved.elements();
        int last = moved.rank();
        int length = 1;
        while (elements > 0 && last - 1 > along && indices.stride(last - 1) == 0) {
            length *= moved.size(--last);
        }
        this.run = length;
        this.runs = elements / length;
        Layout outer = Layout.contiguous(Indexed.vector(whole));
        Layout inner = Layout.contiguous(other);
        this.placeStep = outer.stride(along);
        int[][] steps = new int[4][last];
        int count = 0;
        for (int dimension = 0; dimension < last; dimension++) {
            if (moved.size(dimension) > 1) {
                steps[0][count] = moved.size(dimension);
                steps[1][count] = dimension == along ? 0 : outer.stride(dimension);
                steps[2][count] = inner.stride(dimension);
                steps[3][count++] = indices.stride(dimension);
            }
        }
        this.sizes = Arrays.copyOf(steps[0], count);
        this.wholeSteps = steps[1];
        this.otherSteps = steps[2];
        this.indexSteps = steps[3];
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
            NdArray source = OperatorExecutor.contiguous(operands[2]);
            Shape given = Indexed.vector(source.shape());
            new IndexedExecutor(operator, whole, index.shape(), given, moved).add(index, source, operands[0], result);
        } else {
            NdArray source = OperatorExecutor.contiguous(operands[0]);
            new IndexedExecutor(operator, whole, index.shape(), moved, moved).copy(index, source, result);
        }
        result.storage().written();
    }

    /** Copies runs of the whole at the places of the indices, one behind the other. */
    private void copy(NdArray index, NdArray from, NdArray result) {
        int[] places = places(index, from.layout().offset());
        Object source = from.storage().array();
        Object target = result.storage().array();
        int to = result.layout().offset();
        if (target instanceof float[] floats) {
            IndexedRuns.copy((float[]) source, places, floats, to, run);
        } else if (target instanceof double[] doubles) {
            IndexedRuns.copy((double[]) source, places, doubles, to, run);
        } else if (target instanceof long[] longs) {
            IndexedRuns.copy((long[]) source, places, longs, to, run);
        } else if (target instanceof int[] ints) {
            IndexedRuns.copy((int[]) source, places, ints, to, run);
        } else {
            IndexedRuns.copy((byte[]) source, places, (byte[]) target, to, run);
        }
    }

    /** Adds runs of a source to a copy of the whole, at the places of the indices. */
    private void add(NdArray index, NdArray from, NdArray before, NdArray result) {
        int[] places = places(index, result.layout().offset());
        int[] taken = positions(from.layout().offset(), otherSteps);
        OperatorExecutor.copy(before, result);
        Object source = from.storage().array();
        Object target = result.storage().array();
        if (target instanceof float[] floats) {
            IndexedRuns.add((float[]) source, taken, floats, places, run);
        } else if (target instanceof double[] doubles) {
            IndexedRuns.add((double[]) source, taken, doubles, places, run);
        } else if (target instanceof long[] longs) {
            IndexedRuns.add((long[]) source, taken, longs, places, run);
        } else if (target instanceof int[] ints) {
            IndexedRuns.add((int[]) source, taken, ints, places, run);
        } else {
            IndexedRuns.add((byte[]) source, taken, (byte[]) target, places, run);
        }
    }

    /** For each run where it begins in the whole, {@link IndexedRuns#NOWHERE} for the index that is ignored. */
    private int[] places(NdArray index, int begin) {
        Object indices = index.storage().array();
        int size = Indexed.vector(whole).size(whole.dimension(operator.name(), operator.dimension()));
        boolean ignoring = operator.ignored().isPresent();
        long ignored = operator.ignored().orElse(0);
        int[] places = positions(index.layout().offset(), indexSteps);
        int[] outside = positions(begin, wholeSteps);
        for (int i = 0; i < runs; i++) {
            long place = Indexed.integer(indices, places[i]);
            if (!operator.isInside(place, size)) {
                throw operator.outside(place, whole);
            }
            boolean exists = !(ignoring && place == ignored);
            places[i] = exists ? outside[i] + (int) place * placeStep : IndexedRuns.NOWHERE;
        }
        return places;
    }

    /** For each run the position with such steps along the dimensions. */
    private int[] positions(int begin, int[] steps) {
        int[] positions = new int[runs];
        if (runs > 0) {
            positions[0] = begin;
        }
        int known = 1;
        // the innermost dimension first: what is known so far comes again for each index of the next one
        for (int dimension = sizes.length - 1; dimension >= 0; dimension--) {
            int block = known;
            for (int i = 1; i < sizes[dimension] && known < runs; i++) {
                int further = i * steps[dimension];
                for (int j = 0; j < block; j++) {
                    positions[known++] = positions[j] + further;
                }
            }
        }
        return positions;
    }
}
