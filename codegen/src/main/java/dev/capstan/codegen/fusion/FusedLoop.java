// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import dev.capstan.codegen.kernel.GeneratedClass;
import dev.capstan.codegen.tree.Callee;
import dev.capstan.codegen.tree.ClassTree;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.spi.Access;
import dev.capstan.runtime.spi.LoopKernel;

/**
 * A generated loop. Its class has a static method that generated programs call, with for each array the array, the
 * position of the first element, the step from row to row and, if its access is strided, the step from column to column;
 * then the number of rows and of columns.
 */
public final class FusedLoop {
    private final LoopPattern pattern;
    private final Callee callee;
    private final GeneratedClass type;
    private final boolean isVector;
    private volatile LoopKernel kernel;
    private volatile boolean warm;

    FusedLoop(LoopPattern pattern, ClassTree tree, GeneratedClass type, boolean isVector) {
        this.pattern = pattern;
        this.callee = tree.callee(LoopTree.COMPUTE);
        this.type = type;
        this.isVector = isVector;
    }

    /** What it was made for. */
    public LoopPattern pattern() {
        return pattern;
    }

    /** The static method. */
    public Callee callee() {
        return callee;
    }

    /** The generated class. */
    public GeneratedClass type() {
        return type;
    }

    /** Whether it uses the Vector API. */
    public boolean isVector() {
        return isVector;
    }

    /** Whether it was called until the JIT had compiled it. Before, a vector form is slow beyond all use. */
    public boolean isWarm() {
        return warm;
    }

    /** The loop as the eager executor calls it. The first call initialises the class. */
    public LoopKernel kernel() {
        LoopKernel known = kernel;
        if (known == null) {
            known = type.newInstance(LoopKernel.class);
            kernel = known;
        }
        return known;
    }

    void warmed() {
        warm = true;
    }

    /** Operands of its own for {@code rows x columns} elements: zeros, or ones where they are divided. */
    Trial trial(int rows, int columns) {
        return new Trial(rows, columns);
    }

    /** A call on dummy operands. */
    final class Trial {
        private final Object[] arrays = new Object[pattern.arrays()];
        private final int[] geometry = new int[3 * pattern.arrays()];
        private final int rows;
        private final int columns;

        private Trial(int rows, int columns) {
            this.rows = rows;
            this.columns = columns;
            for (int i = 0; i < arrays.length; i++) {
                Access access = pattern.accesses().get(i);
                int step = access == Access.ZERO ? 0 : access == Access.UNIT ? 1 : 2;
                geometry[3 * i + 1] = columns * step;
                geometry[3 * i + 2] = step;
                arrays[i] = Storage.newArray(pattern.type(i), Math.max(1, rows * columns * step));
            }
        }

        void run() {
            kernel().run(arrays, geometry, rows, columns);
        }
    }
}
