// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import static java.util.Objects.requireNonNull;

import dev.capstan.codegen.kernel.GeneratedClass;
import dev.capstan.codegen.kernel.GeneratedClasses;
import dev.capstan.codegen.kernel.VectorWidth;
import dev.capstan.codegen.tree.ClassTree;
import dev.capstan.codegen.tree.OversizedMethodException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The generated loops of this process, one per pattern; programs and eager mode share them. */
public final class FusedLoops {
    /** Loops are classes with names, which are never unloaded: so there must be an end to them. */
    private static final int MOST = 4096;

    private static final FusedLoops SHARED = new FusedLoops(GeneratedClasses.shared());

    private final GeneratedClasses classes;
    private final Map<LoopPattern, Optional<FusedLoop>> known = new HashMap<>();

    private FusedLoops(GeneratedClasses classes) {
        this.classes = classes;
    }

    /** The ones of this process. */
    public static FusedLoops shared() {
        return SHARED;
    }

    /**
     * The loop for a pattern, generated if it is new; cold. Empty if the pattern has no generated form, or when there are
     * too many loops already: then the block evaluator runs it.
     */
    public synchronized Optional<FusedLoop> of(LoopPattern pattern) {
        Optional<FusedLoop> loop = known.get(requireNonNull(pattern, "pattern"));
        if (loop == null) {
            if (known.size() >= MOST) {
                return Optional.empty();
            }
            loop = generate(pattern);
            known.put(pattern, loop);
        }
        return loop;
    }

    private Optional<FusedLoop> generate(LoopPattern pattern) {
        if (!pattern.isSupported()) {
            return Optional.empty();
        }
        String name = GeneratedClasses.PACKAGE + ".Loop" + known.size();
        Optional<VectorWidth> width = VectorLoop.isSupported(pattern) ? VectorWidth.current() : Optional.empty();
        ClassTree tree = width.map(present -> LoopTree.vector(name, pattern, present))
                .orElseGet(() -> LoopTree.scalar(name, pattern));
        try {
            GeneratedClass type = classes.define(tree);
            return Optional.of(new FusedLoop(pattern, tree, type, width.isPresent()));
        } catch (OversizedMethodException e) {
            // more than the JIT would compile: the block evaluator is quicker than the interpreter
            return Optional.empty();
        }
    }
}
