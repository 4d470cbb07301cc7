// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.spi.Access;
import dev.capstan.runtime.spi.Compilers;
import dev.capstan.runtime.spi.ContractionKernel;
import dev.capstan.runtime.spi.KernelCompiler;
import dev.capstan.runtime.spi.LoopKernel;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ContractionExecutorTest {
    private static final List<DType> TYPES = List.of(DType.FLOAT32, DType.FLOAT64, DType.INT64, DType.INT32);

    private static Object product(Object a, Object b, Object sum) {
        if (sum instanceof Float c) {
            return Math.fma((Float) a, (Float) b, c);
        }
        if (sum instanceof Double c) {
            return Math.fma((Double) a, (Double) b, c);
        }
        return sum instanceof Long c
                ? (Object) (c + (Long) a * (Long) b)
                : (Object) ((Integer) sum + (Integer) a * (Integer) b);
    }

    /** Multiplies and compares each element with one chain over ascending k. */
    private static void assertMultiplies(NdArray a, NdArray b, NdArray c, KernelCompiler compiler, String label) {
        ContractionExecutor.multiply(a, b, c, compiler);
        int rank = a.shape().rank();
        int m = a.shape().size(rank - 2);
        int k = a.shape().size(rank - 1);
        int n = b.shape().size(rank - 1);
        int[] left = a.positions();
        int[] right = b.positions();
        int[] result = c.positions();
        for (int e = 0; e < result.length; e++) {
            int batch = e / (m * n);
            int i = e / n % m;
            int j = e % n;
            Object sum = ScalarInterpreter.get(NdArray.scalar(c.dtype(), 0), 0);
            for (int l = 0; l < k; l++) {
                Object x = ScalarInterpreter.get(a, left[(batch * m + i) * k + l]);
                Object y = ScalarInterpreter.get(b, right[(batch * k + l) * n + j]);
                sum = product(x, y, sum);
            }
            Object actual = ScalarInterpreter.get(c, result[e]);
            if (!ScalarInterpreter.same(sum, actual)) {
                assertEquals(sum, actual, label + ": element " + e + " of " + a.layout() + " x " + b.layout());
            }
        }
    }

    private static void assertRandomProducts(int seeds, KernelCompiler compiler) {
        for (int seed = 0; seed < seeds; seed++) {
            Random random = RandomArrays.random(seed);
            RandomArrays arrays = new RandomArrays(random);
            DType type = TYPES.get(random.nextInt(TYPES.size()));
            int[] matrix = new int[3];
            for (int i = 0; i < 3; i++) {
                matrix[i] = random.nextInt(20) == 0 ? 0 : 1 + random.nextInt(random.nextInt(6) == 0 ? 300 : 20);
            }
            boolean batched = random.nextInt(3) == 0;
            int batch = 1 + random.nextInt(4);
            Shape left = batched ? Shape.of(batch, matrix[0], matrix[1]) : Shape.of(matrix[0], matrix[1]);
            Shape right = batched ? Shape.of(batch, matrix[1], matrix[2]) : Shape.of(matrix[1], matrix[2]);
            Shape result = batched ? Shape.of(batch, matrix[0], matrix[2]) : Shape.of(matrix[0], matrix[2]);
            boolean special = random.nextInt(6) == 0;
            Layout a = random.nextBoolean() ? arrays.layout(left) : arrays.broadcastLayout(left);
            Layout b = random.nextBoolean() ? arrays.layout(right) : arrays.broadcastLayout(right);
            assertMultiplies(
                    special ? arrays.array(type, a) : arrays.moderate(type, a),
                    special ? arrays.array(type, b) : arrays.moderate(type, b),
                    arrays.array(type, arrays.layout(result)),
                    compiler,
                    "seed " + seed);
        }
    }

    /** A compiler whose products are the documented chains, read through the strides it is given. */
    private static final class Chains implements KernelCompiler {
        private int calls;

        @Override
        public LoopKernel loop(Kernel kernel, List<Access> accesses, long elements) {
            return null;
        }

        @Override
        public ContractionKernel contraction(DType dtype) {
            return (m, k, n, a, aOffset, aRow, aColumn, b, bOffset, bRow, bColumn, c, cOffset, cRow, accumulate) -> {
                calls++;
                for (int e = 0; e < m * n; e++) {
                    int to = cOffset + e / n * cRow + e % n;
                    if (c instanceof float[] floats && !accumulate) {
                        floats[to] = 0;
                    } else if (c instanceof double[] doubles && !accumulate) {
                        doubles[to] = 0;
                    }
                    for (int l = 0; l < k; l++) {
                        int x = aOffset + e / n * aRow + l * aColumn;
                        int y = bOffset + l * bRow + e % n * bColumn;
                        if (c instanceof float[] floats) {
                            floats[to] = Math.fma(((float[]) a)[x], ((float[]) b)[y], floats[to]);
                        } else {
                            ((double[]) c)[to] = Math.fma(((double[]) a)[x], ((double[]) b)[y], ((double[]) c)[to]);
                        }
                    }
                }
            };
        }
    }

    @Test
    void randomProductsAreChainsOverAscendingK() {
        assertRandomProducts(700, Compilers.NONE);
    }

    @Test
    void compiledProductsAreGivenTheSameOperands() {
        Chains chains = new Chains();
        assertRandomProducts(300, chains);
        assertTrue(chains.calls > 100, chains.calls + " calls");
    }

    @Test
    void productsAcrossPanelsAreChainsOverAscendingK() {
        RandomArrays arrays = new RandomArrays(new Random(5));
        for (DType type : List.of(DType.FLOAT32, DType.FLOAT64)) {
            NdArray a = arrays.moderate(type, Layout.contiguous(Shape.of(5, 300)));
            NdArray b = arrays.moderate(type, Layout.contiguous(Shape.of(300, 520)));
            NdArray weight =
                    arrays.moderate(type, Layout.contiguous(Shape.of(520, 300)).permute(new int[] {1, 0}));
            NdArray c = NdArray.zeros(type, Shape.of(5, 520));
            assertMultiplies(a, b, c, Compilers.NONE, "row-major");
            assertMultiplies(a, weight, c, Compilers.NONE, "transposed");
        }
    }

    @Test
    void operandsThatDoNotFitAreRefused() {
        NdArray a = NdArray.zeros(DType.FLOAT32, Shape.of(32, 784));
        NdArray b = NdArray.zeros(DType.FLOAT32, Shape.of(768, 10));
        NdArray c = NdArray.zeros(DType.FLOAT32, Shape.of(32, 10));
        CapstanException error = assertThrows(CapstanException.class, () -> ContractionExecutor.multiply(a, b, c));
        assertTrue(
                error.getMessage().startsWith("matmul: inner dimensions differ: [32,784] x [768,10] (784 != 768)"),
                error.getMessage());
        NdArray truth = NdArray.zeros(DType.BOOL, Shape.of(2, 2));
        assertThrows(CapstanException.class, () -> ContractionExecutor.multiply(truth, truth, truth));
        assertThrows(CapstanException.class, () -> ContractionExecutor.multiply(a, truth, c));
        NdArray right = NdArray.zeros(DType.FLOAT32, Shape.of(784, 10));
        assertThrows(CapstanException.class, () -> ContractionExecutor.multiply(a, right, b));
    }
}
