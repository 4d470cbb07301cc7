// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import dev.capstan.codegen.kernel.VectorWidth;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.ReductionKernel;
import dev.capstan.runtime.spi.Access;
import dev.capstan.runtime.type.DType;
import java.util.ArrayList;
import java.util.List;

/**
 * What one generated reduction is made for.
 *
 * @param kernel what is computed
 * @param kept steps of what it computes of each element whose values are written too; along rows only
 * @param direction which way values are combined
 * @param accesses how the inputs, the output, then what is kept move along the columns
 */
public record ReductionPattern(ReductionKernel kernel, List<Integer> kept, Direction direction, List<Access> accesses) {
    /** So many operations have few constants. */
    private static final int SHORT = 8;

    /** How rows and columns of the operands become results. */
    public enum Direction {
        /** Each row becomes one result; the output does not move along the columns. */
        ALONG_ROWS,
        /** Each column becomes one result; vectors hold results side by side. */
        DOWN_COLUMNS
    }

    /** Checks that there is an access for each array. */
    public ReductionPattern {
        kept = List.copyOf(kept);
        accesses = List.copyOf(accesses);
        int output = kernel.map().inputs().size();
        if (accesses.size() != output + 1 + kept.size()) {
            throw new IllegalArgumentException("reduction: accesses do not fit the kernel: " + accesses);
        }
        if ((accesses.get(output) == Access.ZERO) != (direction == Direction.ALONG_ROWS)) {
            throw new IllegalArgumentException("reduction: output " + direction + " moves: " + accesses);
        }
        if (!kept.isEmpty() && direction != Direction.ALONG_ROWS) {
            throw new IllegalArgumentException("reduction: values are kept along rows only");
        }
    }

    /** A reduction that keeps nothing but its results. */
    public ReductionPattern(ReductionKernel kernel, Direction direction, List<Access> accesses) {
        this(kernel, List.of(), direction, accesses);
    }

    /** The element-wise part, as a loop over the inputs; its first output is combined, the others are kept. */
    LoopPattern map() {
        List<Access> moved = new ArrayList<>(accesses);
        moved.set(inputs(), Access.UNIT);
        Kernel map = kernel.map();
        List<Integer> outputs = new ArrayList<>(map.outputs());
        outputs.addAll(kept);
        return new LoopPattern(kept.isEmpty() ? map : new Kernel(map.inputs(), map.instructions(), outputs), moved);
    }

    /** The finishing part, as a loop over states. */
    LoopPattern finish() {
        return new LoopPattern(kernel.finish(), List.of(Access.UNIT, Access.UNIT));
    }

    /** Number of inputs. */
    int inputs() {
        return kernel.map().inputs().size();
    }

    /** The element types of the inputs, of the output, then of what is kept. */
    List<DType> types() {
        List<DType> types = new ArrayList<>(kernel.map().inputs());
        types.add(kernel.result());
        kept.forEach(step -> types.add(kernel.map().instructions().get(step).type()));
        return types;
    }

    /** Whether there is a generated form. Down the columns there is only one with vectors. */
    public boolean isSupported() {
        if (!map().isSupported() || !finish().isSupported()) {
            return false;
        }
        return direction == Direction.ALONG_ROWS || isVectorSupported();
    }

    /**
     * Whether one kernel that keeps values is quicker than a loop for them and a reduction: numbers one by one gain nothing,
     * and where lanes are combined by calls the JIT has not all constants of a long computation in registers.
     */
    public boolean isKeepingWorthwhile() {
        return VectorWidth.current().isPresent()
                && isVectorSupported()
                && Steps.varyingOperations(map()) <= SHORT
                && accesses.subList(inputs() + 1, accesses.size()).stream().allMatch(access -> access == Access.UNIT);
    }

    /** Whether the values to combine can be vectors. */
    boolean isVectorSupported() {
        return VectorLoop.isSupported(map());
    }
}
