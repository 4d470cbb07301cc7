// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import dev.capstan.runtime.kernel.ReductionKernel;
import dev.capstan.runtime.spi.Access;
import dev.capstan.runtime.type.DType;
import java.util.ArrayList;
import java.util.List;

/**
 * What one generated reduction is made for.
 *
 * @param kernel what is computed
 * @param direction which way values are combined
 * @param accesses how the inputs, then the output move along the columns
 */
public record ReductionPattern(ReductionKernel kernel, Direction direction, List<Access> accesses) {
    /** How rows and columns of the operands become results. */
    public enum Direction {
        /** Each row becomes one result; the output does not move along the columns. */
        ALONG_ROWS,
        /** Each column becomes one result; vectors hold results side by side. */
        DOWN_COLUMNS
    }

    /** Checks that there is an access for each array. */
    public ReductionPattern {
        accesses = List.copyOf(accesses);
        if (accesses.size() != kernel.map().inputs().size() + 1) {
            throw new IllegalArgumentException("reduction: accesses do not fit the kernel: " + accesses);
        }
        if ((accesses.get(accesses.size() - 1) == Access.ZERO) != (direction == Direction.ALONG_ROWS)) {
            throw new IllegalArgumentException("reduction: output " + direction + " moves: " + accesses);
        }
    }

    /** The element-wise part, as a loop over the inputs. */
    LoopPattern map() {
        List<Access> moved = new ArrayList<>(accesses.subList(0, inputs()));
        moved.add(Access.UNIT);
        return new LoopPattern(kernel.map(), moved);
    }

    /** The finishing part, as a loop over states. */
    LoopPattern finish() {
        return new LoopPattern(kernel.finish(), List.of(Access.UNIT, Access.UNIT));
    }

    /** Number of inputs. */
    int inputs() {
        return kernel.map().inputs().size();
    }

    /** The element types of the inputs, then of the output. */
    List<DType> types() {
        List<DType> types = new ArrayList<>(kernel.map().inputs());
        types.add(kernel.result());
        return types;
    }

    /** Whether there is a generated form. Down the columns there is only one with vectors. */
    public boolean isSupported() {
        if (!map().isSupported() || !finish().isSupported()) {
            return false;
        }
        return direction == Direction.ALONG_ROWS || isVectorSupported();
    }

    /** Whether the values to combine can be vectors. */
    boolean isVectorSupported() {
        return VectorLoop.isSupported(map());
    }
}
