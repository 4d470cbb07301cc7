// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import static java.util.Objects.requireNonNull;

import dev.capstan.codegen.tree.Primitive;
import java.time.Duration;

/**
 * Matrix products of float32 and float64, shared by everything that runs in this process.
 *
 * <p>With A of m x k, B of k x n and C of m x n elements, {@code C = A B}, or {@code C += A B} where {@code accumulate}.
 * Each element of C is one chain of fused multiply-adds over ascending k, {@code c = fma(a, b, c)}, that starts from +0.0
 * or from C's element. So the bits depend neither on layout nor on m and n, nor on the vector width, nor on whether the
 * vector kernels are warm yet. With k = 0 the result is +0.0, or C unchanged.
 *
 * <p>Element (i, j) of a matrix is at {@code offset + i * rowStride + j * columnStride} of its array; strides of A and B
 * may be 0 or negative. The columns of C are adjacent, its rows do not overlap, and C overlaps neither A nor B.
 *
 * <p>Vector kernels are compiled and warmed by a daemon thread that the first product of an element type starts, or
 * {@link #warmUp}; until they are fast, scalar kernels serve. All methods may be called from any thread.
 */
public final class Contraction {
    private static final Contraction INSTANCE = new Contraction();

    private final ContractionEngine<float[]> floats = new ContractionEngine<>(Primitive.FLOAT, new FloatLoops());
    private final ContractionEngine<double[]> doubles = new ContractionEngine<>(Primitive.DOUBLE, new DoubleLoops());

    /** What the vector kernels of an element type are doing. */
    public enum State {
        /** There is no Vector API: scalar kernels serve for ever. */
        UNAVAILABLE,
        /** Nobody has asked for them. */
        COLD,
        /** They are being generated, compiled and warmed. */
        WARMING,
        /** They serve. */
        READY,
        /** They could not be generated or did not become fast: scalar kernels serve for ever. */
        FAILED
    }

    private Contraction() {
        if (!VectorWidth.isAvailable()) {
            System.getLogger("dev.capstan.codegen")
                    .log(
                            System.Logger.Level.INFO,
                            "contraction: no Vector API, scalar kernels are several times slower; enable it with"
                                    + " --add-modules jdk.incubator.vector");
        }
    }

    /** The one of this process. */
    public static Contraction instance() {
        return INSTANCE;
    }

    /** Starts warming the kernels of float32, as the first product would. */
    public void warmUp() {
        floats.warmUp();
    }

    /** Starts warming the kernels of {@code FLOAT} or {@code DOUBLE}. */
    public void warmUp(Primitive element) {
        engine(element).warmUp();
    }

    /** What the vector kernels of {@code FLOAT} or {@code DOUBLE} are doing. */
    public State state(Primitive element) {
        return engine(element).state();
    }

    /** Whether the vector kernels of {@code FLOAT} or {@code DOUBLE} serve. */
    public boolean ready(Primitive element) {
        return state(element) == State.READY;
    }

    /** Whether it is decided if the vector kernels of {@code FLOAT} or {@code DOUBLE} serve; asks for them. */
    public boolean isSettled(Primitive element) {
        warmUp(element);
        State now = state(element);
        return now != State.COLD && now != State.WARMING;
    }

    /**
     * Warms the kernels of {@code FLOAT} or {@code DOUBLE} and waits for them.
     *
     * @return whether they serve; at once false if they never will
     */
    public boolean awaitReady(Primitive element, Duration limit) throws InterruptedException {
        return engine(element).awaitReady(requireNonNull(limit, "limit"));
    }

    private ContractionEngine<?> engine(Primitive element) {
        return switch (requireNonNull(element, "element")) {
            case FLOAT -> floats;
            case DOUBLE -> doubles;
            case VOID, BOOLEAN, BYTE, INT, LONG ->
                throw new IllegalArgumentException("contraction: element type: " + element);
        };
    }

