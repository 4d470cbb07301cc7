// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

import dev.capstan.Compiled;

/** A sample that is set up and ready to run. */
public sealed interface Program permits Training, Tape {
    /** The region whose paths are compiled. */
    Compiled region();
}
