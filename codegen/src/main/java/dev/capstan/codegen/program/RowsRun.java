// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.codegen.program.RowsUse.Argument;
import dev.capstan.codegen.program.RowsUse.Call;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.spi.LoopKernel;
import dev.capstan.runtime.type.DType;
import dev.capstan.tracer.schedule.Schedule.Place;
import java.lang.reflect.Array;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** The calls of the kernels of rows by one thread: what a generated driver writes out, and threads that share the rows do. */
final class RowsRun {
    /** Scratch memory of a thread. */
    private static final ThreadLocal<Map<DType, Object>> SCRATCH =
            ThreadLocal.withInitial(() -> new EnumMap<>(DType.class));

    private final List<Call> calls;
    private final int band;
    private final LoopKernel[] kernels;
    /** For each call its arrays, and their geometry as {@link LoopKernel} takes it. */
    private final Object[][] arrays;

    private final int[][] geometries;
    /** For each dimension of rows and each call how much further on an index is in each place of its geometry. */
    private final int[][][] steps;
    /** How many indices of each dimension of rows there are. */
    private final int[] ends;

    /**
     * A run over arrays.
     *
     * @param slots the arrays of the program
     * @param offsets where the elements of each begin
     */
    RowsRun(RowsUse use, Object[] slots, int[] offsets) {
        calls = use.calls();
        band = use.band();
        kernels = calls.stream().map(call -> call.kernel().kernel()).toArray(LoopKernel[]::new);
        arrays = new Object[kernels.length][];
        geometries = new int[kernels.length][];
        ends = use.sizes().stream().mapToInt(Integer::intValue).toArray();
        steps = new int[ends.length][kernels.length][];
        Map<DType, Object> scratch = scratch(use.scratch());
        for (int k = 0; k < kernels.length; k++) {
            Call call = calls.get(k);
            int size = call.arguments().size();
            arrays[k] = new Object[size];
            geometries[k] = new int[3 * size];
            for (int dimension = 0; dimension < ends.length; dimension++) {
                steps[dimension][k] = new int[size];
            }
            for (int i = 0; i < size; i++) {
                Argument argument = call.arguments().get(i);
                if (argument.isScratch()) {
                    arrays[k][i] = scratch.get(argument.type());
                    geometries[k][3 * i] = argument.begin();
                } else {
                    Place place = use.operands().get(argument.operand());
                    arrays[k][i] = slots[place.slot()];
                    geometries[k][3 * i] =
                            offsets[place.slot()] + place.layout().offset();
                    for (int dimension = 0; dimension < ends.length; dimension++) {
                        steps[dimension][k][i] = argument.steps().get(dimension);
                    }
                }
                geometries[k][3 * i + 1] = call.rowStep(i);
                geometries[k][3 * i + 2] = call.columnStep(i);
            }
        }
    }

    /** This thread's, with room for so many elements. */
    private static Map<DType, Object> scratch(Map<DType, Integer> sizes) {
        Map<DType, Object> own = SCRATCH.get();
        sizes.forEach((type, elements) -> {
            Object known = own.get(type);
            if (known == null || Array.getLength(known) < elements) {
                own.put(type, Storage.newArray(type, elements));
            }
        });
        return own;
    }

    /** All rows. */
    void all() {
        run(0);
    }

    /** Those of some indices of one dimension. */
    void some(int dimension, int from, int to) {
        move(dimension, from);
        ends[dimension] = to - from;
        run(0);
    }

    private void run(int depth) {
        boolean last = depth == ends.length - 1;
        int step = last ? band : 1;
        int moved = 0;
        for (int index = 0; index < ends[depth]; index += step) {
            if (last) {
                runBand(Math.min(band, ends[depth] - index));
            } else {
                run(depth + 1);
            }
            move(depth, step);
            moved += step;
        }
        move(depth, -moved);
    }

    private void runBand(int rows) {
        for (int k = 0; k < kernels.length; k++) {
            Call call = calls.get(k);
            boolean narrow = call.isNarrow();
            kernels[k].run(arrays[k], geometries[k], narrow ? 1 : rows, narrow ? rows : call.columns());
        }
    }

    private void move(int dimension, int count) {
        for (int k = 0; k < kernels.length; k++) {
            int[] geometry = geometries[k];
            int[] ofCall = steps[dimension][k];
            for (int i = 0; i < ofCall.length; i++) {
                geometry[3 * i] += count * ofCall[i];
            }
        }
    }
}
