// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.codegen.fusion.FusedKernels;
import dev.capstan.codegen.fusion.FusedLoop;
import dev.capstan.codegen.fusion.LoopPattern;
import dev.capstan.codegen.fusion.RecentlyUsed;
import dev.capstan.codegen.kernel.WarmUp;
import dev.capstan.codegen.kernel.WarmUpThread;
import dev.capstan.codegen.kernel.WarmUpThread.Progress;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.spi.Access;
import dev.capstan.runtime.spi.ContractionKernel;
import dev.capstan.runtime.spi.KernelCompiler;
import dev.capstan.runtime.spi.LoopKernel;
import dev.capstan.runtime.type.DType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Compiles the kernels that eager mode uses often, on a thread of its own, and hands them out when they are fast. A service
 * of the runtime, see {@link KernelCompiler}.
 */
public final class HotKernels implements KernelCompiler {
    /** About a hundred uses, when each question stands for eight; or a few uses on large operands. */
    private static final long HOT = 100;

    private static final long USES_PER_QUESTION = 8;

    /** So many elements are worth one use more. */
    private static final long ELEMENTS_PER_USE = 8_192;

    /** So many patterns are remembered, those asked for last. */
    private static final int MOST_PATTERNS = 1_024;

    private final Map<LoopPattern, Candidate> candidates = new RecentlyUsed<>(MOST_PATTERNS);
    private final Queue<Candidate> queue = new ConcurrentLinkedQueue<>();
    private boolean started;

    private static final class Candidate {
        final LoopPattern pattern;
        long heat;
        boolean queued;
        volatile LoopKernel kernel;

        Candidate(LoopPattern pattern) {
            this.pattern = pattern;
        }
    }

    @Override
    public LoopKernel loop(Kernel kernel, List<Access> accesses, long elements) {
        LoopPattern pattern = new LoopPattern(kernel, accesses);
        synchronized (this) {
            Candidate candidate = candidates.get(pattern);
            if (candidate == null) {
                candidate = new Candidate(pattern);
                candidates.put(pattern, candidate);
            }
            if (candidate.kernel == null && !candidate.queued) {
                candidate.heat += USES_PER_QUESTION + elements / ELEMENTS_PER_USE;
                if (candidate.heat >= HOT) {
                    candidate.queued = true;
                    queue.add(candidate);
                    if (!started) {
                        started = true;
                        WarmUpThread.shared().submit(WarmUpThread.Rank.EAGER, new Ascent());
                    }
                }
            }
            return candidate.kernel;
        }
    }

    @Override
    public ContractionKernel contraction(DType dtype) {
        return switch (dtype) {
            case FLOAT32 -> Products.FLOATS.ready();
            case FLOAT64 -> Products.DOUBLES.ready();
            case INT64, INT32, UINT8, BOOL -> null;
        };
    }

    /** Compiles what waits and hands each kernel out when it is warm. */
    private final class Ascent implements WarmUpThread.Job {
        private final WarmUp warmUp = new WarmUp(List.of());
        private final Map<Candidate, FusedLoop> loops = new LinkedHashMap<>();

        @Override
        public Progress advance() {
            if (loops.isEmpty() && RegionPrograms.areExpected()) {
                return Progress.WAITING;
            }
            Candidate next = queue.poll();
            if (next != null) {
                FusedKernels.shared().loop(next.pattern).ifPresent(loop -> {
                    loops.put(next, loop);
                    if (!loop.isWarm()) {
                        warmUp.add(loop.subject());
                    }
                });
            }
            Progress progress = warmUp.advance();
            loops.entrySet().removeIf(entry -> {
                boolean warm = entry.getValue().isWarm();
                if (warm) {
                    entry.getKey().kernel = SharedLoop.of(entry.getValue());
                }
                return warm;
            });
            if (progress == Progress.DONE) {
                return end();
            }
            return next != null ? Progress.WORKING : progress;
        }

        private Progress end() {
            synchronized (HotKernels.this) {
                if (queue.isEmpty()) {
                    started = false;
                    return Progress.DONE;
                }
                return Progress.WORKING;
            }
        }

        @Override
        public boolean isWanted() {
            return true;
        }

        @Override
        public void failed(Throwable reason) {
            synchronized (HotKernels.this) {
                started = false;
            }
            // the block evaluator goes on serving these
            System.getLogger("dev.capstan.codegen")
                    .log(
                            System.Logger.Level.WARNING,
                            "kernels: cannot be compiled, stay on the block evaluator",
                            reason);
        }
    }
}
