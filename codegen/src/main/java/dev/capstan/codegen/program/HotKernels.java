// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.codegen.fusion.FusedKernels;
import dev.capstan.codegen.fusion.FusedLoop;
import dev.capstan.codegen.fusion.LoopPattern;
import dev.capstan.codegen.fusion.WarmUp;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.spi.Access;
import dev.capstan.runtime.spi.ContractionKernel;
import dev.capstan.runtime.spi.KernelCompiler;
import dev.capstan.runtime.spi.LoopKernel;
import dev.capstan.runtime.type.DType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;

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

    private static final int MOST_PATTERNS = 4_096;

    private final Map<LoopPattern, Candidate> candidates = new LinkedHashMap<>();
    private final LinkedBlockingQueue<Candidate> queue = new LinkedBlockingQueue<>();
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
                if (candidates.size() >= MOST_PATTERNS) {
                    return null;
                }
                candidate = new Candidate(pattern);
                candidates.put(pattern, candidate);
            }
            if (candidate.kernel == null && !candidate.queued) {
                candidate.heat += USES_PER_QUESTION + elements / ELEMENTS_PER_USE;
                if (candidate.heat >= HOT) {
                    candidate.queued = true;
                    queue.add(candidate);
                    start();
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

    private void start() {
        if (!started) {
            started = true;
            Thread thread = new Thread(this::compile, "capstan-kernels");
            thread.setDaemon(true);
            thread.setPriority(Thread.NORM_PRIORITY - 1);
            thread.start();
        }
    }

    /** Compiles whatever waits, together, because loops warm up best in turns. */
    private void compile() {
        List<Candidate> batch = new ArrayList<>();
        while (true) {
            try {
                batch.add(queue.take());
            } catch (InterruptedException e) {
                return;
            }
            queue.drainTo(batch);
            try {
                compile(batch);
            } catch (RuntimeException | LinkageError e) {
                // the block evaluator goes on serving these
                System.getLogger("dev.capstan.codegen")
                        .log(
                                System.Logger.Level.WARNING,
                                "kernels: cannot be compiled, stay on the block evaluator",
                                e);
            }
            batch.clear();
        }
    }

    private static void compile(List<Candidate> batch) {
        Map<Candidate, FusedLoop> loops = new LinkedHashMap<>();
        for (Candidate candidate : batch) {
            Optional<FusedLoop> loop = FusedKernels.shared().loop(candidate.pattern);
            loop.ifPresent(generated -> loops.put(candidate, generated));
        }
        WarmUp.run(loops.values());
        loops.forEach((candidate, loop) -> candidate.kernel = loop.kernel());
    }
}
