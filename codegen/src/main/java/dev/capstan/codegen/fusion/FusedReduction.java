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

    /** Without rows there still are results, identities, if there are columns. */
    @Override
    int leastColumns() {
        return isAlongRows() ? lanes : 0;
    }

    @Override
    public int combined() {
        return isAlongRows() ? 1 : 2;
    }

    @Override
    public int operationsPerElement() {
        return 1 + Steps.varyingOperations(pattern.map());
    }

    /** A block that ends within a group of lanes, and three blocks with a part of one. */
    @Override
    List<Trial> trials() {
        int several = 3 * ReductionTree.BLOCK + 40;
        return isAlongRows()
                ? List.of(new Trial(2, 99), new Trial(1, several))
                : List.of(
                        new Trial(34, lanes * (VectorLoop.unrolling(pattern.map()) + 1) + 1),
                        new Trial(several, lanes));
    }

    @Override
    int operations() {
        int strips = VectorLoop.unrolling(pattern.map()) + 2;
        int several = 3 * ReductionTree.BLOCK + 40;
        int vectors = isAlongRows()
                ? (2 * 99 + several) / lanes + 6 * ReductionTree.VIRTUAL_LANES
                : 2 * strips * 34 + 2 * several;
        return (4 + Steps.varyingOperations(pattern.map())) * vectors;
    }
}
