// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.type.CallSite;
import dev.capstan.runtime.type.CapstanException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a thread knows while it looks for the origin of bad gradients; see {@link Autograd#detectAnomaly()}. */
final class Anomaly {
    private @Nullable Node running;

    private Anomaly() {}

    static boolean isDetecting() {
        return ThreadState.current().anomaly != null;
    }

    static GradMode.Scope detect() {
        Anomaly before = ThreadState.current().anomaly;
        // what is queued keeps its place before what runs from now on
        Region.endSegment(List.of());
        GradMode.Scope direct = Region.suspend();
        ThreadState.current().anomaly = new Anomaly();
        return () -> {
            direct.close();
            ThreadState.current().anomaly = before;
        };
    }

    /** Where in the user's code a node is made now; null if nobody wants to know. */
    static @Nullable String site() {
        Anomaly anomaly = ThreadState.current().anomaly;
        if (anomaly == null) {
            return null;
        }
        String place = CallSite.current().orElse("unknown place");
        return anomaly.running == null ? place : place + ", for the gradient of " + described(anomaly.running);
    }

    /** Notes that a node runs, so that the nodes that it makes know where they come from. */
    static void enter(@Nullable Node node) {
        ThreadState.current().anomaly.running = node;
    }

    /** Refuses gradients that are not numbers. */
    static void verify(Node node, @Nullable Tensor[] contributions) {
        for (int i = 0; i < contributions.length; i++) {
            if (contributions[i] != null && hasNaN(contributions[i])) {
                throw new CapstanException(
                        "backward", "a gradient is NaN", "of operand " + i + " of " + described(node));
            }
        }
    }

    private static boolean hasNaN(Tensor gradient) {
        for (double element : gradient.toDoubleArray()) {
            if (Double.isNaN(element)) {
                return true;
            }
        }
        return false;
    }

    /** The same error with the place where its node comes from. */
    static CapstanException placed(Node node, CapstanException error) {
        String operands = error.operands().isEmpty() ? "" : error.operands() + ", ";
        return new CapstanException(error.operator(), error.rule(), operands + "in " + described(node), error);
    }

    private static String described(Node node) {
        String site = node.site();
        return node.name() + (site == null ? ", recorded outside of detectAnomaly" : ", recorded at " + site);
    }
}
