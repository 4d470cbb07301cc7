// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.kernel.ReductionKernel;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.Arrays;

/**
 * Runs reductions over any dimensions of arrays of any strides. The order in which values are combined is that of the
 * package's description, whatever the layout.
 */
public final class ReductionExecutor {
    /** Results side by side from which on they are computed side by side. */
    private static final int FEWEST_COLUMNS = 8;

    /** Elements per result up to which results are computed side by side even if their elements are apart. */
    private static final int SHORT = 32;

    private static final PreparedCache<ReductionKernel, PreparedReduction> PREPARED =
            new PreparedCache<>(PreparedReduction::of);

    private ReductionExecutor() {}

    /**
     * Runs a reduction; its prepared form is remembered for those that were used last.
     *
     * @see #run(PreparedReduction, NdArray[], boolean[], NdArray)
     */
    public static void run(ReductionKernel kernel, NdArray[] inputs, boolean[] reduced, NdArray output) {
        run(PREPARED.get(kernel), inputs, reduced, output);
    }

    /**
     * Computes every element of the output and counts the write of its storage.
     *
     * @param inputs one per input of the map, at least one, all of one shape (broadcasting is stride 0)
     * @param reduced for each dimension of that shape, whether it is combined
     * @param output of the shape without the reduced dimensions, or with size 1 in their place; it must not overlap the
     *     inputs
     * @throws IllegalArgumentException if number, types or shapes are not those
     */
    public static void run(PreparedReduction reduction, NdArray[] inputs, boolean[] reduced, NdArray output) {
        verify(reduction, inputs, reduced, output);
        DType state = reduction.kernel().state();
        boolean inOutput = output.layout().isContiguous() && output.dtype() == state;
        NdArray states = inOutput ? output : NdArray.zeros(state, output.shape());
        combine(reduction, inputs, reduced, states);
        if (reduction.finish() != null) {
            ElementwiseExecutor.run(reduction.finish(), new NdArray[] {states}, new NdArray[] {output});
        } else if (inOutput) {
            output.storage().written();
        } else {
            ElementwiseExecutor.run(reduction.kernel().finish(), new NdArray[] {states}, new NdArray[] {output});
        }
    }

    private static void verify(PreparedReduction reduction, NdArray[] inputs, boolean[] reduced, NdArray output) {
        BlockProgram map = reduction.map();
        if (inputs.length != map.inputs() || inputs.length == 0) {
            throw new IllegalArgumentException(
                    "reduction of " + map.inputs() + " inputs on " + inputs.length + ", at least 1 expected");
        }
        Shape shape = inputs[0].shape();
        for (int i = 0; i < inputs.length; i++) {
            if (inputs[i].dtype() != map.type(i) || !inputs[i].shape().equals(shape)) {
                throw new IllegalArgumentException(
                        "reduction operand " + i + " is " + inputs[i].type() + ", expected " + map.type(i) + shape);
            }
        }
        if (reduced.length != shape.rank()) {
            throw new IllegalArgumentException(reduced.length + " marks of reduced dimensions for " + shape);
        }
        DType result = reduction.kernel().result();
        if (output.dtype() != result || !isResult(shape, reduced, output.shape())) {
            throw new IllegalArgumentException("reduction of " + shape + " along " + Arrays.toString(reduced) + " to "
                    + result + ", not " + output.type());
        }
    }

    /** True if a shape is another without the reduced dimensions, or with size 1 in their place. */
    private static boolean isResult(Shape shape, boolean[] reduced, Shape result) {
        boolean keeps = result.rank() == shape.rank();
        int at = 0;
        for (int i = 0; i < reduced.length; i++) {
            if (!reduced[i] || keeps) {
                if (at == result.rank() || result.size(at++) != (reduced[i] ? 1 : shape.size(i))) {
                    return false;
                }
            }
        }
        return at == result.rank();
    }

    private static void combine(PreparedReduction reduction, NdArray[] inputs, boolean[] reduced, NdArray states) {
        int results = states.shape().elements();
        if (results == 0) {
            return;
        }
        Object target = states.storage().array();
        int position = states.layout().offset();
        Shape shape = inputs[0].shape();
        if (shape.elements() == 0) {
            Fold fold = fold(reduction.kernel());
            fold.begin();
            for (int i = 0; i < results; i++) {
                fold.end(target, position + i);
            }
            return;
        }
        Layout[] layouts = new Layout[inputs.length];
        Object[] arrays = new Object[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            layouts[i] = inputs[i].layout();
            arrays[i] = inputs[i].storage().array();
        }
        Traversal over = Traversal.of(layouts, dimensions(reduced, true));
        Traversal kept = Traversal.of(layouts, dimensions(reduced, false));
        if (isColumnwise(over, kept)) {
            new ColumnReduction(reduction, arrays, over, kept).run(target, position);
        } else {
            new RowReduction(reduction, arrays, over, kept).run(target, position);
        }
    }

    static Fold fold(ReductionKernel kernel) {
        return Fold.of(kernel.state(), kernel.combine(), kernel.identity());
    }

    private static int[] dimensions(boolean[] reduced, boolean which) {
        int count = 0;
        int[] dimensions = new int[reduced.length];
        for (int i = 0; i < reduced.length; i++) {
            if (reduced[i] == which) {
                dimensions[count++] = i;
            }
        }
        return Arrays.copyOf(dimensions, count);
    }

    private static boolean isColumnwise(Traversal over, Traversal kept) {
        if (kept.columns() < FEWEST_COLUMNS) {
            return false;
        }
        if (over.rows() * over.columns() <= SHORT) {
            return true;
        }
        for (int i = 0; i < kept.operands(); i++) {
            if (kept.columnStride(i) == 1 && over.columnStride(i) != 1) {
                return true;
            }
        }
        return false;
    }
}