    /** The product of two matrices, as the class describes it. */
    public void multiply(
            int m,
            int k,
            int n,
            float[] a,
            int aOffset,
            int aRowStride,
            int aColumnStride,
            float[] b,
            int bOffset,
            int bRowStride,
            int bColumnStride,
            float[] c,
            int cOffset,
            int cRowStride,
            boolean accumulate) {
        Extents.require("a", a.length, aOffset, m, aRowStride, k, aColumnStride);
        Extents.require("b", b.length, bOffset, k, bRowStride, n, bColumnStride);
        Extents.require("c", c.length, cOffset, m, cRowStride, n, 1);
        floats.multiply(new MatrixProduct<>(
                m,
                k,
                n,
                new Matrix<>(a, aOffset, aRowStride, aColumnStride),
                new Matrix<>(b, bOffset, bRowStride, bColumnStride),
                Matrix.ofRows(c, cOffset, cRowStride),
                accumulate));
    }

    /** The same in float64. */
    public void multiply(
            int m,
            int k,
            int n,
            double[] a,
            int aOffset,
            int aRowStride,
            int aColumnStride,
            double[] b,
            int bOffset,
            int bRowStride,
            int bColumnStride,
            double[] c,
            int cOffset,
            int cRowStride,
            boolean accumulate) {
        Extents.require("a", a.length, aOffset, m, aRowStride, k, aColumnStride);
        Extents.require("b", b.length, bOffset, k, bRowStride, n, bColumnStride);
        Extents.require("c", c.length, cOffset, m, cRowStride, n, 1);
        doubles.multiply(new MatrixProduct<>(
                m,
                k,
                n,
                new Matrix<>(a, aOffset, aRowStride, aColumnStride),
                new Matrix<>(b, bOffset, bRowStride, bColumnStride),
                Matrix.ofRows(c, cOffset, cRowStride),
                accumulate));
    }

    /**
     * How many elements {@link #pack} writes for a B of k x n, the same throughout the process.
     *
     * @param element {@code FLOAT} or {@code DOUBLE}
     */
    public int packedLength(Primitive element, int k, int n) {
        Extents.require(k, n);
        return engine(element).packedLength(k, n);
    }

    /** Packs a B of k x n for {@link #multiplyPacked}, so that many products can share the work. */
    public void pack(
            float[] b, int bOffset, int bRowStride, int bColumnStride, int k, int n, float[] panels, int panelsOffset) {
        Extents.require("b", b.length, bOffset, k, bRowStride, n, bColumnStride);
        floats.pack(new Matrix<>(b, bOffset, bRowStride, bColumnStride), k, n, new Panels<>(panels, panelsOffset));
    }

    /** The same in float64. */
    public void pack(
            double[] b,
            int bOffset,
            int bRowStride,
            int bColumnStride,
            int k,
            int n,
            double[] panels,
            int panelsOffset) {
        Extents.require("b", b.length, bOffset, k, bRowStride, n, bColumnStride);
        doubles.pack(new Matrix<>(b, bOffset, bRowStride, bColumnStride), k, n, new Panels<>(panels, panelsOffset));
    }

    /** The product with a B of k x n that {@link #pack} has packed; the bits are those of {@link #multiply}. */
    public void multiplyPacked(
            int m,
            int k,
            int n,
            float[] a,
            int aOffset,
            int aRowStride,
            int aColumnStride,
            float[] panels,
            int panelsOffset,
            float[] c,
            int cOffset,
            int cRowStride,
            boolean accumulate) {
        Extents.require("a", a.length, aOffset, m, aRowStride, k, aColumnStride);
        Extents.require("c", c.length, cOffset, m, cRowStride, n, 1);
        if (isShortRow(m, k)) {
            floats.multiplyRow(k, n, a, aOffset, aColumnStride, panels, panelsOffset, c, cOffset, accumulate);
            return;
        }
        floats.multiply(new MatrixProduct<>(
                m,
                k,
                n,
                new Matrix<>(a, aOffset, aRowStride, aColumnStride),
                new Panels<>(panels, panelsOffset),
                Matrix.ofRows(c, cOffset, cRowStride),
                accumulate));
    }

