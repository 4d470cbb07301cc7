// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import dev.capstan.tracer.graph.Graph;

/** One rewrite of a graph. It keeps number, order and types of the outputs, and their bits if it {@linkplain #isExact is exact}. */
public interface Pass {
    /** The name by which the system property {@code capstan.passes.off} knows it. */
    String name();

    /** False if outputs may be rounded otherwise than in eager mode: such a pass is run only where that was asked for. */
    default boolean isExact() {
        return true;
    }

    /**
     * The rewritten graph.
     *
     * @param roles what the values of this graph are for
     */
    Graph apply(Graph graph, Roles roles);
}
