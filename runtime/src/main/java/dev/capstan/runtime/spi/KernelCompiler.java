// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.spi;

import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.type.DType;
import java.util.List;

/**
 * Fast kernels for eager execution, found by {@link java.util.ServiceLoader}; see {@link Compilers}. Whatever it returns
 * computes the same bits as the eager executors. No method blocks or compiles on the caller's thread, and all may be
 * called from any thread.
 */
public interface KernelCompiler {
    /**
     * The compiled form of a kernel for one access pattern.
     *
     * @param accesses how the inputs, then the outputs move along the columns
     * @param elements how many elements were computed with this pattern since the last question about it: what the
     *     compiler judges hotness by
     * @return the kernel, or null while there is none: too cold, being compiled or warmed, or not worth it. The executor
     *     keeps what it gets, and asks again from time to time after a null.
     */
    LoopKernel loop(Kernel kernel, List<Access> accesses, long elements);

    /** The matrix product for float32 or float64, or null while it is cold; null always for other types. */
    ContractionKernel contraction(DType dtype);
}
