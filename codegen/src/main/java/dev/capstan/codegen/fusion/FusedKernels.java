// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import static java.util.Objects.requireNonNull;

import dev.capstan.codegen.kernel.GeneratedClass;
import dev.capstan.codegen.kernel.GeneratedClasses;
import dev.capstan.codegen.kernel.VectorWidth;
import dev.capstan.codegen.tree.ClassTree;
import dev.capstan.codegen.tree.UncompilableMethodException;
import dev.capstan.runtime.kernel.Instruction;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.kernel.ReductionKernel;
import java.util.ArrayList;
import java.util.List;
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
    /** The first generated kernel of each form: kernels that differ in their numbers alone have one form. */
    private final Map<Object, Object> forms = new RecentlyUsed<>(MOST);

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

    /**
     * Whether a kernel is one of those generated before but for its numbers, such as a mean over another count. Who meets a
     * new one at every length had better not ask for a class each time.
     */
    public synchronized boolean isVariant(Kernel kernel) {
        return isVariant(form(kernel), kernel);
    }

    /** The same of a reduction. */
    public synchronized boolean isVariant(ReductionKernel kernel) {
        return isVariant(form(kernel), kernel);
    }

    private boolean isVariant(Object form, Object kernel) {
        Object first = forms.get(form);
        return first != null && !first.equals(kernel);
    }

    private static Object form(ReductionKernel kernel) {
        return List.of(form(kernel.map()), kernel.combine(), kernel.identity(), form(kernel.finish()));
    }

    private static Object form(Kernel kernel) {
        List<Object> form = new ArrayList<>();
        form.add(kernel.inputs());
        form.add(kernel.outputs());
        for (Instruction step : kernel.instructions()) {
            form.add(
                    step.primitive() == Primitive.CONSTANT
                            ? new Instruction(step.primitive(), step.type(), step.a(), step.b(), step.c(), 0)
                            : step);
        }
        return form;
    }

    private Optional<FusedLoop> generate(LoopPattern pattern) {
        forms.putIfAbsent(form(pattern.kernel()), pattern.kernel());
        String name = GeneratedClasses.PACKAGE + ".Loop" + generated++;
        boolean isTransposed = TransposedCopy.is(pattern);
        Optional<VectorWidth> width =
                isTransposed || VectorLoop.isSupported(pattern) ? VectorWidth.current() : Optional.empty();
        ClassTree tree = width.map(present -> isTransposed
                        ? LoopTree.transposed(name, pattern, present)
                        : LoopTree.vector(name, pattern, present))
                .orElseGet(() -> LoopTree.scalar(name, pattern));
        return define(tree).map(type -> new FusedLoop(pattern, tree, type, width.isPresent()));
    }

    private Optional<FusedReduction> generate(ReductionPattern pattern) {
        forms.putIfAbsent(form(pattern.kernel()), pattern.kernel());
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
        } catch (UncompilableMethodException e) {
            // more than the JIT would compile: the block evaluator is quicker than the interpreter
            return Optional.empty();
        }
    }
}
