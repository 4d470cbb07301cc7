// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import dev.capstan.codegen.kernel.Contraction.State;
import dev.capstan.codegen.kernel.WarmUpThread.Progress;
import dev.capstan.codegen.tree.Primitive;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The contractions of one element type: scalar kernels at once, the vector kernels from the moment they are warm. A cold
 * vector kernel is a thousand times slower than a scalar loop, so callers never run one.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class ContractionEngine<A> {
    private static final System.Logger LOG = System.getLogger("dev.capstan.codegen");

    private final Primitive element;
    private final ArrayLoops<A> loops;
    private final BlockedContraction<A> scalar;
    private final CountDownLatch settled = new CountDownLatch(1);
    private volatile State state;
    private volatile BlockedContraction<A> vector;
    private volatile BlockedContraction<A> scalarOnPanels;

    ContractionEngine(Primitive element, ArrayLoops<A> loops) {
        this.element = element;
        this.loops = loops;
        this.scalar = scalar(TileShape.scalar());
        this.state = VectorWidth.isAvailable() ? State.COLD : State.UNAVAILABLE;
        if (state == State.UNAVAILABLE) {
            settled.countDown();
        }
    }

    private BlockedContraction<A> scalar(TileShape shape) {
        MicroKernels<A> kernels = loops.scalarKernels(shape);
        return new BlockedContraction<>(shape, loops, kernels, kernels);
    }

    State state() {
        return state;
    }

    void multiply(MatrixProduct<A> product) {
        SharedContraction.multiply(product.b() instanceof Panels<A> ? currentOnPanels() : current(), product);
    }

    /**
     * Multiplies one row by a packed B, of at most {@link TileShape#MAX_SUM} rows. The elements of A are {@code aStride}
     * apart.
     */
    void multiplyRow(
            int k,
            int n,
            A a,
            int aOffset,
            int aStride,
            A panels,
            int panelsOffset,
            A c,
            int cOffset,
            boolean accumulate) {
        currentOnPanels().multiplyRow(k, n, a, aOffset, aStride, panels, panelsOffset, c, cOffset, accumulate);
    }

    /** How many elements a packed B takes. */
    int packedLength(int k, int n) {
        return currentOnPanels().packing().length(k, n);
    }

    /** Packs a B of k x n. */
    void pack(Matrix<A> b, int k, int n, Panels<A> panels) {
        currentOnPanels().packing().pack(b, k, n, panels);
    }

    /** Copies a B of k x n in strips. */
    void copy(Matrix<A> b, int k, int n, Strips<A> strips) {
        current().packing().copy(b, k, n, strips);
    }

    /** The kernels to use now; the first call asks for the vector kernels. */
    private BlockedContraction<A> current() {
        BlockedContraction<A> ready = vector;
        if (ready != null) {
            return ready;
        }
        warmUp();
        return scalar;
    }

    /** The same for packed operands, whose layout is that of the vector kernels from the start. */
    private BlockedContraction<A> currentOnPanels() {
        BlockedContraction<A> ready = vector;
        if (ready != null) {
            return ready;
        }
        warmUp();
        if (scalarOnPanels == null) {
            scalarOnPanels = scalar(VectorWidth.current()
                    .map(width -> TileShape.of(width, element))
                    .orElse(TileShape.scalar()));
        }
        return scalarOnPanels;
    }

    /** Starts warming the vector kernels in the background, unless that has been done or cannot be. */
    void warmUp() {
        if (state == State.COLD) {
            startWarmUp();
        }
    }

    private synchronized void startWarmUp() {
        if (state == State.COLD) {
            state = State.WARMING;
            WarmUpThread.shared().submit(WarmUpThread.Rank.PRODUCT, new Ascent());
        }
    }

    /** Generates the vector kernels, warms what every product needs and serves with it, then the others. */
    private final class Ascent implements WarmUpThread.Job {
        private TileShape shape;
        private MicroKernels<A> kernels;
        private MicroKernelWarmUp<A> subjects;
        private WarmUp warmUp;

        @Override
        public Progress advance() {
            if (kernels == null) {
                generate();
                return Progress.WORKING;
            }
            Progress progress = warmUp.advance();
            if (progress != Progress.DONE) {
                return progress;
            }
            if (warmUp.hasFailed()) {
                settle();
                LOG.log(
                        System.Logger.Level.INFO,
                        "contraction: vector kernels of {0} did not become fast, scalar ones stay in use",
                        element);
                return Progress.DONE;
            }
            if (vector == null) {
                serve(shape.withTwoHeights(), loops.scalarKernels(shape));
                warmUp = subjects.others();
                return Progress.WORKING;
            }
            serve(shape, kernels);
            return Progress.DONE;
        }

        private void generate() {
            VectorWidth width = VectorWidth.current().orElseThrow();
            shape = TileShape.of(width, element);
            @SuppressWarnings("unchecked")
            MicroKernels<A> generated = GeneratedClasses.shared()
                    .define(MicroKernelTrees.of(width, element, shape))
                    .newInstance(MicroKernels.class);
            kernels = generated;
            subjects = new MicroKernelWarmUp<>(shape, loops, kernels);
            warmUp = subjects.multiplication();
        }

        private void serve(TileShape tiles, MicroKernels<A> transposing) {
            BlockedContraction<A> contraction = new BlockedContraction<>(tiles, loops, kernels, transposing);
            subjects.blocks(contraction);
            vector = contraction;
            settle();
        }

        @Override
        public boolean isWanted() {
            return true;
        }

        @Override
        public void failed(Throwable reason) {
            settle();
            LOG.log(
                    System.Logger.Level.WARNING,
                    "contraction: vector kernels of " + element + " failed, scalar ones stay in use",
                    reason);
        }
    }

    private void settle() {
        state = vector == null ? State.FAILED : State.READY;
        settled.countDown();
    }

    boolean awaitReady(Duration limit) throws InterruptedException {
        warmUp();
        return settled.await(limit.toNanos(), TimeUnit.NANOSECONDS) && state == State.READY;
    }
}
