// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.spi.Compilers;
import dev.capstan.runtime.spi.ContractionKernel;
import dev.capstan.runtime.spi.KernelCompiler;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;

/**
 * Matrix products of arrays of any strides. Each element of the result is one chain over ascending k (see the package's
 * description), whichever loops compute it.
 */
public final class ContractionExecutor {
    private static final String OPERATOR = "matmul";

    private ContractionExecutor() {}

    /**
     * Multiplies by the installed compiler's kernels where it has them.
     *
     * @see #multiply(NdArray, NdArray, NdArray, KernelCompiler)
     */
    public static void multiply(NdArray a, NdArray b, NdArray output) {
        multiply(a, b, output, Compilers.kernels());
    }

    /**
     * Computes {@code [..., m, k] x [..., k, n]} into {@code [..., m, n]} with equal leading dimensions, and counts the
     * write of the output's storage.
     *
     * @param output must not overlap a or b
     * @param compiler whose kernels are used, {@link Compilers#NONE} for none
     * @throws CapstanException if types or shapes do not fit, or there is no product of the type (bool and uint8)
     */
    public static void multiply(NdArray a, NdArray b, NdArray output, KernelCompiler compiler) {
        verify(a, b, output);
        int rank = output.shape().rank();
        int batch = 1;
        for (int i = 0; i < rank - 2; i++) {
            batch *= output.shape().size(i);
        }
        DType type = output.dtype();
        Matrix left = new Matrix(a);
        Matrix right = new Matrix(b);
        Matrix result = new Matrix(output);
        ContractionKernel kernel = type.isFloating() ? compiler.contraction(type) : null;
        for (int i = 0; i < batch; i++) {
            int aOffset = left.offset(i);
            int bOffset = right.offset(i);
            int cOffset = result.offset(i);
            if (kernel == null) {
                plain(type, left, aOffset, right, bOffset, result, cOffset);
            } else {
                compiled(kernel, type, left, aOffset, right, bOffset, result, cOffset);
            }
        }
        output.storage().written();
    }

    private static void verify(NdArray a, NdArray b, NdArray output) {
        DType type = a.dtype();
        if (type == DType.BOOL || type == DType.UINT8) {
            throw new CapstanException(OPERATOR, "no product of this element type", type.label());
        }
        if (b.dtype() != type || output.dtype() != type) {
            throw new CapstanException(
                    OPERATOR, "element types differ", type + ", " + b.dtype() + " and " + output.dtype());
        }
        Shape left = a.shape();
        Shape right = b.shape();
        int rank = left.rank();
        if (rank < 2 || right.rank() != rank) {
            throw new CapstanException(OPERATOR, "matrices of equal rank expected", left + " x " + right);
        }
        for (int i = 0; i < rank - 2; i++) {
            if (left.size(i) != right.size(i)) {
                throw new CapstanException(
                        OPERATOR,
                        "leading dimensions differ",
                        left + " x " + right + " (" + left.size(i) + " != " + right.size(i) + ")");
            }
        }
        int k = left.size(rank - 1);
        if (right.size(rank - 2) != k) {
            throw new CapstanException(
                    OPERATOR,
                    "inner dimensions differ",
                    left + " x " + right + " (" + k + " != " + right.size(rank - 2) + ")");
        }
        if (!output.shape().equals(left.with(rank - 1, right.size(rank - 1)))) {
            throw new CapstanException(
                    OPERATOR, "the result has another shape", left + " x " + right + " into " + output.shape());
        }
    }

