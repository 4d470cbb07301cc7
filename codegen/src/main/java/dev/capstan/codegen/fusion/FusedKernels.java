// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import static java.util.Objects.requireNonNull;

import dev.capstan.codegen.kernel.GeneratedClass;
import dev.capstan.codegen.kernel.GeneratedClasses;
import dev.capstan.codegen.kernel.VectorWidth;
import dev.capstan.codegen.tree.ClassTree;
import dev.capstan.codegen.tree.OversizedMethodException;
import java.util.Map;
import java.util.Optional;

/** The generated kernels of this process, one per pattern; programs and eager mode share them. */
public final class FusedKernels {
    /** So many of either kind are remembered; those used last. One that is forgotten lives on in programs that call it. */
    private static final int MOST = 512;

    private static final FusedKernels SHARED = new FusedKernels(GeneratedClasses.shared());

    private final GeneratedClasses classes;
    private final Map<LoopPattern, Optional<FusedLoop>> loops = new RecentlyUsed<>(MOST);
    private final Map<ReductionPattern, Optional<FusedReduction>> reductions = new RecentlyUsed<>(MOST);
    private int generated;

    private FusedKernels(GeneratedClasses classes) {
        this.classes = classes;
    }

    /** The ones of this process. */
    public static FusedKernels shared() {
        return SHARED;
    }

    /**
     * The loop for a pattern, generated if it is new; cold. Empty if the pattern has no generated form: then the block
     * evaluator runs it.
     */
    public synchronized Optional<FusedLoop> loop(LoopPattern pattern) {
        Optional<FusedLoop> loop = loops.get(requireNonNull(pattern, "pattern"));
        if (loop == null) {
            loop = pattern.isSupported() ? generate(pattern) : Optional.empty();
            loops.put(pattern, loop);
        }
        return loop;
    }

    /** The reduction for a pattern, in the same way. */
    public synchronized Optional<FusedReduction> reduction(ReductionPattern pattern) {
        Optional<FusedReduction> reduction = reductions.get(requireNonNull(pattern, "pattern"));
        if (reduction == null) {
            reduction = pattern.isSupported() ? generate(pattern) : Optional.empty();
            reductions.put(pattern, reduction);
        }
        return reduction;
    }

    private Optional<FusedLoop> generate(LoopPattern pattern) {
        String name = GeneratedClasses.PACKAGE + ".Loop" + generated++;
        Optional<VectorWidth> width = VectorLoop.isSupported(pattern) ? VectorWidth.current() : Optional.empty();
        ClassTree tree = width.map(present -> LoopTree.vector(name, pattern, present))
                .orElseGet(() -> LoopTree.scalar(name, pattern));
        return define(tree).map(type -> new FusedLoop(pattern, tree, type, width.isPresent()));
    }

    private Optional<FusedReduction> generate(ReductionPattern pattern) {
        String name = GeneratedClasses.PACKAGE + ".Reduction" + generated++;
        Optional<VectorWidth> width = pattern.isVectorSupported() ? VectorWidth.current() : Optional.empty();
        if (width.isEmpty() && pattern.direction() == ReductionPattern.Direction.DOWN_COLUMNS) {
            return Optional.empty();
        }
        ClassTree tree = width.map(present -> ReductionTree.vector(name, pattern, present))
                .orElseGet(() -> ReductionTree.scalar(name, pattern));
        return define(tree).map(type -> new FusedReduction(pattern, tree, type, width.isPresent()));
    }

    private Optional<GeneratedClass> define(ClassTree tree) {
        try {
            return Optional.of(classes.define(tree));
        } catch (OversizedMethodException e) {
            // more than the JIT would compile: the block evaluator is quicker than the interpreter
            return Optional.empty();
        }
    }
}
