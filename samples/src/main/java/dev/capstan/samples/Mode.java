// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples;

import dev.capstan.Stance;

/** How a sample runs. */
enum Mode {
    /** Without compiled regions. */
    EAGER(Stance.EAGER),
    /** What runs often is compiled in the background. */
    COMPILED(Stance.COMPILED);

    private final Stance stance;

    Mode(Stance stance) {
        this.stance = stance;
    }

    Stance stance() {
        return stance;
    }
}