    private static void plain(DType type, Matrix a, int aOffset, Matrix b, int bOffset, Matrix c, int cOffset) {
        int m = a.rows;
        int k = a.columns;
        int n = b.columns;
        switch (type) {
            case FLOAT32 ->
                FloatContraction.multiply(
                        m,
                        k,
                        n,
                        (float[]) a.array,
                        aOffset,
                        a.rowStride,
                        a.columnStride,
                        (float[]) b.array,
                        bOffset,
                        b.rowStride,
                        b.columnStride,
                        (float[]) c.array,
                        cOffset,
                        c.rowStride,
                        c.columnStride);
            case FLOAT64 ->
                DoubleContraction.multiply(
                        m,
                        k,
                        n,
                        (double[]) a.array,
                        aOffset,
                        a.rowStride,
                        a.columnStride,
                        (double[]) b.array,
                        bOffset,
                        b.rowStride,
                        b.columnStride,
                        (double[]) c.array,
                        cOffset,
                        c.rowStride,
                        c.columnStride);
            default -> {
                for (int i = 0; i < m; i++) {
                    for (int j = 0; j < n; j++) {
                        int from = aOffset + i * a.rowStride;
                        int other = bOffset + j * b.columnStride;
                        int to = cOffset + i * c.rowStride + j * c.columnStride;
                        integral(k, a, from, b, other, c.array, to);
                    }
                }
            }
        }
    }

    private static void integral(int k, Matrix a, int aOffset, Matrix b, int bOffset, Object c, int position) {
        long sum = 0;
        if (c instanceof long[] longs) {
            for (int l = 0; l < k; l++) {
                sum += ((long[]) a.array)[aOffset + l * a.columnStride] * ((long[]) b.array)[bOffset + l * b.rowStride];
            }
            longs[position] = sum;
        } else {
            for (int l = 0; l < k; l++) {
                sum += (long) ((int[]) a.array)[aOffset + l * a.columnStride]
                        * ((int[]) b.array)[bOffset + l * b.rowStride];
            }
            ((int[]) c)[position] = (int) sum;
        }
    }

    private static void compiled(
            ContractionKernel kernel, DType type, Matrix a, int aOffset, Matrix b, int bOffset, Matrix c, int cOffset) {
        int m = a.rows;
        int k = a.columns;
        int n = b.columns;
        if (m == 0 || n == 0) {
            return;
        }
        if (c.columnStride == 1 || n == 1) {
            kernel.multiply(
                    m,
                    k,
                    n,
                    a.array,
                    aOffset,
                    a.rowStride,
                    a.columnStride,
                    b.array,
                    bOffset,
                    b.rowStride,
                    b.columnStride,
                    c.array,
                    cOffset,
                    c.rowStride,
                    false);
        } else if (c.rowStride == 1) {
            // the transposed product has the same chains
            kernel.multiply(
                    n,
                    k,
                    m,
                    b.array,
                    bOffset,
                    b.columnStride,
                    b.rowStride,
                    a.array,
                    aOffset,
                    a.columnStride,
                    a.rowStride,
                    c.array,
                    cOffset,
                    c.columnStride,
                    false);
        } else {
            Object packed = Storage.newArray(type, m * n);
            kernel.multiply(
                    m,
                    k,
                    n,
                    a.array,
                    aOffset,
                    a.rowStride,
                    a.columnStride,
                    b.array,
                    bOffset,
                    b.rowStride,
                    b.columnStride,
                    packed,
                    0,
                    n,
                    false);
            StridedCopy.copy(packed, 0, n, 1, c.array, cOffset, c.rowStride, c.columnStride, m, n);
        }
    }

    /** The last two dimensions of an array, and where the matrices of a batch begin. */
    private static final class Matrix {
        private final Layout layout;
        private final Object array;
        private final int rows;
        private final int columns;
        private final int rowStride;
        private final int columnStride;

        Matrix(NdArray operand) {
            layout = operand.layout();
            array = operand.storage().array();
            int rank = layout.shape().rank();
            rows = layout.shape().size(rank - 2);
            columns = layout.shape().size(rank - 1);
            rowStride = layout.stride(rank - 2);
            columnStride = layout.stride(rank - 1);
        }

        int offset(int matrix) {
            int position = layout.offset();
            int rest = matrix;
            for (int i = layout.shape().rank() - 3; i >= 0; i--) {
                position += rest % layout.shape().size(i) * layout.stride(i);
                rest /= layout.shape().size(i);
            }
            return position;
        }
    }
}
