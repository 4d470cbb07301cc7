// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.codegen.kernel.VectorWidth;
import dev.capstan.codegen.tree.BytecodePrinter;
import dev.capstan.codegen.tree.ClassTree;
import dev.capstan.codegen.tree.JavaPrinter;
import dev.capstan.codegen.tree.UncompilableMethodException;
import dev.capstan.runtime.eager.ElementwiseExecutor;
import dev.capstan.runtime.eager.PreparedKernel;
import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Functions;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.spi.Access;
import dev.capstan.runtime.spi.Compilers;
import dev.capstan.runtime.spi.LoopKernel;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Generated loops against the block evaluator. */
class FusedLoopTest {
    private static final List<DType> SINGLE = List.of(DType.FLOAT32, DType.INT32);
    private static final List<DType> DOUBLE = List.of(DType.FLOAT64, DType.INT64);
    private static final List<DType> ALL = List.of(DType.values());
    private static final int[] SIZES = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 129, 1000};

    private int number;

    /** One random use of a kernel: its operands, twice. */
    private static final class Use {
        final Kernel kernel;
        final List<Access> accesses = new ArrayList<>();
        final int rows;
        final int columns;
        final Object[] expected;
        final Object[] actual;
        final int[] geometry;

        Use(RandomKernels chance, Kernel kernel, boolean strided) {
            this.kernel = kernel;
            Random random = chance.random();
            rows = random.nextBoolean() ? 1 : 1 + random.nextInt(4);
            columns = SIZES[random.nextInt(SIZES.length)];
            int inputs = kernel.inputs().size();
            int count = inputs + kernel.outputs().size();
            expected = new Object[count];
            actual = new Object[count];
            geometry = new int[3 * count];
            for (int i = 0; i < count; i++) {
                DType type = type(i);
                int from = i < inputs ? -1 : replaced(i, random);
                if (from >= 0) {
                    expected[i] = expected[from];
                    actual[i] = actual[from];
                    accesses.add(accesses.get(from));
                    System.arraycopy(geometry, 3 * from, geometry, 3 * i, 3);
                    continue;
                }
                int choice = random.nextInt(8);
                Access access =
                        i < inputs && choice < 2 ? Access.ZERO : strided && choice < 4 ? Access.STRIDED : Access.UNIT;
                accesses.add(access);
                int step = access == Access.ZERO ? 0 : access == Access.UNIT ? 1 : 2 + random.nextInt(3);
                int length = (columns - 1) * step + 1;
                boolean oneRow = i < inputs && random.nextInt(4) == 0;
                geometry[3 * i] = random.nextInt(5);
                geometry[3 * i + 1] = oneRow ? 0 : length + random.nextInt(3);
                geometry[3 * i + 2] = step;
                expected[i] = chance.array(type, geometry[3 * i] + (rows - 1) * geometry[3 * i + 1] + length + 3);
                actual[i] = Bits.copy(type, expected[i]);
            }
        }

        private DType type(int array) {
            int inputs = kernel.inputs().size();
            return array < inputs ? kernel.inputs().get(array) : kernel.outputType(array - inputs);
        }

        /** An input in whose place an output can be, or -1. */
        private int replaced(int output, Random random) {
            if (random.nextBoolean()) {
                return -1;
            }
            for (int i = 0; i < kernel.inputs().size(); i++) {
                Object array = expected[i];
                boolean taken =
                        Arrays.stream(expected, kernel.inputs().size(), output).anyMatch(o -> o == array);
                boolean everyRow = rows == 1 || geometry[3 * i + 1] != 0;
                if (type(i) == type(output) && accesses.get(i) != Access.ZERO && everyRow && !taken) {
                    return i;
                }
            }
            return -1;
        }

        void runEager() {
            int inputs = kernel.inputs().size();
            NdArray[] operands = new NdArray[expected.length];
            for (int i = 0; i < operands.length; i++) {
                int[] strides = {geometry[3 * i + 1], geometry[3 * i + 2]};
                Layout layout = Layout.of(Shape.of(rows, columns), strides, geometry[3 * i]);
                operands[i] = new NdArray(Storage.of(type(i), expected[i]), layout);
            }
            ElementwiseExecutor.run(
                    PreparedKernel.of(kernel, Compilers.NONE),
                    Arrays.copyOf(operands, inputs),
                    Arrays.copyOfRange(operands, inputs, operands.length));
        }

        Optional<String> difference() {
            for (int i = 0; i < expected.length; i++) {
                Optional<String> difference = Bits.difference(expected[i], actual[i]);
                if (difference.isPresent()) {
                    return Optional.of("array " + i + ", " + difference.get());
                }
            }
            return Optional.empty();
        }

        @Override
        public String toString() {
            return kernel + "accesses " + accesses + " geometry " + Arrays.toString(geometry) + " rows " + rows
                    + " columns " + columns;
        }
    }

    static LoopKernel define(ClassTree tree) {
        byte[] bytes = BytecodePrinter.print(tree, JavaPrinter.print(tree));
        String name = tree.type().binaryName();
        ClassLoader loader = new ClassLoader(FusedLoopTest.class.getClassLoader()) {
            @Override
            protected Class<?> findClass(String wanted) {
                return defineClass(wanted, bytes, 0, bytes.length);
            }
        };
        try {
            return (LoopKernel)
                    Class.forName(name, true, loader).getConstructor().newInstance();
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    private void compare(RandomKernels chance, long seed, List<DType> types, boolean vector) {
        compare(chance, seed, chance.kernel(types), vector);
    }

    private void compare(RandomKernels chance, long seed, Kernel kernel, boolean vector) {
        Use use = new Use(chance, kernel, !vector);
        LoopPattern pattern = new LoopPattern(kernel, use.accesses);
        assertTrue(pattern.isSupported());
        if (vector && !VectorLoop.isSupported(pattern)) {
            return;
        }
        String name = "dev.capstan.generated.Loop" + number++;
        ClassTree tree = vector
                ? LoopTree.vector(name, pattern, VectorWidth.current().orElseThrow())
                : LoopTree.scalar(name, pattern);
        use.runEager();
        define(tree).run(use.actual, use.geometry, use.rows, use.columns);
        Optional<String> difference = use.difference();
        assertEquals(
                Optional.empty(),
                difference,
                () -> "seed " + seed + "\n" + use + "\n"
                        + JavaPrinter.print(tree).text());
        compared++;
    }

    private int compared;

    @Test
    @Tag("everywhere")
    void scalarFormEqualsBlockEvaluator() {
        for (int seed = 0; seed < 300; seed++) {
            RandomKernels chance = new RandomKernels(seed);
            compare(chance, seed, seed % 3 == 0 ? SINGLE : seed % 3 == 1 ? DOUBLE : ALL, false);
        }
    }

    @Test
    void vectorFormEqualsBlockEvaluator() {
        for (int seed = 1000; seed < 1700; seed++) {
            RandomKernels chance = new RandomKernels(seed);
            compare(chance, seed, seed % 2 == 0 ? SINGLE : DOUBLE, true);
        }
        assertTrue(compared > 250, "few kernels had a vector form: " + compared);
    }

    @Test
    void largeVectorFormEqualsBlockEvaluator() {
        Expr x = Expr.input(0, DType.FLOAT32);
        Expr y = Expr.input(1, DType.FLOAT32);
        Expr result = Functions.tanh(x).mul(Functions.sigmoid(y));
        Kernel kernel = Kernel.of(List.of(DType.FLOAT32, DType.FLOAT32), List.of(result, result.add(x)));
        for (int seed = 0; seed < 60; seed++) {
            compare(new RandomKernels(seed), seed, kernel, true);
        }
        assertEquals(60, compared);
    }

    /** Parts of it hand on numbers and integers, need masks and an operand again, and write in place of operands. */
    @Test
    void loopInPartsEqualsBlockEvaluator() {
        for (DType type : List.of(DType.FLOAT32, DType.FLOAT64)) {
            Expr x = Expr.input(0, type);
            Expr y = Expr.input(1, type);
            Expr positive = Expr.apply(Primitive.GT, y, y.like(0));
            Expr first = Functions.tanh(Expr.apply(Primitive.SELECT, positive, x, y));
            Expr second = Functions.exp(first);
            Expr third = Functions.sin(Expr.apply(Primitive.SELECT, positive, second, first.mul(y)));
            Expr result = Functions.tanh(
                    Functions.log(Expr.apply(Primitive.ABS, third)).add(x));
            Kernel kernel = Kernel.of(
                    List.of(type, type), List.of(result, Expr.apply(Primitive.SELECT, positive, second, result)));
            LoopPattern pattern = new LoopPattern(kernel, Collections.nCopies(4, Access.UNIT));
            Partition partition = Partition.of(pattern);
            assertTrue(
                    partition.parts().size() > 2, "parts " + partition.parts().size());
            for (int seed = 0; seed < 60; seed++) {
                compare(new RandomKernels(seed), seed, kernel, true);
            }
        }
        assertEquals(120, compared);
    }

    @Test
    @Tag("everywhere")
    void loopsAreCutWhereLittleIsHandedOn() {
        Expr x = Expr.input(0, DType.FLOAT32);
        LoopPattern chain = unary(Functions.tanh(Functions.exp(Functions.tanh(x))));
        Partition cut = Partition.of(chain);
        assertTrue(cut.parts().size() > 1);
        assertTrue(cut.scratch().size() <= 2, "scratch " + cut.scratch());
        // short, or with enough to compute side by side
        Expr y = x.mul(x.like(2));
        Expr wide =
                Functions.tanh(x).add(Functions.tanh(y)).add(Functions.exp(x).mul(Functions.exp(y)));
        assertEquals(List.of(), Partition.of(unary(Functions.tanh(x))).parts());
        assertEquals(List.of(), Partition.of(unary(wide)).parts());
    }

    private static LoopPattern unary(Expr result) {
        return new LoopPattern(Kernel.of(List.of(DType.FLOAT32), List.of(result)), List.of(Access.UNIT, Access.UNIT));
    }

    /** Their parameters, handed on from method to method one by one, would be more than HotSpot compiles. */
    @Test
    @Tag("everywhere")
    void manyArraysEqualBlockEvaluator() {
        int inputs = 10;
        Expr sum = Expr.input(0, DType.FLOAT32);
        for (int i = 1; i < inputs; i++) {
            sum = sum.add(Expr.input(i, DType.FLOAT32));
        }
        Expr large = Functions.tanh(sum).mul(Functions.sigmoid(Expr.input(1, DType.FLOAT32)));
        List<DType> types = Collections.nCopies(inputs, DType.FLOAT32);
        for (Expr result : List.of(sum, large)) {
            Kernel kernel = Kernel.of(types, List.of(result, result.mul(Expr.input(2, DType.FLOAT32))));
            for (int seed = 0; seed < 60; seed++) {
                compare(new RandomKernels(seed), seed, kernel, false);
                if (VectorWidth.current().isPresent()) {
                    compare(new RandomKernels(seed), seed, kernel, true);
                }
            }
        }
        assertTrue(compared >= 120, "compared " + compared);
    }

    @Test
    @Tag("everywhere")
    void moreArraysThanCanBePassedHaveNoLoop() {
        int arrays = UncompilableMethodException.MOST_ON_STACK / 3 + 1;
        assertTrue(sum(arrays).isSupported());
        assertFalse(sum(arrays + 1).isSupported());
        define(LoopTree.scalar("dev.capstan.generated.Loop" + number++, sum(arrays)));
    }

    private static LoopPattern sum(int arrays) {
        Expr sum = Expr.input(0, DType.FLOAT32);
        for (int i = 1; i < arrays - 1; i++) {
            sum = sum.add(Expr.input(i, DType.FLOAT32));
        }
        Kernel kernel = Kernel.of(Collections.nCopies(arrays - 1, DType.FLOAT32), List.of(sum));
        return new LoopPattern(kernel, Collections.nCopies(arrays, Access.UNIT));
    }

    @Test
    void limitByConstantIsJavas() {
        double[] special = {
            Double.NaN,
            0.0,
            -0.0,
            1,
            -1,
            Float.MIN_VALUE,
            -Float.MIN_VALUE,
            1e30,
            -1e30,
            7,
            Double.POSITIVE_INFINITY,
            Double.NEGATIVE_INFINITY
        };
        double[] values = new double[4 * special.length];
        Arrays.setAll(values, i -> special[i % special.length]);
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        for (double limit : special) {
            for (Primitive operation : List.of(Primitive.MAX, Primitive.MIN)) {
                boolean isMaximum = operation == Primitive.MAX;
                double[] expected = new double[values.length];
                float[] expectedFloats = new float[values.length];
                for (int i = 0; i < expected.length; i++) {
                    expected[i] = isMaximum ? Math.max(values[i], limit) : Math.min(values[i], limit);
                    expectedFloats[i] =
                            isMaximum ? Math.max(floats[i], (float) limit) : Math.min(floats[i], (float) limit);
                }
                String text = operation + " " + limit;
                assertEquals(Optional.empty(), limited(DType.FLOAT64, operation, limit, values, expected), text);
                assertEquals(Optional.empty(), limited(DType.FLOAT32, operation, limit, floats, expectedFloats), text);
            }
        }
    }

    private Optional<String> limited(DType type, Primitive operation, double limit, Object x, Object expected) {
        Expr input = Expr.input(0, type);
        Kernel kernel = Kernel.of(List.of(type), List.of(Expr.apply(operation, input, input.like(limit))));
        LoopPattern pattern = new LoopPattern(kernel, List.of(Access.UNIT, Access.UNIT));
        Object actual = Bits.copy(type, x);
        int length = Array.getLength(x);
        define(LoopTree.vector(
                        "dev.capstan.generated.Loop" + number++,
                        pattern,
                        VectorWidth.current().orElseThrow()))
                .run(new Object[] {x, actual}, new int[] {0, 0, 1, 0, 0, 1}, 1, length);
        return Bits.difference(expected, actual);
    }

    @Test
    void transposedCopyMovesEveryElement() {
        int[] sizes = {1, 7, 15, 16, 17, 31, 32, 35, 50};
        for (DType type : List.of(DType.FLOAT32, DType.FLOAT64, DType.INT32, DType.INT64)) {
            Kernel kernel = Kernel.of(List.of(type), List.of(Expr.input(0, type)));
            LoopPattern pattern = new LoopPattern(kernel, List.of(Access.STRIDED, Access.UNIT));
            assertTrue(TransposedCopy.is(pattern));
            LoopKernel copy = define(LoopTree.transposed(
                    "dev.capstan.generated.Loop" + number++,
                    pattern,
                    VectorWidth.current().orElseThrow()));
            for (int rows : sizes) {
                for (int columns : sizes) {
                    RandomKernels chance = new RandomKernels(rows * 100L + columns);
                    for (int rowStep : new int[] {1, 2, -1}) {
                        int columnStep = 2 * rows + 3;
                        int sourceOffset = 5 + (rowStep < 0 ? rows : 0);
                        Object source = chance.array(type, sourceOffset + columns * columnStep + 2 * rows);
                        Object target = chance.array(type, 3 + rows * (columns + 2));
                        Object expected = Bits.copy(type, target);
                        for (int r = 0; r < rows; r++) {
                            for (int c = 0; c < columns; c++) {
                                int from = sourceOffset + r * rowStep + c * columnStep;
                                System.arraycopy(source, from, expected, 3 + r * (columns + 2) + c, 1);
                            }
                        }
                        int[] geometry = {sourceOffset, rowStep, columnStep, 3, columns + 2, 1};
                        copy.run(new Object[] {source, target}, geometry, rows, columns);
                        assertEquals(
                                Optional.empty(),
                                Bits.difference(expected, target),
                                type + " " + rows + " x " + columns + ", rows at " + rowStep);
                    }
                }
            }
        }
    }
}
