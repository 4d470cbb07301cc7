// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.spi.LoopKernel;
import dev.capstan.runtime.type.Shape;

/**
 * Runs element-wise kernels on arrays of any strides: over blocks that fit the first-level cache, or by a compiled form
 * where the compiler has one. Both give the same bits.
 */
public final class ElementwiseExecutor {
    /** A compiled kernel is called per plane of two dimensions; smaller planes than this are left to the blocks. */
    private static final int SMALLEST_PLANE = 256;

    private static final PreparedCache<Kernel, PreparedKernel> PREPARED = new PreparedCache<>(PreparedKernel::of);

    /** By the number of operands: what most calls say of them, made once. */
    private static final int[][] STARTS = new int[8][];

    /** The {@link #geometry} of those. */
    private static final int[][] CONTIGUOUS = new int[STARTS.length][];

    static {
        for (int i = 0; i < STARTS.length; i++) {
            STARTS[i] = new int[i];
            CONTIGUOUS[i] = geometry(STARTS[i]);
        }
    }

    private ElementwiseExecutor() {}

    /**
     * Runs a kernel; its prepared form is remembered for the kernels that were used last.
     *
     * @see #run(PreparedKernel, NdArray[], NdArray[])
     */
    public static void run(Kernel kernel, NdArray[] inputs, NdArray[] outputs) {
        run(PREPARED.get(kernel), inputs, outputs);
    }

    /**
     * Computes every element of the outputs and counts the write of each storage.
     *
     * @param inputs one per input of the kernel, all of the outputs' shape (broadcasting is stride 0) and of the kernel's
     *     types
     * @param outputs one per output, at least one, all of one shape; no two elements of them at the same position. An output
     *     may lie exactly in place of inputs, but not overlap them in another way.
     * @throws IllegalArgumentException if number, types or shapes are not those
     */
    public static void run(PreparedKernel kernel, NdArray[] inputs, NdArray[] outputs) {
        verify(kernel, inputs, outputs);
        int elements = outputs[0].shape().elements();
        if (elements != 0) {
            int number = inputs.length + outputs.length;
            Object[] arrays = new Object[number];
            int[] offsets = startsOf(number);
            boolean contiguous = true;
            for (int i = 0; i < number; i++) {
                NdArray operand = i < inputs.length ? inputs[i] : outputs[i - inputs.length];
                arrays[i] = operand.storage().array();
                contiguous &= operand.layout().isContiguous();
                offsets = with(offsets, i, operand.layout().offset());
            }
            if (contiguous) {
                runContiguous(kernel, arrays, offsets, elements);
            } else {
                runStrided(kernel, arrays, Traversal.of(inputs, outputs), elements);
            }
        }
        for (NdArray output : outputs) {
            output.storage().written();
        }
    }

    /**
     * The same for operands that all are contiguous and of one shape, and of the kernel's types, which is not asked again.
     *
     * @param output new, from the beginning of its storage on; the write is not counted
     */
    static void runAlike(PreparedKernel kernel, NdArray[] inputs, NdArray output) {
        int elements = output.shape().elements();
        if (elements != 0) {
            int number = inputs.length + 1;
            Object[] arrays = new Object[number];
            int[] offsets = startsOf(number);
            for (int i = 0; i < inputs.length; i++) {
                arrays[i] = inputs[i].storage().array();
                offsets = with(offsets, i, inputs[i].layout().offset());
            }
            arrays[inputs.length] = output.storage().array();
            runContiguous(kernel, arrays, offsets, elements);
        }
    }

    /** Offsets of operands that all begin where their arrays do: not to be written to. */
    private static int[] startsOf(int operands) {
        return operands < STARTS.length ? STARTS[operands] : new int[operands];
    }

    /** These offsets with another one; copied first if they are shared. */
    private static int[] with(int[] offsets, int operand, int offset) {
        if (offset == 0) {
            return offsets;
        }
        int[] own = areStarts(offsets) ? offsets.clone() : offsets;
        own[operand] = offset;
        return own;
    }

