// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import dev.capstan.codegen.kernel.GeneratedClass;
import dev.capstan.codegen.tree.ClassTree;
import java.util.ArrayList;
import java.util.List;

/** A generated element-wise loop. */
public final class FusedLoop extends FusedKernel {
    private final LoopPattern pattern;
    private final int lanes;
    private final int unrolling;

    FusedLoop(LoopPattern pattern, ClassTree tree, GeneratedClass type, boolean isVector) {
        super(pattern.types(), pattern.accesses(), tree, type, isVector);
        this.pattern = pattern;
        this.lanes = isVector ? VectorLoop.mainLanes(pattern).count() : 8;
        this.unrolling = VectorLoop.unrolling(pattern);
    }

    /** What it was made for. */
    public LoopPattern pattern() {
        return pattern;
    }

    @Override
    int leastColumns() {
        return lanes;
    }

    @Override
    public int combined() {
        return 0;
    }

    @Override
    public int operationsPerElement() {
        return Steps.varyingOperations(pattern);
    }

    @Override
    List<Trial> trials() {
        // numbers only; the last vector alone; a turn of each loop before it; rows
        List<Trial> trials = new ArrayList<>();
        if (TransposedCopy.is(pattern)) {
            trials.add(new Trial(lanes + 1, 2 * lanes + 1, true));
            trials.add(new Trial(2, lanes - 1, true));
            return trials;
        }
        trials.add(new Trial(2, lanes - 1));
        trials.add(new Trial(1, lanes));
        trials.add(new Trial(1, lanes * (unrolling + 2)));
        trials.add(new Trial(2, 2 * lanes + 3));
        return trials;
    }

    @Override
    int operations() {
        if (TransposedCopy.is(pattern)) {
            int exchanges = lanes / 2 * Integer.numberOfTrailingZeros(lanes);
            return 2 * 3 * (4 * exchanges + 2 * lanes) + 2 * lanes;
        }
        return (4 + operationsPerElement()) * (1 + unrolling + 2 + 2 * 3);
    }
}
