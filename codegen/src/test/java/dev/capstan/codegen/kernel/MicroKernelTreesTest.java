// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.codegen.kernel.Product.Layout;
import dev.capstan.codegen.tree.ClassTree;
import dev.capstan.codegen.tree.Primitive;
import dev.capstan.codegen.tree.TwoPrints;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MicroKernelTreesTest {

    @Test
    @SuppressWarnings("unchecked")
    void renditionComputesTheSameBits() throws ReflectiveOperationException {
        VectorWidth width = VectorWidth.current().orElseThrow();
        TileShape shape = TileShape.of(width, Primitive.FLOAT);
        ClassTree tree = MicroKernelTrees.of(width, Primitive.FLOAT, shape);
        TwoPrints prints = new TwoPrints(tree, "--add-modules", "jdk.incubator.vector");
        assertTrue(prints.rendition().text().contains("sum0_0 = a0.fma(b0, sum0_0);"));
        for (Class<?> type : List.of(prints.printed(), prints.compiled())) {
            MicroKernels<float[]> kernels =
                    (MicroKernels<float[]>) type.getConstructor().newInstance();
            BlockedContraction<float[]> contraction =
                    new BlockedContraction<>(shape, new FloatLoops(), kernels, kernels);
            for (int m : new int[] {1, 3, 12, 29}) {
                Product product = Product.of(new Random(m), m, 37, 83, Layout.ROWS, Layout.COLUMNS, m == 12);
                assertArrayEquals(product.expectedFloats(), product.floats(contraction));
            }
        }
    }
}
