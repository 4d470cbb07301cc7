// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One walk over the tape from roots to leaves. A node runs when all gradients that can reach it have arrived; of those
 * that are ready the one created last runs first. So the contributions to a tensor are added in descending creation
 * order of the nodes that send them, the first taken as it is.
 */
final class BackwardPass {
    private final boolean retainsGraph;
    private final boolean createsGraph;
    private final Map<Node, @Nullable Tensor[]> gradients = new IdentityHashMap<>();
    private final Map<Node, Integer> missing = new IdentityHashMap<>();
    private final Set<Node> sinks;
    private final @Nullable Map<Node, Boolean> wanted;
    private Map<Edge, Tensor> observed = Map.of();
    private List<Edge> observing = List.of();

    private BackwardPass(
            boolean retainsGraph, boolean createsGraph, Set<Node> sinks, @Nullable Map<Node, Boolean> wanted) {
        this.retainsGraph = retainsGraph;
        this.createsGraph = createsGraph;
        this.sinks = sinks;
        this.wanted = wanted;
    }

    /** Adds the gradients of roots to {@link Tensor#grad()} of all leaves. */
    static void accumulate(List<Edge> roots, List<Tensor> seeds, boolean retainsGraph, boolean createsGraph) {
        new BackwardPass(retainsGraph, createsGraph, Set.of(), null).run(roots, seeds);
    }

    /**
     * The gradients of roots with respect to targets; nothing is added to any {@link Tensor#grad()}.
     *
     * @return for each target its gradient, null if it is not reached
     */
    static @Nullable Tensor[] gradients(
            List<Edge> roots, List<Tensor> seeds, List<Edge> targets, boolean retainsGraph, boolean createsGraph) {
        Map<Node, Boolean> wanted = new HashMap<>();
        targets.forEach(target -> wanted.put(target.function(), true));
        BackwardPass pass = new BackwardPass(retainsGraph, createsGraph, Set.of(), wanted);
        Map<Edge, Tensor> found = new HashMap<>();
        pass.observe(targets, found);
        pass.run(roots, seeds);
        return targets.stream().map(found::get).toArray(Tensor[]::new);
    }

    /**
     * Continues sums of gradients over a part of the tape: from roots to the nodes of the given edges, which do not run.
     *
     * @param totals for each edge the sum so far or null
     * @return the sums after this part
     */
    static @Nullable Tensor[] continued(
            List<Edge> roots, List<Tensor> seeds, List<Edge> ends, @Nullable Tensor[] totals, boolean retainsGraph) {
        Set<Node> sinks = new HashSet<>();
        ends.forEach(end -> sinks.add(end.function()));
        BackwardPass pass = new BackwardPass(retainsGraph, false, sinks, null);
        for (int i = 0; i < totals.length; i++) {
            if (totals[i] != null) {
                pass.slot(ends.get(i))[ends.get(i).inputNumber()] = totals[i];
            }
        }
        pass.run(roots, seeds);
        return ends.stream().map(end -> pass.slot(end)[end.inputNumber()]).toArray(Tensor[]::new);
    }

    private void observe(List<Edge> targets, Map<Edge, Tensor> found) {
        observing = targets;
        observed = found;
    }

    boolean createsGraph() {
        return createsGraph;
    }

    boolean retainsGraph() {
        return retainsGraph;
    }

    /** True if a gradient sent along the edge is of any use to this pass. */
    boolean wants(Edge edge) {
        return wanted == null || wanted.getOrDefault(edge.function(), false);
    }

    /** Adds to what an edge's node will receive. */
    void contribute(Edge edge, Tensor gradient) {
        Tensor[] slot = slot(edge);
        Tensor before = slot[edge.inputNumber()];
        slot[edge.inputNumber()] = before == null ? gradient : before.add(gradient);
    }

    /** What an edge's node has received so far, or null. */
    @Nullable
    Tensor total(Edge edge) {
        return slot(edge)[edge.inputNumber()];
    }

    /** Replaces what an edge's node has received so far. */
    void replaceTotal(Edge edge, Tensor total) {
        slot(edge)[edge.inputNumber()] = total;
    }

    private Tensor[] slot(Edge edge) {
        return gradients.computeIfAbsent(edge.function(), node -> new Tensor[node.inputs()]);
    }

    private void run(List<Edge> roots, List<Tensor> seeds) {
        count(roots);
        PriorityQueue<Node> ready =
                new PriorityQueue<>(Comparator.comparingLong(Node::sequence).reversed());
        try (GradMode.Scope direct = Region.suspend();
                GradMode.Scope mode = GradMode.set(createsGraph)) {
            for (int i = 0; i < roots.size(); i++) {
                contribute(roots.get(i), seeds.get(i));
            }
            Set<Node> started = new HashSet<>();
            for (Edge root : roots) {
                if (missing.get(root.function()) == 0 && started.add(root.function())) {
                    ready.add(root.function());
                }
            }
            while (!ready.isEmpty()) {
                visit(ready.poll(), ready);
            }
        }
    }

    private void visit(Node node, PriorityQueue<Node> ready) {
        Tensor[] arrived = slot(new Edge(node, 0));
        for (Edge target : observing) {
            if (target.function() == node && arrived[target.inputNumber()] != null) {
                observed.put(target, arrived[target.inputNumber()]);
            }
        }
        Edge[] edges = node.edges();
        boolean runs = !sinks.contains(node) && (wanted == null || !(node instanceof AccumulateGrad));
        if (runs && wants(new Edge(node, 0))) {
            node.backward(arrived, this);
            if (!retainsGraph) {
                node.release();
            }
        }
        if (!sinks.contains(node)) {
            gradients.remove(node);
            for (Edge edge : edges) {
                if (edge != null && missing.merge(edge.function(), -1, Integer::sum) == 0) {
                    ready.add(edge.function());
                }
            }
        }
    }

    /** Counts for each reachable node the edges that lead to it, and finds which nodes lead to what is wanted. */
    private void count(List<Edge> roots) {
        ArrayDeque<Node> stack = new ArrayDeque<>();
        List<Node> order = new ArrayList<>();
        for (Edge root : roots) {
            if (missing.putIfAbsent(root.function(), 0) == null) {
                stack.push(root.function());
            }
        }
        while (!stack.isEmpty()) {
            Node node = stack.pop();
            order.add(node);
            if (createsGraph && node instanceof RegionNode region) {
                region.expand();
            }
            if (sinks.contains(node)) {
                continue;
            }
            for (Edge edge : node.edges()) {
                if (edge != null) {
                    if (!missing.containsKey(edge.function())) {
                        stack.push(edge.function());
                    }
                    missing.merge(edge.function(), 1, Integer::sum);
                }
            }
        }
        if (wanted != null) {
            order.sort(Comparator.comparingLong(Node::sequence));
            for (Node node : order) {
                boolean leads = wanted.getOrDefault(node, false);
                for (Edge edge : node.edges()) {
                    leads |= edge != null && wants(edge);
                }
                wanted.put(node, leads);
            }
        }
    }
}
