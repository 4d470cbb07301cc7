// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.spi.Compilers;
import dev.capstan.runtime.spi.KernelCompiler;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.List;
import java.util.Random;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ElementwiseExecutorTest {
    private static final DType F32 = DType.FLOAT32;

    /** What the kernel gives element by element, computed before the outputs are written. */
    private static Object[][] expected(Kernel kernel, NdArray[] inputs, int elements) {
        int[][] positions = new int[inputs.length][];
        for (int i = 0; i < inputs.length; i++) {
            positions[i] = inputs[i].positions();
        }
        Object[][] results = new Object[elements][];
        for (int e = 0; e < elements; e++) {
            Object[] values = new Object[inputs.length];
            for (int i = 0; i < inputs.length; i++) {
                values[i] = ScalarInterpreter.get(inputs[i], positions[i][e]);
            }
            results[e] = ScalarInterpreter.run(kernel, values);
        }
        return results;
    }

    private static void assertRuns(PreparedKernel kernel, NdArray[] inputs, NdArray[] outputs, String label) {
        int elements = outputs[0].shape().elements();
        Object[][] expected = expected(kernel.kernel(), inputs, elements);
        ElementwiseExecutor.run(kernel, inputs, outputs);
        for (int o = 0; o < outputs.length; o++) {
            int[] positions = outputs[o].positions();
            for (int e = 0; e < elements; e++) {
                Object actual = ScalarInterpreter.get(outputs[o], positions[e]);
                if (!ScalarInterpreter.same(expected[e][o], actual)) {
                    assertEquals(
                            expected[e][o],
                            actual,
                            label + ": output " + o + " " + outputs[o].layout() + ", element " + e + ", "
                                    + kernel.kernel());
                }
            }
        }
    }

    private static NdArray[] outputs(Kernel kernel, Shape shape, LongFunction<Layout> layout) {
        NdArray[] outputs = new NdArray[kernel.outputs().size()];
        for (int o = 0; o < outputs.length; o++) {
            outputs[o] = new RandomArrays(new Random(o)).array(kernel.outputType(o), layout.apply(o));
        }
        return outputs;
    }

    private static void assertRandomKernels(long seed, int rounds, KernelCompiler compiler) {
        for (int round = 0; round < rounds; round++) {
            Random random = RandomArrays.random(seed + round);
            RandomArrays arrays = new RandomArrays(random);
            Kernel kernel = new RandomKernels(random).kernel(4, 1 + random.nextInt(14), 3);
            Shape shape = arrays.shape(random.nextInt(4) == 0 ? 9000 : 700);
            boolean plain = random.nextInt(3) == 0;
            NdArray[] inputs = new NdArray[kernel.inputs().size()];
            for (int i = 0; i < inputs.length; i++) {
                Layout layout = plain ? Layout.contiguous(shape) : arrays.broadcastLayout(shape);
                inputs[i] = arrays.array(kernel.inputs().get(i), layout);
            }
            NdArray[] outputs = outputs(kernel, shape, o -> plain ? Layout.contiguous(shape) : arrays.layout(shape));
            placeInputs(random, arrays, inputs, outputs);
            assertRuns(PreparedKernel.of(kernel, compiler), inputs, outputs, "seed " + (seed + round) + " " + shape);
        }
    }

    /** Makes some inputs lie exactly where an output of their type will be. */
    private static void placeInputs(Random random, RandomArrays arrays, NdArray[] inputs, NdArray[] outputs) {
        for (int i = 0; i < inputs.length; i++) {
            NdArray output = outputs[random.nextInt(outputs.length)];
            if (random.nextInt(3) == 0 && output.dtype() == inputs[i].dtype()) {
                inputs[i] = output;
            }
        }
    }

    @Test
    void randomKernelsEqualTheScalarInterpreter() {
        assertRandomKernels(1, 1200, Compilers.NONE);
    }

    @Test
    void compiledFormsAreGivenTheSameElements() {
        InterpretedLoops loops = new InterpretedLoops();
        assertRandomKernels(100_000, 600, loops);
        assertTrue(loops.calls() > 400, "compiled forms were used " + loops.calls() + " times");
    }

    @ParameterizedTest
    @EnumSource
    void everyPrimitiveEqualsTheScalarInterpreter(DType type) {
        RandomArrays arrays = new RandomArrays(new Random(7));
        Layout layout = Layout.contiguous(Shape.of(1500));
        Expr a = Expr.input(0, type);
        Expr b = Expr.input(1, type);
        Expr c = Expr.input(2, type);
        Expr truth = Expr.input(3, DType.BOOL);
        int defined = 0;
        for (Primitive primitive : Primitive.values()) {
            Kernel kernel;
            try {
                Expr result = switch (primitive) {
                    case INPUT -> a;
                    case CONSTANT -> a.like(3);
                    case CAST -> a.cast(DType.BOOL);
                    case REINTERPRET -> a.reinterpret();
                    case SELECT -> Expr.apply(primitive, truth, b, c);
                    case SHIFT_LEFT, SHIFT_RIGHT -> Expr.apply(primitive, a, Expr.integer(type, 5));
                    default ->
                        Expr.apply(
                                primitive,
                                List.of(a, b, c).subList(0, primitive.arity()).toArray(Expr[]::new));
                };
                kernel = Kernel.of(List.of(type, type, type, DType.BOOL), List.of(result));
            } catch (IllegalArgumentException notDefined) {
                continue;
            }
            defined++;
            NdArray[] inputs = {
                arrays.array(type, layout),
                arrays.array(type, layout),
                arrays.array(type, layout),
                arrays.array(DType.BOOL, layout)
            };
            NdArray[] outputs = outputs(kernel, layout.shape(), o -> layout);
            assertRuns(PreparedKernel.of(kernel, Compilers.NONE), inputs, outputs, primitive.name());
        }
        assertTrue(defined >= 14, type + " has " + defined + " primitives");
    }

    @ParameterizedTest
    @EnumSource
    void everyConversionEqualsTheScalarInterpreter(DType type) {
        NdArray input = new RandomArrays(new Random(8)).array(type, Layout.contiguous(Shape.of(1500)));
        for (DType target : DType.values()) {
            Kernel kernel = Kernel.of(List.of(type), List.of(Expr.input(0, type).cast(target)));
            NdArray[] outputs = {NdArray.zeros(target, input.shape())};
            assertRuns(
                    PreparedKernel.of(kernel, Compilers.NONE), new NdArray[] {input}, outputs, type + " to " + target);
        }
    }

    @Test
    void outputsInPlaceOfOneAnothersInputsAreSwapped() {
        Expr x = Expr.input(0, F32);
        Expr y = Expr.input(1, F32);
        PreparedKernel swap = PreparedKernel.of(Kernel.of(List.of(F32, F32), List.of(y, x)), Compilers.NONE);
        for (int size : new int[] {3, 512, 2000}) {
            RandomArrays arrays = new RandomArrays(new Random(size));
            NdArray[] both = {
                arrays.array(F32, Layout.contiguous(Shape.of(size))),
                arrays.array(F32, Layout.contiguous(Shape.of(size)))
            };
            assertRuns(swap, both, both, "swap of " + size);
        }
    }

    @Test
    void anOutputInPlaceIsNotWrittenBeforeItsInputIsRead() {
        Expr x = Expr.input(0, F32);
        Expr sum = x.add(x.like(1));
        PreparedKernel kernel = PreparedKernel.of(Kernel.of(List.of(F32), List.of(sum, sum.mul(x))), Compilers.NONE);
        for (int size : new int[] {3, 512, 2000}) {
            NdArray array = new RandomArrays(new Random(size)).array(F32, Layout.contiguous(Shape.of(size)));
            assertRuns(
                    kernel, new NdArray[] {array}, new NdArray[] {array, NdArray.zeros(F32, array.shape())}, "" + size);
        }
    }

    @Test
    void equalKernelsShareTheirPreparedForm() {
        NdArray one = NdArray.scalar(F32, 1);
        for (int i = 0; i < 3; i++) {
            Kernel kernel = Kernel.of(List.of(F32), List.of(Expr.input(0, F32).add(Expr.constant(F32, 2))));
            NdArray result = NdArray.zeros(F32, Shape.SCALAR);
            ElementwiseExecutor.run(kernel, new NdArray[] {one}, new NdArray[] {result});
            assertEquals(3, result.get(0));
        }
    }

    @Test
    void everyRunCountsAsAWriteOfTheOutputsOnly() {
        Kernel kernel = Kernel.of(List.of(F32), List.of(Expr.input(0, F32).neg()));
        NdArray input = NdArray.zeros(F32, Shape.of(4));
        NdArray output = NdArray.zeros(F32, Shape.of(4));
        ElementwiseExecutor.run(kernel, new NdArray[] {input}, new NdArray[] {output});
        assertEquals(0, input.storage().version());
        assertEquals(1, output.storage().version());
    }

    @Test
    void operandsOfAnotherShapeTypeOrNumberAreRefused() {
        Kernel kernel = Kernel.of(List.of(F32), List.of(Expr.input(0, F32).neg()));
        NdArray[] output = {NdArray.zeros(F32, Shape.of(4))};
        NdArray[][] wrong = {
            {NdArray.zeros(F32, Shape.of(1))}, {NdArray.zeros(DType.FLOAT64, Shape.of(4))}, {}, {output[0], output[0]}
        };
        for (NdArray[] inputs : wrong) {
            assertThrows(IllegalArgumentException.class, () -> ElementwiseExecutor.run(kernel, inputs, output));
        }
    }
}
