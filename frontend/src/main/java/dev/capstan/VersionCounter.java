// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.memory.Storage;

/** The version of a tensor that shares its elements with others and does not share their version. */
final class VersionCounter {
    private int writes;
    private int deferredWrites;

    /** Counts the writes, queued ones included. */
    int version() {
        return writes + deferredWrites;
    }

    /** Counts the last write to a storage, which the others that share it do not. */
    void wrote(Storage storage) {
        storage.discount();
        writes++;
    }

    /** Counts a write that is queued. */
    void defer() {
        deferredWrites++;
    }

    /** Forgets the queued writes, which are made now. */
    void settle() {
        deferredWrites = 0;
    }
}
