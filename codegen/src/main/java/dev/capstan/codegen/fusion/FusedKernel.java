// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import dev.capstan.codegen.kernel.GeneratedClass;
import dev.capstan.codegen.kernel.WarmUp;
import dev.capstan.codegen.tree.Callee;
import dev.capstan.codegen.tree.ClassTree;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.spi.Access;
import dev.capstan.runtime.spi.LoopKernel;
import dev.capstan.runtime.type.DType;
import java.util.List;

/**
 * A generated class with one static method over rows and columns, which generated programs call. Its parameters are for
 * each array the array, the position of the first element, the step from row to row and, if its access is strided, the step
 * from column to column; then the number of rows and of columns.
 */
public abstract sealed class FusedKernel permits FusedLoop, FusedReduction {
    /** A vector operation of a compiled kernel takes 0.1 to 3 ns, of one that is not, 10 to 60, once the operation is. */
    private static final double QUICK_NANOS = 5;

    private final List<DType> types;
    private final List<Access> accesses;
    private final Callee callee;
    private final GeneratedClass type;
    private final boolean isVector;
    private volatile LoopKernel kernel;
    private volatile boolean warm;

    FusedKernel(List<DType> types, List<Access> accesses, ClassTree tree, GeneratedClass type, boolean isVector) {
        this.types = types;
        this.accesses = accesses;
        this.callee = tree.callee(Frame.COMPUTE);
        this.type = type;
        this.isVector = isVector;
    }

    /** The static method. */
    public final Callee callee() {
        return callee;
    }

    /** The generated class. */
    public final GeneratedClass type() {
        return type;
    }

    /** Whether it uses the Vector API. */
    public final boolean isVector() {
        return isVector;
    }

    /** Whether it was called until the JIT had compiled it. Before, a vector form is slow beyond all use. */
    public final boolean isWarm() {
        return warm;
    }

    /** The static method behind an interface. The first call initialises the class. */
    public final LoopKernel kernel() {
        LoopKernel known = kernel;
        if (known == null) {
            known = type.newInstance(LoopKernel.class);
            kernel = known;
        }
        return known;
    }

    /** The columns of a call without rows, which is what makes the method known to the JIT at the lowest price. */
    abstract int leastColumns();

    /** Which dimension is combined into results, counted from the last one: 1 the columns, 2 the rows; 0 if none is. */
    public abstract int combined();

    /** Operations that are done for each element. */
    public abstract int operationsPerElement();

    /** Calls that take all branches. */
    abstract List<Trial> trials();

    /** Vector operations of one call of each trial. */
    abstract int operations();

    /** What warms it. */
    public final WarmUp.Subject subject() {
        Trial nothing = new Trial(0, leastColumns());
        List<Trial> trials = trials();
        return new WarmUp.Subject() {
            @Override
            public void touch() {
                nothing.run();
            }

            @Override
            public void exercise() {
                trials.forEach(Trial::run);
            }

            @Override
            public double quickNanos() {
                return QUICK_NANOS * operations();
            }

            @Override
            public void warmed() {
                warm = true;
            }
        };
    }

    /** A call on zeros. */
    final class Trial {
        private final Object[] arrays = new Object[types.size()];
        private final int[] geometry = new int[3 * types.size()];
        private final int rows;
        private final int columns;

        Trial(int rows, int columns) {
            this(rows, columns, false);
        }

        /**
         * @param transposed whether the rows of strided arrays are adjacent
         */
        Trial(int rows, int columns, boolean transposed) {
            this.rows = rows;
            this.columns = columns;
            for (int i = 0; i < arrays.length; i++) {
                Access access = accesses.get(i);
                int step = access == Access.ZERO ? 0 : access == Access.UNIT ? 1 : Math.max(2, rows);
                geometry[3 * i + 1] = transposed && access == Access.STRIDED ? 1 : Math.max(1, columns * step);
                geometry[3 * i + 2] = step;
                arrays[i] = Storage.newArray(types.get(i), rows * Math.max(1, columns * step));
            }
        }

        void run() {
            kernel().run(arrays, geometry, rows, columns);
        }
    }
}
