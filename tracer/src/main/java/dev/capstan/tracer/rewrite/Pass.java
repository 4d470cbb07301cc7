// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import dev.capstan.tracer.graph.Graph;

/** One rewrite of a graph. It keeps number, order, types and bits of the outputs. */
public interface Pass {
    /** The name by which the system property {@code capstan.passes.off} knows it. */
    String name();

    /**
     * The rewritten graph.
     *
     * @param roles what the values of this graph are for
     */
    Graph apply(Graph graph, Roles roles);
}
