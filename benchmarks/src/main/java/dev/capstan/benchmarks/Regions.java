// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks;

import dev.capstan.Stance;

/** How regions run. */
public enum Regions {
    /** Operator by operator. */
    EAGER(Stance.EAGER),
    /** By generated programs once they are hot. */
    COMPILED(Stance.COMPILED);

    private final Stance stance;

    Regions(Stance stance) {
        this.stance = stance;
    }

    Stance.Scope enter() {
        return stance.enter();
    }
}
