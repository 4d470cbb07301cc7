// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.Generator;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;

/** How modules draw their first parameters. */
final class Initialization {
    private Initialization() {}

    /**
     * Uniform between plus and minus {@code 1 / sqrt(fan)}: what PyTorch's linear and recurrent modules draw (for a linear
     * weight this is He's uniform initialisation with a = sqrt(5)).
     */
    static Parameter uniform(int fan, int... sizes) {
        double bound = fan > 0 ? 1 / Math.sqrt(fan) : 0;
        return new Parameter(Generator.standard().uniform(DType.FLOAT32, -bound, bound, sizes));
    }

    /** Into how many channels of the input a group looks. */
    static int inGroups(String layer, int in, int out, int groups) {
        if (groups < 1 || in % groups != 0 || out % groups != 0) {
            throw new CapstanException(
                    layer, "channels cannot be split into groups", in + " and " + out + " into " + groups);
        }
        return in / groups;
    }
}
