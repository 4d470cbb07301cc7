// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.capstan.codegen.kernel.WarmUpThread.Job;
import dev.capstan.codegen.kernel.WarmUpThread.Progress;
import org.junit.jupiter.api.Test;

class VectorPreludeTest {
    @Test
    void playsOnEveryJdk() {
        Job prelude = VectorPrelude.always();
        int slices = 1;
        while (prelude.advance() == Progress.WORKING) {
            slices++;
        }
        assertEquals(VectorPrelude.SLICES, slices);
    }
}
