// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.spi.Access;
import dev.capstan.runtime.spi.ContractionKernel;
import dev.capstan.runtime.spi.KernelCompiler;
import dev.capstan.runtime.spi.LoopKernel;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.List;

/** A compiler whose compiled form is the scalar interpreter: it shows what compiled kernels are called with. */
final class InterpretedLoops implements KernelCompiler {
    private int calls;

    int calls() {
        return calls;
    }

    @Override
    public LoopKernel loop(Kernel kernel, List<Access> accesses, long elements) {
        if (elements <= 0
                || accesses.size() != kernel.inputs().size() + kernel.outputs().size()) {
            throw new IllegalArgumentException(accesses + " of " + elements + " elements");
        }
        return (arrays, geometry, rows, columns) -> {
            calls++;
            for (int i = 0; i < arrays.length; i++) {
                if (Access.of(geometry[3 * i + 2]) != accesses.get(i)) {
                    throw new IllegalArgumentException(accesses + " called with step " + geometry[3 * i + 2]);
                }
            }
            for (int row = 0; row < rows; row++) {
                for (int column = 0; column < columns; column++) {
                    element(kernel, arrays, geometry, row, column);
                }
            }
        };
    }

    private static void element(Kernel kernel, Object[] arrays, int[] geometry, int row, int column) {
        int inputs = kernel.inputs().size();
        Object[] values = new Object[inputs];
        for (int i = 0; i < inputs; i++) {
            values[i] =
                    ScalarInterpreter.get(view(kernel.inputs().get(i), arrays[i]), position(geometry, i, row, column));
        }
        Object[] results = ScalarInterpreter.run(kernel, values);
        for (int o = 0; o < results.length; o++) {
            int at = position(geometry, inputs + o, row, column);
            set(arrays[inputs + o], at, results[o]);
        }
    }

    private static int position(int[] geometry, int operand, int row, int column) {
        return geometry[3 * operand] + row * geometry[3 * operand + 1] + column * geometry[3 * operand + 2];
    }

    private static NdArray view(DType type, Object array) {
        return new NdArray(Storage.of(type, array), Layout.contiguous(Shape.SCALAR));
    }

    private static void set(Object array, int at, Object value) {
        if (array instanceof float[] floats) {
            floats[at] = (Float) value;
        } else if (array instanceof double[] doubles) {
            doubles[at] = (Double) value;
        } else if (array instanceof long[] longs) {
            longs[at] = (Long) value;
        } else if (array instanceof int[] ints) {
            ints[at] = (Integer) value;
        } else {
            ((byte[]) array)[at] =
                    value instanceof Boolean truth ? (byte) (truth ? 1 : 0) : ((Integer) value).byteValue();
        }
    }

    @Override
    public ContractionKernel contraction(DType dtype) {
        return null;
    }
}
