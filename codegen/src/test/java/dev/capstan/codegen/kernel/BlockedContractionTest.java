// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.codegen.kernel.Product.Layout;
import dev.capstan.codegen.tree.Primitive;
import dev.capstan.runtime.parallel.Workers;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** All kernels against the definition, bit for bit; cold vector kernels compute the same bits as warm ones. */
class BlockedContractionTest {
    private static final int[] SIZES = {
        1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 15, 16, 17, 24, 25, 31, 32, 33, 47, 48, 49, 100, 150
    };
    private static final double[] ODD = {
        Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, -0.0, Float.MIN_VALUE, Float.MAX_VALUE
    };

    private static BlockedContraction<float[]> scalarFloats(TileShape shape) {
        FloatLoops loops = new FloatLoops();
        return new BlockedContraction<>(shape, loops, loops.scalarKernels(shape), loops.scalarKernels(shape));
    }

    private static BlockedContraction<double[]> scalarDoubles(TileShape shape) {
        DoubleLoops loops = new DoubleLoops();
        return new BlockedContraction<>(shape, loops, loops.scalarKernels(shape), loops.scalarKernels(shape));
    }

    @SuppressWarnings("unchecked")
    private static <A> BlockedContraction<A> vector(Primitive element, ArrayLoops<A> loops) {
        VectorWidth width = VectorWidth.current().orElseThrow();
        TileShape shape = TileShape.of(width, element);
        MicroKernels<A> kernels = GeneratedClasses.shared()
                .define(MicroKernelTrees.of(width, element, shape))
                .newInstance(MicroKernels.class);
        return new BlockedContraction<>(shape, loops, kernels, kernels);
    }

    /** Shapes around every edge, each with some layouts, until the budget of multiply-adds is spent. */
    private static void forProducts(long seed, long budget, Consumer<Product> check) {
        Random random = new Random(seed);
        Layout[] layouts = Layout.values();
        for (long spent = 0; spent < budget; ) {
            int m = SIZES[random.nextInt(SIZES.length)];
            int k = SIZES[random.nextInt(SIZES.length)];
            int n = SIZES[random.nextInt(SIZES.length)];
            spent += (long) (m + 12) * k * (n + 16);
            double[] odd = random.nextInt(4) == 0 ? ODD : new double[0];
            check.accept(Product.of(
                    random,
                    m,
                    k,
                    n,
                    layouts[random.nextInt(layouts.length)],
                    layouts[random.nextInt(layouts.length)],
                    random.nextBoolean(),
                    odd));
        }
    }

    private static void assertBits(float[] expected, float[] actual, Product product) {
        for (int i = 0; i < expected.length; i++) {
            // canonical bits: any NaN equals any NaN
            int at = i;
            assertEquals(
                    Float.floatToIntBits(expected[i]), Float.floatToIntBits(actual[i]), () -> product + " at " + at);
        }
    }

    private static void assertBits(double[] expected, double[] actual, Product product) {
        for (int i = 0; i < expected.length; i++) {
            int at = i;
            assertEquals(
                    Double.doubleToLongBits(expected[i]),
                    Double.doubleToLongBits(actual[i]),
                    () -> product + " at " + at);
        }
    }

    @Test
    @Tag("everywhere")
    void scalarKernelsFollowTheDefinition() {
        for (TileShape shape :
                List.of(TileShape.scalar(), new TileShape(8, 6, 2, true), new TileShape(2, 6, 2, false))) {
            BlockedContraction<float[]> floats = scalarFloats(shape);
            BlockedContraction<double[]> doubles = scalarDoubles(shape);
            forProducts(7, 12_000_000, product -> {
                assertBits(product.expectedFloats(), product.floats(floats), product);
                assertBits(product.expectedFloats(), product.packedFloats(floats, floats), product);
                assertBits(product.expectedFloats(), product.floatsFromStrips(floats), product);
                assertBits(product.expectedDoubles(), product.doubles(doubles), product);
            });
        }
    }

    @Test
    void vectorKernelsFollowTheDefinition() {
        BlockedContraction<float[]> floats = vector(Primitive.FLOAT, new FloatLoops());
        BlockedContraction<double[]> doubles = vector(Primitive.DOUBLE, new DoubleLoops());
        BlockedContraction<float[]> packing =
                scalarFloats(TileShape.of(VectorWidth.current().orElseThrow(), Primitive.FLOAT));
        forProducts(11, 40_000_000, product -> {
            assertBits(product.expectedFloats(), product.floats(floats), product);
            assertBits(product.expectedFloats(), product.packedFloats(packing, floats), product);
            assertBits(product.expectedFloats(), product.floatsFromStrips(floats), product);
            assertBits(product.expectedDoubles(), product.doubles(doubles), product);
        });
    }

