// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Compiled;
import dev.capstan.CompiledFunction;
import dev.capstan.Generator;
import dev.capstan.GradMode;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.runtime.spi.PathReport;
import dev.capstan.runtime.type.DType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Copies of weights that a program keeps from call to call: the bits are those of the weights as they are now. */
@Tag("everywhere")
final class KeptWeightsTest {
    private static final int IN = 70;
    private static final int OUT = 150;
    private static final long LIMIT_NANOS = 60_000_000_000L;

    private final Generator generator = new Generator(1);
    private Tensor weight = generator.normal(OUT, IN);
    private Tensor bias = generator.normal(OUT);
    private final CompiledFunction<Tensor, Tensor> layer =
            Compiled.function(x -> x.mm(weight.t()).add(bias).relu());

    private void assertSame(int rows) {
        Tensor x = generator.normal(rows, IN).to(weight.dtype());
        try (GradMode.Scope off = GradMode.noGrad()) {
            Tensor expected = BothModes.eager(() -> layer.apply(x));
            Tensor actual = BothModes.under(Stance.COMPILE_NOW, () -> layer.apply(x));
            Tensors.assertSameBits(layer.compiled().explain(), expected, actual);
        }
    }

    private boolean isKept() {
        return layer.compiled().explain().contains("keeps copies of weights");
    }

    /** Calls until the weight is kept, and once again. */
    private void keep(int rows) {
        long start = System.nanoTime();
        while (!isKept() && System.nanoTime() - start < LIMIT_NANOS) {
            assertSame(rows);
        }
        assertTrue(isKept(), layer.compiled().explain());
        assertSame(rows);
    }

    /** What it computes after a change is right, and what was kept is gone; in the end it is kept anew. */
    private void assertChange(Runnable change) {
        keep(1);
        try (GradMode.Scope off = GradMode.noGrad()) {
            change.run();
        }
        assertSame(1);
        assertFalse(isKept(), layer.compiled().explain());
        keep(1);
    }

    @Test
    void bitsAreTheSameForFewRows() {
        for (int rows = 1; rows <= 3; rows++) {
            keep(rows);
        }
    }

    @Test
    void bitsAreTheSameInFloat64() {
        weight = weight.to(DType.FLOAT64);
        bias = bias.to(DType.FLOAT64);
        keep(1);
    }

    @Test
    void aWriteInPlaceIsSeen() {
        assertChange(() -> weight.mul_(1.5));
    }

    @Test
    void aWriteThroughDataIsSeen() {
        assertChange(() -> weight.data().add_(0.25));
    }

    @Test
    void aWriteToAViewIsSeen() {
        assertChange(() -> weight.select(0, OUT - 1).mul_(-2));
    }

    @Test
    void anotherTensorIsSeen() {
        assertChange(() -> weight = generator.normal(OUT, IN));
    }

    @Test
    void anotherStorageIsSeen() {
        assertChange(() -> weight.setData(generator.normal(OUT, IN)));
    }

    @Test
    void anotherPlaceInTheSameStorageIsSeen() {
        Tensor both = generator.normal(2, OUT, IN);
        weight = both.select(0, 0);
        assertChange(() -> weight = both.select(0, 1));
    }

    @Test
    void aWriteByAnotherThreadIsSeen() {
        assertChange(() -> {
            Thread other = new Thread(() -> weight.add_(1));
            other.start();
            try {
                other.join();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
    }

    @Test
    void severalThreadsShareACopy() throws InterruptedException {
        keep(1);
        Tensor x = generator.normal(1, IN);
        Tensor expected = BothModes.eager(() -> layer.apply(x));
        Thread[] threads = new Thread[4];
        boolean[] same = new boolean[threads.length];
        for (int i = 0; i < threads.length; i++) {
            int number = i;
            threads[i] = new Thread(() -> {
                for (int call = 0; call < 200; call++) {
                    Tensor actual = BothModes.compiled(() -> layer.apply(x));
                    Tensors.assertSameBits("call " + call, expected, actual);
                }
                same[number] = true;
            });
            threads[i].start();
        }
        for (int i = 0; i < threads.length; i++) {
            threads[i].join();
            assertTrue(same[i], "thread " + i);
        }
    }

    @Test
    void whatChangesIsNeverKept() {
        long start = System.nanoTime();
        for (int call = 0; call < 100 || System.nanoTime() - start < 300_000_000; call++) {
            weight.mul_(0.999);
            assertSame(1);
            assertFalse(isKept(), "call " + call);
        }
    }

    @Test
    void aProductOfManyRowsKeepsNothing() {
        long start = System.nanoTime();
        for (int call = 0; call < 100 || System.nanoTime() - start < 300_000_000; call++) {
            assertSame(4);
        }
        assertFalse(isKept(), layer.compiled().explain());
    }

    @Test
    void whatIsKeptIsCounted() {
        assertSame(1);
        long before = memory();
        keep(1);
        assertEquals(4L * OUT * IN, memory() - before);
        weight.mul_(2);
        assertSame(1);
        assertEquals(before, memory());
    }

    private long memory() {
        return layer.compiled().report().stream().mapToLong(PathReport::memory).sum();
    }
}