    /** The same in float64. */
    public void multiplyPacked(
            int m,
            int k,
            int n,
            double[] a,
            int aOffset,
            int aRowStride,
            int aColumnStride,
            double[] panels,
            int panelsOffset,
            double[] c,
            int cOffset,
            int cRowStride,
            boolean accumulate) {
        Extents.require("a", a.length, aOffset, m, aRowStride, k, aColumnStride);
        Extents.require("c", c.length, cOffset, m, cRowStride, n, 1);
        if (isShortRow(m, k)) {
            doubles.multiplyRow(k, n, a, aOffset, aColumnStride, panels, panelsOffset, c, cOffset, accumulate);
            return;
        }
        doubles.multiply(new MatrixProduct<>(
                m,
                k,
                n,
                new Matrix<>(a, aOffset, aRowStride, aColumnStride),
                new Panels<>(panels, panelsOffset),
                Matrix.ofRows(c, cOffset, cRowStride),
                accumulate));
    }

    /** Whether a product has one row, which one block of a packed B gives. */
    private static boolean isShortRow(int m, int k) {
        return m == 1 && 0 < k && k <= TileShape.MAX_SUM;
    }

    /** A copy of a B of k x n for {@link #multiplyKept}, of as many elements. */
    public float[] keep(float[] b, int bOffset, int bRowStride, int bColumnStride, int k, int n) {
        Extents.require("b", b.length, bOffset, k, bRowStride, n, bColumnStride);
        float[] kept = new float[Math.multiplyExact(k, n)];
        floats.copy(new Matrix<>(b, bOffset, bRowStride, bColumnStride), k, n, new Strips<>(kept));
        return kept;
    }

    /** The same in float64. */
    public double[] keep(double[] b, int bOffset, int bRowStride, int bColumnStride, int k, int n) {
        Extents.require("b", b.length, bOffset, k, bRowStride, n, bColumnStride);
        double[] kept = new double[Math.multiplyExact(k, n)];
        doubles.copy(new Matrix<>(b, bOffset, bRowStride, bColumnStride), k, n, new Strips<>(kept));
        return kept;
    }

    /**
     * The product of a few rows, the bits of which are those of {@link #multiply}.
     *
     * @param kept a copy of B by {@link #keep}, which is read in its place, or null
     */
    public void multiplyKept(
            int m,
            int k,
            int n,
            float[] a,
            int aOffset,
            int aRowStride,
            int aColumnStride,
            float[] b,
            int bOffset,
            int bRowStride,
            int bColumnStride,
            float[] kept,
            float[] c,
            int cOffset,
            int cRowStride,
            boolean accumulate) {
        Extents.require("a", a.length, aOffset, m, aRowStride, k, aColumnStride);
        Extents.require("b", b.length, bOffset, k, bRowStride, n, bColumnStride);
        Extents.require("c", c.length, cOffset, m, cRowStride, n, 1);
        floats.multiply(new MatrixProduct<>(
                m,
                k,
                n,
                new Matrix<>(a, aOffset, aRowStride, aColumnStride),
                kept == null ? new Matrix<>(b, bOffset, bRowStride, bColumnStride) : new Strips<>(kept),
                Matrix.ofRows(c, cOffset, cRowStride),
                accumulate));
    }

    /** The same in float64. */
    public void multiplyKept(
            int m,
            int k,
            int n,
            double[] a,
            int aOffset,
            int aRowStride,
            int aColumnStride,
            double[] b,
            int bOffset,
            int bRowStride,
            int bColumnStride,
            double[] kept,
            double[] c,
            int cOffset,
            int cRowStride,
            boolean accumulate) {
        Extents.require("a", a.length, aOffset, m, aRowStride, k, aColumnStride);
        Extents.require("b", b.length, bOffset, k, bRowStride, n, bColumnStride);
        Extents.require("c", c.length, cOffset, m, cRowStride, n, 1);
        doubles.multiply(new MatrixProduct<>(
                m,
                k,
                n,
                new Matrix<>(a, aOffset, aRowStride, aColumnStride),
                kept == null ? new Matrix<>(b, bOffset, bRowStride, bColumnStride) : new Strips<>(kept),
                Matrix.ofRows(c, cOffset, cRowStride),
                accumulate));
    }
}
