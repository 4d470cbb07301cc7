// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

/** Takes a hook away again; for try-with-resources, too. */
public final class RemovableHandle implements AutoCloseable {
    private final Runnable removal;

    RemovableHandle(Runnable removal) {
        this.removal = removal;
    }

    /** Takes the hook away. A second call does nothing. */
    public void remove() {
        removal.run();
    }

    @Override
    public void close() {
        remove();
    }
}
