// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.codegen.fusion.Bits;
import dev.capstan.runtime.eager.ElementwiseExecutor;
import dev.capstan.runtime.eager.PreparedKernel;
import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Functions;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.parallel.Workers;
import dev.capstan.runtime.spi.Access;
import dev.capstan.runtime.spi.Compilers;
import dev.capstan.runtime.spi.LoopKernel;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The compiler as eager mode uses it. */
@Tag("everywhere")
class HotKernelsTest {
    private static Kernel kernel(double scale) {
        Expr x = Expr.input(0, DType.FLOAT32);
        return Kernel.of(
                List.of(DType.FLOAT32, DType.FLOAT32),
                List.of(Functions.tanh(x.mul(x.like(scale)).add(Expr.input(1, DType.FLOAT32)))));
    }

    @Test
    void compilerIsFound() {
        assertInstanceOf(HotKernels.class, Compilers.kernels());
    }

    @Test
    void coldKernelStaysOnBlocks() {
        HotKernels compiler = new HotKernels();
        assertNull(compiler.loop(kernel(0.25), List.of(Access.UNIT, Access.ZERO, Access.UNIT), 8));
    }

    @Test
    void hotKernelIsCompiledAndEqualsBlockEvaluator() throws InterruptedException {
        HotKernels compiler = new HotKernels();
        List<Access> accesses = List.of(Access.UNIT, Access.ZERO, Access.UNIT);
        LoopKernel loop = null;
        for (int i = 0; i < 3000 && loop == null; i++) {
            loop = compiler.loop(kernel(0.5), accesses, 1 << 16);
            Thread.sleep(10);
        }
        assertNotNull(loop, "not compiled within 30 seconds");
        compare(loop, 3, 21);
        Workers workers = Workers.shared();
        int before = workers.threads();
        try {
            workers.use(3);
            compare(loop, 301, 103);
            compare(loop, 2, 20_001);
            assertTrue(Thread.getAllStackTraces().keySet().stream()
                    .anyMatch(thread -> thread.getName().equals("capstan-worker-2")));
        } finally {
            workers.use(before);
        }
    }

    private static void compare(LoopKernel loop, int rows, int columns) {
        Shape shape = Shape.of(rows, columns);
        NdArray[] inputs = {NdArray.zeros(DType.FLOAT32, shape), NdArray.zeros(DType.FLOAT32, Shape.of(rows, 1))};
        for (int i = 0; i < rows * columns; i++) {
            inputs[0].set(i, Math.sin(i) * 9);
        }
        for (int i = 1; i < rows; i++) {
            inputs[1].set(i, -0.5 * i);
        }
        inputs[1] = inputs[1].view(Layout.of(shape, new int[] {1, 0}, 0));
        NdArray expected = NdArray.zeros(DType.FLOAT32, shape);
        ElementwiseExecutor.run(PreparedKernel.of(kernel(0.5), Compilers.NONE), inputs, new NdArray[] {expected});
        float[] actual = new float[rows * columns];
        loop.run(
                new Object[] {inputs[0].storage().array(), inputs[1].storage().array(), actual},
                new int[] {0, columns, 1, 0, 1, 0, 0, columns, 1},
                rows,
                columns);
        assertEquals(Optional.empty(), Bits.difference(expected.storage().array(), actual), rows + " x " + columns);
    }
}
