// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.op.Argmax;
import dev.capstan.runtime.op.Argmin;
import dev.capstan.runtime.op.Gather;
import dev.capstan.runtime.op.IndexAdd;
import dev.capstan.runtime.op.IndexSelect;
import dev.capstan.runtime.op.ScatterAdd;
import dev.capstan.runtime.op.Select;
import dev.capstan.runtime.op.Slice;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/** What gives indices, and what takes them, as methods; each is defined in {@code dev.capstan.runtime.op}. */
abstract class TensorSelections extends TensorReductions {
    private static final TensorOps OPS = TensorOps.INSTANCE;

    /** The index of the largest element among all, int64, 0-d: of the first one if several are equal, of a NaN first. */
    public final Tensor argmax() {
        return Argmax.argmax(OPS, self(), Optional.empty(), false);
    }

    /** The indices of the largest elements along a dimension, which is removed; int64. */
    public final Tensor argmax(int dimension) {
        return argmax(false, dimension);
    }

    /** The same; the dimension stays with size 1 if so wanted. */
    public final Tensor argmax(boolean keepDimension, int dimension) {
        return Argmax.argmax(OPS, self(), Optional.of(dimension), keepDimension);
    }

    /** The index of the smallest element among all, int64, 0-d: of the first one if several are equal, of a NaN first. */
    public final Tensor argmin() {
        return Argmin.argmin(OPS, self(), Optional.empty(), false);
    }

    /** The indices of the smallest elements along a dimension, which is removed; int64. */
    public final Tensor argmin(int dimension) {
        return argmin(false, dimension);
    }

    /** The same; the dimension stays with size 1 if so wanted. */
    public final Tensor argmin(boolean keepDimension, int dimension) {
        return Argmin.argmin(OPS, self(), Optional.of(dimension), keepDimension);
    }

    /** The largest elements along a dimension, which is removed, and where they are; the gradient flows to those. */
    public final ValuesAndIndices max(int dimension) {
        return max(false, dimension);
    }

    /** The same; the dimension stays with size 1 if so wanted. */
    public final ValuesAndIndices max(boolean keepDimension, int dimension) {
        return at(argmax(true, dimension), keepDimension, dimension);
    }

    /** The smallest elements along a dimension, which is removed, and where they are; the gradient flows to those. */
    public final ValuesAndIndices min(int dimension) {
        return min(false, dimension);
    }

    /** The same; the dimension stays with size 1 if so wanted. */
    public final ValuesAndIndices min(boolean keepDimension, int dimension) {
        return at(argmin(true, dimension), keepDimension, dimension);
    }

    private ValuesAndIndices at(Tensor indices, boolean keepDimension, int dimension) {
        // these indices are right: nobody needs to look at them
        Tensor values = Gather.gather(OPS, self(), indices, dimension);
        return keepDimension || self().dim() == 0
                ? new ValuesAndIndices(values, indices)
                : new ValuesAndIndices(values.squeeze(dimension), indices.squeeze(dimension));
    }

    /**
     * The parts of this tensor at given indices of one dimension, one after the other.
     *
     * @param index a vector of int64 or int32, or 0-d
     * @throws dev.capstan.runtime.type.CapstanException if an index is out of range
     */
    public final Tensor indexSelect(int dimension, Tensor index) {
        return TensorOps.applyIndexed(new IndexSelect(dimension, OptionalLong.empty()), self(), index);
    }

    /**
     * This tensor with parts of another added to it at given indices of one dimension, in order where an index comes again.
     *
     * @param index a vector of int64 or int32, or 0-d
     * @param source of this tensor's shape, but for that dimension, where there are as many parts as indices
     * @throws dev.capstan.runtime.type.CapstanException if an index is out of range
     */
    public final Tensor indexAdd(int dimension, Tensor index, Tensor source) {
        return TensorOps.applyIndexed(new IndexAdd(dimension, OptionalLong.empty()), self(), index, source);
    }

    /**
     * For each index the element that it tells along one dimension, at the index's own place in the others.
     *
     * @param index int64 or int32, of this tensor's rank and nowhere larger but along the dimension
     * @return of the shape of the indices
     * @throws dev.capstan.runtime.type.CapstanException if an index is out of range
     */
    public final Tensor gather(int dimension, Tensor index) {
        return TensorOps.applyIndexed(new Gather(dimension, OptionalLong.empty()), self(), index);
    }

    /**
     * This tensor with elements of another added to it: where their index tells along one dimension, at their own place in
     * the others. In order where an index comes again.
     *
     * @param index int64 or int32, of this tensor's rank and nowhere larger but along the dimension
     * @param source at least as large as the indices
     * @throws dev.capstan.runtime.type.CapstanException if an index is out of range
     */
    public final Tensor scatterAdd(int dimension, Tensor index, Tensor source) {
        return TensorOps.applyIndexed(new ScatterAdd(dimension, OptionalLong.empty()), self(), index, source);
    }

    /** The slices along a dimension, which is removed; views. */
    public final List<Tensor> unbind(int dimension) {
        Shape shape = shapeWithDimensions("unbind");
        int along = shape.dimension("unbind", dimension);
        return IntStream.range(0, shape.size(along))
                .mapToObj(index -> Select.select(OPS, self(), along, index))
                .toList();
    }

    /** Parts of so many indices of a dimension, the last one maybe smaller; views. */
    public final List<Tensor> split(int size, int dimension) {
        Shape shape = shapeWithDimensions("split");
        int whole = shape.size(shape.dimension("split", dimension));
        if (size < 1 && (size < 0 || whole > 0)) {
            throw new CapstanException("split", "the size of a part is not positive", size + " for " + shape);
        }
        int count = whole == 0 ? 1 : (whole - 1) / size + 1;
        int[] sizes = new int[count];
        for (int i = 0; i < count; i++) {
            sizes[i] = Math.min(size, whole - i * size);
        }
        return split(sizes, dimension);
    }

    /** Parts of given sizes along a dimension, which they make up; views. */
    public final List<Tensor> split(int[] sizes, int dimension) {
        Shape shape = shapeWithDimensions("split");
        int along = shape.dimension("split", dimension);
        if (IntStream.of(sizes).sum() != shape.size(along)) {
            throw new CapstanException(
                    "split", "the parts do not make up the whole", Arrays.toString(sizes) + " of " + shape);
        }
        List<Tensor> parts = new ArrayList<>();
        int start = 0;
        for (int size : sizes) {
            parts.add(Slice.slice(OPS, self(), along, start, size, 1));
            start += size;
        }
        return List.copyOf(parts);
    }

    /** So many parts of equal size along a dimension, or fewer, the last one maybe smaller; views. */
    public final List<Tensor> chunk(int chunks, int dimension) {
        Shape shape = shapeWithDimensions("chunk");
        if (chunks < 1) {
            throw new CapstanException("chunk", "the number of parts is not positive", Integer.toString(chunks));
        }
        int whole = shape.size(shape.dimension("chunk", dimension));
        return whole == 0 ? split(new int[chunks], dimension) : split((whole - 1) / chunks + 1, dimension);
    }

    private Shape shapeWithDimensions(String operator) {
        Shape shape = self().shape();
        if (shape.rank() == 0) {
            throw new CapstanException(operator, "a 0-d tensor has no parts", shape.toString());
        }
        return shape;
    }
}
