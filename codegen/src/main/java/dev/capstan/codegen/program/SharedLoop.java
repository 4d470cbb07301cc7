// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.codegen.fusion.FusedLoop;
import dev.capstan.runtime.spi.LoopKernel;
import java.util.List;
import java.util.Optional;

/**
 * A kernel of eager mode, which threads share if there is much to do.
 *
 * @param operations that are done for each element
 */
record SharedLoop(LoopKernel kernel, int operations) implements LoopKernel {
    static SharedLoop of(FusedLoop loop) {
        return new SharedLoop(loop.kernel(), loop.operationsPerElement());
    }

    @Override
    public void run(Object[] arrays, int[] geometry, int rows, int columns) {
        Optional<Division> division = Division.isWorthSharing((long) rows * columns * operations)
                ? Division.of(List.of(rows, columns), true, dimension -> true)
                : Optional.empty();
        if (division.isPresent()) {
            divide(division.get(), arrays, geometry, rows, columns);
        } else {
            kernel.run(arrays, geometry, rows, columns);
        }
    }

    private void divide(Division division, Object[] arrays, int[] geometry, int rows, int columns) {
        boolean byRows = division.dimension() == 0;
        division.forEach((from, to) -> {
            int[] part = geometry.clone();
            for (int i = 0; i < arrays.length; i++) {
                part[3 * i] += from * geometry[3 * i + (byRows ? 1 : 2)];
            }
            kernel.run(arrays, part, byRows ? to - from : rows, byRows ? columns : to - from);
        });
    }
}
