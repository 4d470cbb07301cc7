// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.capstan.codegen.fusion.Bits;
import dev.capstan.runtime.eager.ElementwiseExecutor;
import dev.capstan.runtime.eager.PreparedKernel;
import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Functions;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.memory.NdArray;
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
        Shape shape = Shape.of(3, 21);
        NdArray[] inputs = {NdArray.zeros(DType.FLOAT32, shape), NdArray.zeros(DType.FLOAT32, Shape.of(3, 1))};
        for (int i = 0; i < 63; i++) {
            inputs[0].set(i, Math.sin(i) * 9);
        }
        inputs[1].set(1, -0.5);
        inputs[1] = inputs[1].view(Layout.of(shape, new int[] {1, 0}, 0));
        NdArray expected = NdArray.zeros(DType.FLOAT32, shape);
        ElementwiseExecutor.run(PreparedKernel.of(kernel(0.5), Compilers.NONE), inputs, new NdArray[] {expected});
        float[] actual = new float[63];
        loop.run(
                new Object[] {inputs[0].storage().array(), inputs[1].storage().array(), actual},
                new int[] {0, 21, 1, 0, 1, 0, 0, 21, 1},
                3,
                21);
        assertEquals(Optional.empty(), Bits.difference(expected.storage().array(), actual));
    }
}
