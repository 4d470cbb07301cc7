// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.kernel.Kernel;
import java.util.LinkedHashMap;
import java.util.Map;

/** The prepared forms of the kernels that were used last: by identity without a lock, else by equality. */
final class PreparedKernels {
    private static final int MOST = 1024;

    private final Known[] front = new Known[MOST];

    private final Map<Kernel, PreparedKernel> known = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Kernel, PreparedKernel> eldest) {
            return size() > MOST;
        }
    };

    PreparedKernel get(Kernel kernel) {
        int place = System.identityHashCode(kernel) & MOST - 1;
        Known found = front[place];
        if (found == null || found.kernel != kernel) {
            synchronized (known) {
                found = new Known(kernel, known.computeIfAbsent(kernel, PreparedKernel::of));
            }
            front[place] = found;
        }
        return found.prepared;
    }

    /** A kernel by its identity; the prepared form may be that of an equal one. */
    private record Known(Kernel kernel, PreparedKernel prepared) {}
}
