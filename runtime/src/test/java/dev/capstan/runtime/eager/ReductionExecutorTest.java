// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.kernel.ReductionKernel;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class ReductionExecutorTest {
    private static final DType F32 = DType.FLOAT32;

    /** The order of reductions as the package describes it, word for word. */
    private static Object literal(ReductionKernel kernel, List<Object> mapped) {
        DType state = kernel.state();
        Object identity = ScalarInterpreter.get(NdArray.scalar(state, kernel.identity()), 0);
        Object[] pending = new Object[32];
        int blocks = 0;
        for (int start = 0; start < mapped.size(); start += 1024) {
            Object[] lanes = new Object[32];
            Arrays.fill(lanes, identity);
            for (int i = start; i < Math.min(start + 1024, mapped.size()); i++) {
                int lane = i % 1024 % 32;
                lanes[lane] = combine(kernel, lanes[lane], mapped.get(i));
            }
            for (int h = 16; h >= 1; h /= 2) {
                for (int j = 0; j < h; j++) {
                    lanes[j] = combine(kernel, lanes[j], lanes[j + h]);
                }
            }
            Object result = lanes[0];
            int level = 0;
            while ((blocks >> level & 1) == 1) {
                result = combine(kernel, pending[level], result);
                level++;
            }
            pending[level] = result;
            blocks++;
        }
        Object result = null;
        for (int bit = 0; bit < 31; bit++) {
            if ((blocks >> bit & 1) == 1) {
                result = result == null ? pending[bit] : combine(kernel, pending[bit], result);
            }
        }
        return ScalarInterpreter.run(kernel.finish(), new Object[] {result == null ? identity : result})[0];
    }

    private static Object combine(ReductionKernel kernel, Object a, Object b) {
        return ScalarInterpreter.apply(kernel.combine(), kernel.state(), kernel.state(), a, b, null);
    }

    private static void assertReduces(
            ReductionKernel kernel, NdArray[] inputs, boolean[] reduced, NdArray output, String label) {
        ReductionExecutor.run(kernel, inputs, reduced, output);
        Shape shape = inputs[0].shape();
        int results = output.shape().elements();
        List<List<Object>> mapped = new ArrayList<>();
        for (int i = 0; i < results; i++) {
            mapped.add(new ArrayList<>());
        }
        int[][] positions = new int[inputs.length][];
        for (int i = 0; i < inputs.length; i++) {
            positions[i] = inputs[i].positions();
        }
        for (int e = 0; e < shape.elements(); e++) {
            Object[] values = new Object[inputs.length];
            for (int i = 0; i < inputs.length; i++) {
                values[i] = ScalarInterpreter.get(inputs[i], positions[i][e]);
            }
            mapped.get(result(shape, reduced, e)).add(ScalarInterpreter.run(kernel.map(), values)[0]);
        }
        int[] written = output.positions();
        for (int i = 0; i < results; i++) {
            Object expected = literal(kernel, mapped.get(i));
            Object actual = ScalarInterpreter.get(output, written[i]);
            if (!ScalarInterpreter.same(expected, actual)) {
                assertEquals(
                        expected,
                        actual,
                        label + ": result " + i + " of " + inputs[0].layout() + " " + Arrays.toString(reduced) + " "
                                + kernel);
            }
        }
    }

    /** The number of the result to which an element belongs. */
    private static int result(Shape shape, boolean[] reduced, int element) {
        int rest = element;
        int result = 0;
        int step = 1;
        for (int i = shape.rank() - 1; i >= 0; i--) {
            if (!reduced[i]) {
                result += rest % shape.size(i) * step;
                step *= shape.size(i);
            }
            rest /= shape.size(i);
        }
        return result;
    }

    private static NdArray output(DType type, Shape shape, boolean[] reduced, boolean keep) {
        Shape result = shape;
        for (int i = reduced.length - 1; i >= 0; i--) {
            result = !reduced[i] ? result : keep ? result.with(i, 1) : result.remove(i);
        }
        return NdArray.zeros(type, result);
    }

    private static ReductionKernel kernel(Primitive combine, List<DType> inputs, Expr map, UnaryOperator<Expr> finish) {
        Expr state = Expr.input(0, map.type());
        return new ReductionKernel(
                Kernel.of(inputs, List.of(map)),
                combine,
                ReductionKernel.identity(combine, map.type()),
                Kernel.of(List.of(map.type()), List.of(finish.apply(state))));
    }

    private static ReductionKernel sum(DType type) {
        return kernel(Primitive.ADD, List.of(type), Expr.input(0, type), UnaryOperator.identity());
    }

    private static ReductionKernel random(Random random) {
        while (true) {
            DType type = DType.values()[random.nextInt(6)];
            Expr x = Expr.input(0, type);
            Expr y = Expr.input(1, type);
            Primitive[] combines = {
                Primitive.ADD, Primitive.ADD, Primitive.MAX, Primitive.MIN, Primitive.MUL, Primitive.AND, Primitive.OR
            };
            try {
                Expr map = switch (random.nextInt(4)) {
                    case 0 -> x.cast(DType.FLOAT64);
                    case 1 -> x.mul(y).add(x.like(2));
                    case 2 -> Expr.apply(Primitive.MAX, x, y);
                    default -> x;
                };
                boolean finished = random.nextBoolean();
                return kernel(
                        combines[random.nextInt(combines.length)],
                        List.of(type, type),
                        map,
                        s -> finished ? s.cast(DType.FLOAT32).mul(Expr.constant(F32, 0.125)) : s);
            } catch (IllegalArgumentException notDefined) {
                // another one
            }
        }
    }

    @Test
    void randomReductionsFollowTheDocumentedOrder() {
        for (int seed = 0; seed < 600; seed++) {
            Random random = RandomArrays.random(seed);
            RandomArrays arrays = new RandomArrays(random);
            ReductionKernel kernel = random(random);
            Shape shape = arrays.shape(random.nextInt(8) == 0 ? 20_000 : 1500);
            NdArray[] inputs = new NdArray[2];
            for (int i = 0; i < 2; i++) {
                DType type = kernel.map().inputs().get(i);
                Layout layout = random.nextBoolean() ? arrays.broadcastLayout(shape) : arrays.layout(shape);
                inputs[i] = random.nextInt(3) == 0 ? arrays.array(type, layout) : arrays.moderate(type, layout);
            }
            boolean[] reduced = new boolean[shape.rank()];
            for (int i = 0; i < reduced.length; i++) {
                reduced[i] = random.nextInt(3) != 0;
            }
            NdArray output = output(kernel.result(), shape, reduced, random.nextBoolean());
            if (random.nextInt(3) == 0) {
                output = arrays.array(kernel.result(), arrays.layout(output.shape()));
            }
            assertReduces(kernel, inputs, reduced, output, "seed " + seed);
        }
    }

    @Test
    void rowsAndColumnsOfAnyLengthFollowTheDocumentedOrder() {
        RandomArrays arrays = new RandomArrays(new Random(3));
        for (int length :
                new int[] {1, 2, 7, 8, 31, 32, 33, 63, 100, 512, 1000, 1023, 1024, 1025, 1056, 2048, 3100, 5000}) {
            for (int others : new int[] {1, 9, 270}) {
                if (length * others > 40_000) {
                    continue;
                }
                NdArray rows = arrays.moderate(F32, Layout.contiguous(Shape.of(others, length)));
                NdArray columns = arrays.moderate(F32, Layout.contiguous(Shape.of(length, others)));
                NdArray result = NdArray.zeros(F32, Shape.of(others));
                assertReduces(sum(F32), new NdArray[] {rows}, new boolean[] {false, true}, result, "rows");
                assertReduces(sum(F32), new NdArray[] {columns}, new boolean[] {true, false}, result, "columns");
            }
        }
    }

    @Test
    void aSumDoesNotDependOnTheLayout() {
        RandomArrays arrays = new RandomArrays(new Random(4));
        NdArray matrix = arrays.moderate(F32, Layout.contiguous(Shape.of(1500, 40)));
        NdArray transposed =
                arrays.moderate(F32, Layout.contiguous(Shape.of(40, 1500)).permute(new int[] {1, 0}));
        int[] from = matrix.positions();
        int[] to = transposed.positions();
        for (int i = 0; i < from.length; i++) {
            transposed.set(to[i], matrix.get(from[i]));
        }
        NdArray one = NdArray.zeros(F32, Shape.of(40));
        NdArray other = NdArray.zeros(F32, Shape.of(40));
        ReductionExecutor.run(sum(F32), new NdArray[] {matrix}, new boolean[] {true, false}, one);
        ReductionExecutor.run(sum(F32), new NdArray[] {transposed}, new boolean[] {true, false}, other);
        for (int i = 0; i < 40; i++) {
            assertEquals(one.get(i), other.get(i));
        }
    }

    @Test
    void aLargeSumIsAccurate() {
        int n = 3_000_000;
        NdArray tenths = NdArray.zeros(F32, Shape.of(n));
        Arrays.fill((float[]) tenths.storage().array(), 0.1f);
        NdArray result = NdArray.zeros(F32, Shape.SCALAR);
        ReductionExecutor.run(sum(F32), new NdArray[] {tenths}, new boolean[] {true}, result);
        assertEquals(0.1f * (double) n, result.get(0), 0.1 * n * 1e-6);
    }

    @Test
    void anEmptyReductionIsTheFinishedIdentity() {
        ReductionKernel kernel = kernel(Primitive.MAX, List.of(F32), Expr.input(0, F32), Expr::neg);
        NdArray result = NdArray.zeros(F32, Shape.of(2));
        ReductionExecutor.run(
                kernel, new NdArray[] {NdArray.zeros(F32, Shape.of(2, 0))}, new boolean[] {false, true}, result);
        assertEquals(Double.POSITIVE_INFINITY, result.get(1));
    }

    @Test
    void aSumOfNegativeZerosIsPositiveZero() {
        NdArray zero = NdArray.scalar(F32, -0.0);
        NdArray result = NdArray.zeros(F32, Shape.SCALAR);
        ReductionExecutor.run(sum(F32), new NdArray[] {zero}, new boolean[] {}, result);
        assertEquals(0.0, result.get(0));
    }

    @Test
    void everyRunCountsAsAWriteOfTheOutput() {
        NdArray output = NdArray.zeros(F32, Shape.SCALAR);
        ReductionExecutor.run(sum(F32), new NdArray[] {NdArray.zeros(F32, Shape.of(3))}, new boolean[] {true}, output);
        assertEquals(1, output.storage().version());
    }

    @Test
    void operandsThatDoNotFitAreRefused() {
        NdArray[] inputs = {NdArray.zeros(F32, Shape.of(3, 4))};
        boolean[] last = {false, true};
        for (NdArray output : List.of(NdArray.zeros(F32, Shape.of(4)), NdArray.zeros(DType.FLOAT64, Shape.of(3)))) {
            assertThrows(IllegalArgumentException.class, () -> ReductionExecutor.run(sum(F32), inputs, last, output));
        }
        NdArray output = NdArray.zeros(F32, Shape.of(3));
        assertThrows(
                IllegalArgumentException.class,
                () -> ReductionExecutor.run(sum(F32), inputs, new boolean[] {true}, output));
        assertThrows(
                IllegalArgumentException.class, () -> ReductionExecutor.run(sum(DType.INT64), inputs, last, output));
    }
}