    @Test
    @Tag("everywhere")
    void severalThreadsComputeTheSameBits() {
        Workers workers = Workers.shared();
        int before = workers.threads();
        workers.use(3);
        try {
            BlockedContraction<float[]> floats = scalarFloats(new TileShape(8, 6, 2, true));
            forProducts(
                    13,
                    1_500_000,
                    product -> assertBits(product.expectedFloats(), product.floats(floats, workers), product));
            for (int[] sizes : new int[][] {{5, 700, 500}, {130, 600, 77}, {9, 20, 4000}, {13, 70_000, 17}}) {
                Product product =
                        Product.of(new Random(3), sizes[0], sizes[1], sizes[2], Layout.COLUMNS, Layout.ROWS, true);
                assertBits(product.expectedFloats(), product.floats(floats, workers), product);
            }
        } finally {
            workers.use(before);
        }
    }

    @Test
    void sumsLongerThanABlockAreOneChain() {
        BlockedContraction<float[]> floats = vector(Primitive.FLOAT, new FloatLoops());
        BlockedContraction<float[]> scalar = scalarFloats(TileShape.scalar());
        for (boolean accumulate : new boolean[] {false, true}) {
            Product product = Product.of(new Random(3), 13, 3001, 21, Layout.ROWS, Layout.COLUMNS, accumulate);
            assertBits(product.expectedFloats(), product.floats(floats), product);
            assertBits(product.expectedFloats(), product.packedFloats(floats, floats), product);
            assertBits(product.expectedFloats(), product.floats(scalar), product);
        }
    }

    @Test
    void blocksOfRowsAndColumnsMeet() {
        // more rows and columns than one block of A and of B holds
        BlockedContraction<float[]> scalar = scalarFloats(TileShape.scalar());
        Product product = Product.of(new Random(5), 70, 1280, 900, Layout.COLUMNS, Layout.ROWS, false);
        assertBits(product.expectedFloats(), product.floats(scalar), product);
    }

    @Test
    void highNarrowProductsAreTransposed() {
        Random random = new Random(17);
        BlockedContraction<float[]> floats = vector(Primitive.FLOAT, new FloatLoops());
        BlockedContraction<double[]> doubles = vector(Primitive.DOUBLE, new DoubleLoops());
        BlockedContraction<float[]> scalar = scalarFloats(TileShape.scalar());
        for (int m : new int[] {32, 47, 255, 256, 257, 517}) {
            for (int n = 1; n < 16; n++) {
                for (Layout a : List.of(Layout.ROWS, Layout.COLUMNS, Layout.SPACED)) {
                    Layout b = random.nextBoolean() ? Layout.ROWS : Layout.COLUMNS;
                    Product product = Product.of(random, m, 1 + random.nextInt(20), n, a, b, false);
                    assertBits(product.expectedFloats(), product.floats(floats), product);
                    assertBits(product.expectedFloats(), product.floats(scalar), product);
                    assertBits(product.expectedDoubles(), product.doubles(doubles), product);
                }
            }
        }
    }

    @Test
    @Tag("everywhere")
    void tilesAreAsHighAsTheirKernelsAreFor() {
        TileShape shape = new TileShape(16, 12, 4, true);
        for (TileShape tiles : List.of(shape, shape.withTwoHeights())) {
            for (int m = 1; m < 50; m++) {
                for (int i = 0; i < m; ) {
                    int height = tiles.nextHeight(m - i);
                    int rows = Math.min(height, m - i);
                    assertTrue(rows >= shape.fewest(height), rows + " of " + m + " rows in a tile of " + height);
                    assertTrue(IntStream.of(tiles.heights()).anyMatch(any -> any == height), "a tile of " + height);
                    i += rows;
                }
            }
        }
    }

    @Test
    @Tag("everywhere")
    void resultDoesNotDependOnTheTileShape() {
        Product product = Product.of(new Random(9), 29, 40, 53, Layout.ROWS, Layout.ROWS, true);
        List<float[]> results = new ArrayList<>();
        for (TileShape shape :
                List.of(TileShape.scalar(), new TileShape(4, 6, 2, true), new TileShape(8, 12, 4, true))) {
            results.add(product.floats(scalarFloats(shape)));
        }
        results.forEach(result -> assertArrayEquals(results.get(0), result));
        assertTrue(results.size() > 1);
    }
}
