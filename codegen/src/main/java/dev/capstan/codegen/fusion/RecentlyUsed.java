// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import java.util.LinkedHashMap;
import java.util.Map;

/** A map that keeps the entries used last. Not safe for use by several threads without a lock, not even for reading. */
public final class RecentlyUsed<K, V> extends LinkedHashMap<K, V> {
    private static final long serialVersionUID = 1;

    private final int most;

    /** An empty map for at most so many entries. */
    public RecentlyUsed(int most) {
        super(16, 0.75f, true);
        this.most = most;
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
        return size() > most;
    }
}
