// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.codegen.fusion.ReductionPattern.Direction;
import dev.capstan.codegen.kernel.VectorWidth;
import dev.capstan.codegen.tree.ClassTree;
import dev.capstan.codegen.tree.JavaPrinter;
import dev.capstan.runtime.eager.ReductionExecutor;
import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.kernel.ReductionKernel;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.spi.Access;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Generated reductions against the eager executor. */
class FusedReductionTest {
    private static final int[] SIZES = {1, 2, 5, 16, 17, 31, 32, 33, 64, 100, 1000, 1024, 1025, 2048, 5000};

    private int compared;

    private static ReductionKernel kernel(RandomKernels chance, List<DType> types) {
        Random random = chance.random();
        Kernel map;
        DType state;
        do {
            Kernel several = chance.kernel(types);
            map = new Kernel(
                    several.inputs(), several.instructions(), several.outputs().subList(0, 1));
            state = map.outputType(0);
        } while (state == DType.BOOL && random.nextInt(10) > 0);
        List<Primitive> operations = state == DType.BOOL
                ? List.of(Primitive.AND, Primitive.OR)
                : List.of(Primitive.ADD, Primitive.ADD, Primitive.MAX, Primitive.MIN, Primitive.MUL);
        Primitive combine = operations.get(random.nextInt(operations.size()));
        Expr result = Expr.input(0, state);
        if (state.isFloating() && random.nextBoolean()) {
            result = result.div(result.like(3));
        }
        Kernel finish = Kernel.of(List.of(state), List.of(result));
        return new ReductionKernel(map, combine, ReductionKernel.identity(combine, state), finish);
    }

    private void compare(long seed, List<DType> types, Direction direction, boolean vector) {
        RandomKernels chance = new RandomKernels(seed);
        Random random = chance.random();
        ReductionKernel kernel = kernel(chance, types);
        int inputs = kernel.map().inputs().size();
        boolean alongRows = direction == Direction.ALONG_ROWS;
        // vectors that the JIT has not compiled are slow: few large cases
        int sizes = alongRows || random.nextInt(8) == 0 ? SIZES.length : SIZES.length - 5;
        int elements = SIZES[random.nextInt(sizes)];
        int results = alongRows ? 1 + random.nextInt(3) : 16 + random.nextInt(90);
        int rows = alongRows ? results : elements;
        int columns = alongRows ? elements : results;
        List<Access> accesses = new ArrayList<>();
        Object[] arrays = new Object[inputs + 1];
        int[] geometry = new int[3 * inputs + 3];
        NdArray[] operands = new NdArray[inputs];
        for (int i = 0; i < inputs; i++) {
            int choice = random.nextInt(6);
            Access access = choice == 0 ? Access.ZERO : choice == 1 && !vector ? Access.STRIDED : Access.UNIT;
            accesses.add(access);
            int step = access == Access.ZERO ? 0 : access == Access.UNIT ? 1 : 3;
            geometry[3 * i] = random.nextInt(4);
            geometry[3 * i + 1] = random.nextInt(5) == 0 ? 0 : (columns - 1) * step + 1 + random.nextInt(3);
            geometry[3 * i + 2] = step;
            DType type = kernel.map().inputs().get(i);
            int length = geometry[3 * i] + (rows - 1) * geometry[3 * i + 1] + (columns - 1) * step + 1;
            arrays[i] = chance.array(type, length);
            int[] strides = {geometry[3 * i + 1], step};
            operands[i] = new NdArray(
                    Storage.of(type, arrays[i]), Layout.of(Shape.of(rows, columns), strides, geometry[3 * i]));
        }
        accesses.add(alongRows ? Access.ZERO : Access.UNIT);
        geometry[3 * inputs + 1] = 1;
        geometry[3 * inputs + 2] = 1;
        arrays[inputs] = Storage.newArray(kernel.result(), results);
        ReductionPattern pattern = new ReductionPattern(kernel, direction, accesses);
        assertTrue(pattern.map().isSupported());
        if (vector && !pattern.isVectorSupported()) {
            return;
        }
        NdArray expected = NdArray.zeros(kernel.result(), Shape.of(alongRows ? rows : 1, alongRows ? 1 : columns));
        ReductionExecutor.run(kernel, operands, new boolean[] {!alongRows, alongRows}, expected);
        String name = "dev.capstan.generated.Reduction" + compared++;
        ClassTree tree = vector
                ? ReductionTree.vector(name, pattern, VectorWidth.current().orElseThrow())
                : ReductionTree.scalar(name, pattern);
        FusedLoopTest.define(tree).run(arrays, geometry, rows, columns);
        Optional<String> difference = Bits.difference(expected.storage().array(), arrays[inputs]);
        assertEquals(
                Optional.empty(),
                difference,
                () -> "seed " + seed + ", " + rows + " x " + columns + "\n"
                        + JavaPrinter.print(tree).text());
    }

