// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import dev.capstan.tracer.graph.Graph;
import java.util.List;
import java.util.function.Function;

/**
 * Rewrites in their order. The system property {@code capstan.passes.off} names, separated by commas, those that
 * are left out; a test or a search for a fault uses it. With assertions enabled the graph is verified after each.
 */
public final class Passes {
    private static final List<Pass> ALL = List.of(
            new Identities(),
            new Constants(),
            new ViewChains(),
            new Sharing(),
            // before selections from stacks are replaced by the pieces, which are not in one tensor
            new BatchedProducts(),
            new BatchedSums(),
            // the following ask whether a value has other uses, so what is dead must go first
            new DeadCode(),
            new MergedProducts(),
            new TransposedProducts(),
            new Mosaics(),
            new Pieces(),
            new DeadCode(),
            new StackedMaps(),
            new ViewChains(),
            new DeadCode());

    /** Those that keep the bits of eager mode. */
    public static final Passes EXACT =
            new Passes(ALL.stream().filter(Pass::isExact).toList());

    /** All, with those that round otherwise. */
    public static final Passes INEXACT = new Passes(ALL);

    private final List<Pass> order;

    private Passes(List<Pass> order) {
        this.order = order;
    }

    /** Those that keep the bits, or all. */
    public static Passes of(boolean exact) {
        return exact ? EXACT : INEXACT;
    }

    /** The passes, first to last; one may run more than once. */
    public List<Pass> order() {
        return order;
    }

    /** The names of those that may change bits. */
    public List<String> inexact() {
        return order.stream().filter(pass -> !pass.isExact()).map(Pass::name).toList();
    }

    /**
     * A forward graph, simplified.
     *
     * @param results how many of the outputs, from the first, leave as results
     * @param kept how many of those that follow the backward pass reads; the others are copied if need be
     */
    public Graph forward(Graph graph, int results, int kept) {
        return run(graph, rewritten -> Roles.forward(rewritten, results, kept));
    }

    /** A backward graph, simplified. */
    public Graph backward(Graph graph) {
        return run(graph, Roles::backward);
    }

    private Graph run(Graph graph, Function<Graph, Roles> roles) {
        List<String> off =
                List.of(System.getProperty("capstan.passes.off", "").trim().split("\\s*,\\s*"));
        Graph current = graph;
        Roles known = roles.apply(current);
        for (Pass pass : order) {
            if (!off.contains(pass.name())) {
                Graph next = pass.apply(current, known);
                assert isVerified(pass, current, next);
                known = next == current ? known : roles.apply(next);
                current = next;
            }
        }
        return current;
    }

    private static boolean isVerified(Pass pass, Graph before, Graph after) {
        GraphVerifier.verify(pass.name(), before, after);
        return true;
    }
}
