// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * The prepared forms of the kernels that were used last: by identity without a lock, else by equality.
 *
 * @param <K> kernels
 * @param <P> their prepared form
 */
final class PreparedCache<K, P> {
    private static final int MOST = 1024;

    private final Function<K, P> prepare;
    private final Known[] front = new Known[MOST];

    private final Map<K, P> known = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<K, P> eldest) {
            return size() > MOST;
        }
    };

    /** A kernel by its identity; the prepared form may be that of an equal one. */
    private record Known(Object kernel, Object prepared) {}

    PreparedCache(Function<K, P> prepare) {
        this.prepare = prepare;
    }

    @SuppressWarnings("unchecked")
    P get(K kernel) {
        int place = System.identityHashCode(kernel) & MOST - 1;
        Known found = front[place];
        if (found == null || found.kernel != kernel) {
            synchronized (known) {
                P prepared = known.get(kernel);
                if (prepared == null) {
                    prepared = prepare.apply(kernel);
                    known.put(kernel, prepared);
                }
                found = new Known(kernel, prepared);
            }
            front[place] = found;
        }
        return (P) found.prepared;
    }
}