    private static boolean areStarts(int[] offsets) {
        return offsets.length < STARTS.length && offsets == STARTS[offsets.length];
    }

    private static void runContiguous(PreparedKernel kernel, Object[] arrays, int[] offsets, int elements) {
        LoopKernel compiled = kernel.compiled(PreparedKernel.ALL_CONTIGUOUS, elements);
        if (compiled != null) {
            int[] geometry = areStarts(offsets) ? CONTIGUOUS[offsets.length] : geometry(offsets);
            compiled.run(arrays, geometry, 1, elements);
        } else if (!runWhole(kernel.program(), arrays, offsets, elements)) {
            new BlockEvaluation(kernel.program(), Traversal.contiguous(offsets, elements), arrays).run();
        }
    }

    /** What a compiled kernel is told of contiguous operands. */
    private static int[] geometry(int[] offsets) {
        int[] geometry = new int[3 * offsets.length];
        for (int i = 0; i < offsets.length; i++) {
            geometry[3 * i] = offsets[i];
            geometry[3 * i + 2] = 1;
        }
        return geometry;
    }

    /** Runs the steps on the arrays themselves where that is possible; this is how small tensors are computed. */
    private static boolean runWhole(BlockProgram program, Object[] arrays, int[] offsets, int elements) {
        int from = offsets[0];
        for (int offset : offsets) {
            if (offset != from) {
                return false;
            }
        }
        if (!program.isOneLoop()) {
            if (from != 0 || elements > Blocks.SIZE || !program.isSafeInPlace(arrays)) {
                return false;
            }
        }
        program.execute(program.slots(arrays), from, from + elements);
        return true;
    }

    private static void runStrided(PreparedKernel kernel, Object[] arrays, Traversal traversal, int elements) {
        LoopKernel compiled = isWorthCalling(traversal, elements)
                ? kernel.compiled(PreparedKernel.pattern(traversal), elements)
                : null;
        if (compiled == null) {
            new BlockEvaluation(kernel.program(), traversal, arrays).run();
        } else {
            runPlanes(compiled, traversal, arrays);
        }
    }

    private static void verify(PreparedKernel kernel, NdArray[] inputs, NdArray[] outputs) {
        BlockProgram program = kernel.program();
        if (inputs.length != program.inputs() || outputs.length != program.outputs() || outputs.length == 0) {
            throw new IllegalArgumentException("kernel of " + program.inputs() + " inputs and " + program.outputs()
                    + " outputs on " + inputs.length + " and " + outputs.length);
        }
        Shape shape = outputs[0].shape();
        for (int i = 0; i < inputs.length + outputs.length; i++) {
            NdArray operand = i < inputs.length ? inputs[i] : outputs[i - inputs.length];
            if (operand.dtype() != program.type(i) || !operand.shape().equals(shape)) {
                throw new IllegalArgumentException(
                        "kernel operand " + i + " is " + operand.type() + ", expected " + program.type(i) + shape);
            }
        }
    }

    private static boolean isWorthCalling(Traversal traversal, int elements) {
        return traversal.rank() <= 2
                || traversal.columns() * traversal.size(traversal.rank() - 2) >= Math.min(SMALLEST_PLANE, elements);
    }

    private static void runPlanes(LoopKernel kernel, Traversal traversal, Object[] arrays) {
        int rows = traversal.rank() == 1 ? 1 : traversal.size(traversal.rank() - 2);
        int[] geometry = new int[3 * arrays.length];
        for (int i = 0; i < arrays.length; i++) {
            geometry[3 * i + 1] = traversal.rank() == 1 ? 0 : traversal.stride(i, traversal.rank() - 2);
            geometry[3 * i + 2] = traversal.columnStride(i);
        }
        int planes = traversal.rows() / rows;
        for (int plane = 0; plane < planes; plane++) {
            for (int i = 0; i < arrays.length; i++) {
                geometry[3 * i] = traversal.offset(i) + traversal.row(i, plane * rows);
            }
            kernel.run(arrays, geometry, rows, traversal.columns());
        }
    }
}
