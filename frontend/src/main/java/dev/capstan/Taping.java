// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.type.CallSite;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Whether the calls of a region make the tape while they queue operators, as eager mode does. Backward passes inside of the
 * region then run over that tape, and queue what they compute. That costs time at each call, but needs no value: it is done
 * once a call has differentiated in a way that the compiler cannot find out from the operators alone.
 */
final class Taping {
    private volatile @Nullable String reason;

    boolean isOn() {
        return reason != null;
    }

    /** Makes later calls keep the tape. */
    void begin(String cause) {
        if (reason == null) {
            reason = cause + " at " + CallSite.current().orElse("unknown place");
        }
    }

    /** Why the tape is kept, if it is. */
    Optional<String> reason() {
        return Optional.ofNullable(reason);
    }
}