    private static List<DType> types(long seed) {
        return seed % 3 == 0
                ? List.of(DType.FLOAT32, DType.INT32)
                : seed % 3 == 1 ? List.of(DType.FLOAT64, DType.INT64) : List.of(DType.values());
    }

    @Test
    @Tag("everywhere")
    void scalarFormEqualsEagerExecutor() {
        for (int seed = 0; seed < 120; seed++) {
            compare(seed, types(seed), Direction.ALONG_ROWS, false);
        }
    }

    @Test
    void vectorsAlongRowsEqualEagerExecutor() {
        for (int seed = 1000; seed < 1150; seed++) {
            compare(seed, types(seed), Direction.ALONG_ROWS, true);
        }
        assertTrue(compared > 40, "few reductions had a vector form: " + compared);
    }

    @Test
    void vectorsDownColumnsEqualEagerExecutor() {
        for (int seed = 2000; seed < 2120; seed++) {
            compare(seed, types(seed), Direction.DOWN_COLUMNS, true);
        }
        assertTrue(compared > 40, "few reductions had a vector form: " + compared);
    }

    /** Of rows of few different numbers, special ones above all. */
    @Test
    void extremesKeepSignsOfZerosAndNan() {
        int[] bits = {0x80000000, 0, 0xff800000, 0x7f800000, 0xffc00000, 0x7fc00001, 0x80000001, 1, 0xc0400000};
        Random random = new Random(5);
        int rows = 200;
        for (Primitive combine : List.of(Primitive.MAX, Primitive.MIN)) {
            for (int columns : new int[] {32, 64, 100, 1056}) {
                float[] elements = new float[rows * columns];
                for (int row = 0; row < rows; row++) {
                    int choices = 1 + random.nextInt(3);
                    int first = random.nextInt(bits.length);
                    for (int column = 0; column < columns; column++) {
                        int choice = random.nextInt(3 * columns) == 0
                                ? random.nextInt(bits.length)
                                : (first + random.nextInt(choices)) % bits.length;
                        elements[row * columns + column] = Float.intBitsToFloat(bits[choice]);
                    }
                }
                Kernel same = Kernel.of(List.of(DType.FLOAT32), List.of(Expr.input(0, DType.FLOAT32)));
                double identity = ReductionKernel.identity(combine, DType.FLOAT32);
                ReductionKernel kernel = new ReductionKernel(same, combine, identity, same);
                NdArray operand =
                        new NdArray(Storage.of(DType.FLOAT32, elements), Layout.contiguous(Shape.of(rows, columns)));
                NdArray expected = NdArray.zeros(DType.FLOAT32, Shape.of(rows, 1));
                ReductionExecutor.run(kernel, new NdArray[] {operand}, new boolean[] {false, true}, expected);
                ReductionPattern pattern =
                        new ReductionPattern(kernel, Direction.ALONG_ROWS, List.of(Access.UNIT, Access.ZERO));
                ClassTree tree = ReductionTree.vector(
                        "dev.capstan.generated.Extreme" + combine + columns,
                        pattern,
                        VectorWidth.current().orElseThrow());
                float[] actual = new float[rows];
                Object[] arrays = {elements, actual};
                FusedLoopTest.define(tree).run(arrays, new int[] {0, columns, 1, 0, 1, 0}, rows, columns);
                assertEquals(
                        Optional.empty(),
                        Bits.difference(expected.storage().array(), actual),
                        combine + " of " + columns);
            }
        }
    }
}
