// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.ReductionKernel;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;

/** Kernels over arrays, element by element, sums in row-major order: slow, and plain enough to be believed. */
final class Naive {
    private Naive() {}

    static void map(Kernel kernel, NdArray[] inputs, NdArray[] outputs) {
        int[][] from = positions(inputs);
        int[][] to = positions(outputs);
        for (int i = 0; i < outputs[0].shape().elements(); i++) {
            Number[] results = Scalars.run(kernel, elements(inputs, from, i));
            for (int k = 0; k < outputs.length; k++) {
                Scalars.set(outputs[k], to[k][i], results[k]);
            }
        }
    }

    static void reduce(ReductionKernel kernel, Shape domain, boolean[] reduced, NdArray[] inputs, NdArray output) {
        DType state = kernel.state();
        Shape kept = output.shape();
        Number[] states = new Number[kept.elements()];
        java.util.Arrays.fill(states, Scalars.cast(kernel.identity(), state));
        int[] results = NdArray.zeros(DType.BOOL, kept)
                .view(Layout.contiguous(kept).expand(domain))
                .positions();
        int[][] from = positions(inputs);
        for (int i = 0; i < domain.elements(); i++) {
            Number mapped = Scalars.run(kernel.map(), elements(inputs, from, i))[0];
            states[results[i]] = Scalars.apply(kernel.combine(), state, states[results[i]], mapped, null);
        }
        int[] to = output.positions();
        for (int i = 0; i < to.length; i++) {
            Scalars.set(output, to[i], Scalars.run(kernel.finish(), new Number[] {states[i]})[0]);
        }
    }

    static void multiply(NdArray left, NdArray right, NdArray output) {
        Shape shape = output.shape();
        if (shape.rank() == 3) {
            for (int i = 0; i < shape.size(0); i++) {
                multiply(matrix(left, i), matrix(right, i), matrix(output, i));
            }
            return;
        }
        int inner = left.shape().size(1);
        int[] a = left.positions();
        int[] b = right.positions();
        int[] to = output.positions();
        for (int i = 0; i < shape.size(0); i++) {
            for (int j = 0; j < shape.size(1); j++) {
                Number sum = Scalars.cast(0, output.dtype());
                for (int k = 0; k < inner; k++) {
                    Number x = Scalars.get(left, a[i * inner + k]);
                    Number y = Scalars.get(right, b[k * shape.size(1) + j]);
                    sum = multiplyAdd(output.dtype(), x, y, sum);
                }
                Scalars.set(output, to[i * shape.size(1) + j], sum);
            }
        }
    }

    private static Number multiplyAdd(DType type, Number x, Number y, Number sum) {
        return switch (type) {
            case FLOAT32 -> (Number) Math.fma((Float) x, (Float) y, (Float) sum);
            case FLOAT64 -> (Number) Math.fma((Double) x, (Double) y, (Double) sum);
            default -> Scalars.cast(sum.longValue() + x.longValue() * y.longValue(), type);
        };
    }

    private static NdArray matrix(NdArray stack, int index) {
        return stack.view(stack.layout().select(0, index));
    }

    private static int[][] positions(NdArray[] arrays) {
        int[][] positions = new int[arrays.length][];
        for (int i = 0; i < arrays.length; i++) {
            positions[i] = arrays[i].positions();
        }
        return positions;
    }

    private static Number[] elements(NdArray[] arrays, int[][] positions, int index) {
        Number[] elements = new Number[arrays.length];
        for (int i = 0; i < arrays.length; i++) {
            elements[i] = Scalars.get(arrays[i], positions[i][index]);
        }
        return elements;
    }
}
