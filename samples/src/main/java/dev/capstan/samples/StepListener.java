// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples;

import java.io.Closeable;
import java.io.IOException;

/** Something that follows a training. */
interface StepListener extends Closeable {
    /** A step is done. */
    void step(int index, double loss) throws IOException;
}
