// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

/**
 * What a backward pass does with the graph, and what it demands of it.
 *
 * @param retainGraph true to keep the graph for another pass
 * @param createGraph true to record this pass, so that its results can be differentiated; keeps the graph, too
 * @param allowUnused true to give null for an input that the outputs do not depend on, instead of an error
 */
public record GradOptions(boolean retainGraph, boolean createGraph, boolean allowUnused) {
    private static final GradOptions STANDARD = new GradOptions(false, false, false);

    /** The graph is gone afterwards, nothing is recorded, and inputs must matter. */
    public static GradOptions standard() {
        return STANDARD;
    }

    /** The same with another {@link #retainGraph()}. */
    public GradOptions withRetainGraph(boolean retained) {
        return new GradOptions(retained, createGraph, allowUnused);
    }

    /** The same with another {@link #createGraph()}. */
    public GradOptions withCreateGraph(boolean created) {
        return new GradOptions(retainGraph, created, allowUnused);
    }

    /** The same with another {@link #allowUnused()}. */
    public GradOptions withAllowUnused(boolean allowed) {
        return new GradOptions(retainGraph, createGraph, allowed);
    }

    boolean keepsGraph() {
        return retainGraph || createGraph;
    }
}
