// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

/** How much may still be done for a proof, in runs of terms that are made and read. */
final class Effort {
    private long left;

    /** Thrown when it is used up. */
    static final class Exhausted extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Exhausted() {
            super("the proof takes too long", null, false, false);
        }
    }

    Effort(long most) {
        this.left = most;
    }

    /** @throws Exhausted if there is not so much left */
    void spend(long work) {
        left -= work;
        if (left < 0) {
            throw new Exhausted();
        }
    }
}
