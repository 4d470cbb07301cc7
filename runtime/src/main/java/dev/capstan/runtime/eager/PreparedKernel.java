// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import static java.util.Objects.requireNonNull;

import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.spi.Access;
import dev.capstan.runtime.spi.Compilers;
import dev.capstan.runtime.spi.KernelCompiler;
import dev.capstan.runtime.spi.LoopKernel;
import java.util.Arrays;
import java.util.List;

/**
 * A kernel made ready to run: its block program, and its compiled forms as far as they are known. Whoever runs a kernel
 * often keeps one. May be used by several threads at once.
 */
public final class PreparedKernel {
    /** Access patterns remembered; a kernel that meets more runs those on blocks. */
    private static final int MOST_VARIANTS = 16;

    /** The largest number of operands whose accesses fit a long in base 3. */
    private static final int MOST_OPERANDS = 39;

    /** The {@link #pattern} of operands that all are contiguous: {@link Access#UNIT} is the digit 0. */
    static final long ALL_CONTIGUOUS = 0;

    private static final int CALLS_BETWEEN_QUESTIONS = 8;
    private static final long ELEMENTS_BETWEEN_QUESTIONS = 1 << 16;

    private final Kernel kernel;
    private final KernelCompiler compiler;
    private final BlockProgram program;
    private volatile Variant[] variants = {};

    private PreparedKernel(Kernel kernel, KernelCompiler compiler) {
        this.kernel = requireNonNull(kernel, "kernel");
        this.compiler = requireNonNull(compiler, "compiler");
        this.program = new BlockProgram(kernel);
    }

    /** A kernel prepared for use with the installed compiler. */
    public static PreparedKernel of(Kernel kernel) {
        return new PreparedKernel(kernel, Compilers.kernels());
    }

    /** A kernel prepared for use with a given compiler, {@link Compilers#NONE} for none. */
    public static PreparedKernel of(Kernel kernel, KernelCompiler compiler) {
        return new PreparedKernel(kernel, compiler);
    }

    /** What it computes. */
    public Kernel kernel() {
        return kernel;
    }

    BlockProgram program() {
        return program;
    }

    /**
     * The compiled form for an access pattern, or null while there is none.
     *
     * @param pattern the operands' accesses as digits in base 3, the last operand's the lowest; see {@link #pattern}
     */
    LoopKernel compiled(long pattern, int elements) {
        int operands = program.inputs() + program.outputs();
        if (compiler == Compilers.NONE || operands > MOST_OPERANDS) {
            return null;
        }
        for (Variant variant : variants) {
            if (variant.pattern == pattern) {
                LoopKernel loop = variant.loop;
                return loop != null ? loop : variant.ask(elements);
            }
        }
        Variant added = remember(pattern, operands);
        return added == null ? null : added.ask(elements);
    }

    /** The accesses of a traversal's operands. */
    static long pattern(Traversal traversal) {
        long pattern = 0;
        for (int i = 0; i < traversal.operands(); i++) {
            pattern = 3 * pattern + Access.of(traversal.columnStride(i)).ordinal();
        }
        return pattern;
    }

    private synchronized Variant remember(long pattern, int operands) {
        if (variants.length == MOST_VARIANTS) {
            return null;
        }
        Access[] accesses = new Access[operands];
        long digits = pattern;
        for (int i = operands - 1; i >= 0; i--) {
            accesses[i] = Access.values()[(int) (digits % 3)];
            digits /= 3;
        }
        Variant added = new Variant(pattern, List.of(accesses));
        Variant[] more = Arrays.copyOf(variants, variants.length + 1);
        more[more.length - 1] = added;
        variants = more;
        return added;
    }

    /** What is known of one access pattern. The counters may lose a count to another thread; nothing depends on it. */
    private final class Variant {
        private final long pattern;
        private final List<Access> accesses;
        private volatile LoopKernel loop;
        private int calls;
        private long elements;

        Variant(long pattern, List<Access> accesses) {
            this.pattern = pattern;
            this.accesses = accesses;
        }

        LoopKernel ask(int more) {
            calls++;
            elements += more;
            if (calls % CALLS_BETWEEN_QUESTIONS == 1 || elements >= ELEMENTS_BETWEEN_QUESTIONS) {
                long since = elements;
                elements = 0;
                loop = compiler.loop(kernel, accesses, since);
            }
            return loop;
        }
    }
}
