// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import dev.capstan.codegen.fusion.ReductionPattern.Direction;
import dev.capstan.codegen.kernel.GeneratedClass;
import dev.capstan.codegen.tree.ClassTree;
import java.util.List;

/** A generated reduction. */
public final class FusedReduction extends FusedKernel {
    private final ReductionPattern pattern;
    private final int lanes;

    FusedReduction(ReductionPattern pattern, ClassTree tree, GeneratedClass type, boolean isVector) {
        super(pattern.types(), pattern.accesses(), tree, type, isVector);
        this.pattern = pattern;
        this.lanes = isVector ? VectorLoop.mainLanes(pattern.map()).count() : 8;
    }

    /** What it was made for. */
    public ReductionPattern pattern() {
        return pattern;
    }

    private boolean isAlongRows() {
        return pattern.direction() == Direction.ALONG_ROWS;
    }

    /** Rows too short for vectors; down the columns there is nothing cheaper than one vector of a few rows. */
    @Override
    List<Trial> cheapTrials() {
        int fewest = ReductionTree.VIRTUAL_LANES - 1;
        return List.of(isAlongRows() ? new Trial(2, fewest) : new Trial(1, lanes));
    }

    @Override
    List<Trial> fullTrials() {
        return isAlongRows()
                ? List.of(new Trial(2, 99))
                : List.of(new Trial(34, lanes * (VectorLoop.unrolling(pattern.map()) + 1) + 1));
    }

    /** Three blocks and a part of one. */
    @Override
    List<Trial> rareTrials() {
        int several = 3 * ReductionTree.BLOCK + 40;
        return List.of(isAlongRows() ? new Trial(1, several) : new Trial(several, lanes));
    }

    @Override
    int operations() {
        int strips = VectorLoop.unrolling(pattern.map()) + 2;
        int vectors = isAlongRows() ? 2 * (99 / lanes + ReductionTree.VIRTUAL_LANES) : 2 * strips * 34;
        return (4 + Steps.varyingOperations(pattern.map())) * vectors;
    }
}
