// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.type.CapstanException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.stream.Stream;
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
    private final Map<Node, @Nullable Edge[]> known = new IdentityHashMap<>();
    private final Set<Node> sinks;
    private final @Nullable List<Edge> targets;
    private final Set<Node> ends = new HashSet<>();
    private final Set<Node> leading = new HashSet<>();
    /** The nodes that this pass reaches, though a function gave them no gradient. */
    private final Set<Node> undefined = new HashSet<>();

    private final Map<Edge, Tensor> found = new HashMap<>();
    private final boolean detecting = Anomaly.isDetecting();
    private @Nullable Contributions contributions;
    /** True if hooks of leaves do not see this pass. */
    private boolean unseen;

    private BackwardPass(boolean retainsGraph, boolean createsGraph, Set<Node> sinks, @Nullable List<Edge> targets) {
        this.retainsGraph = retainsGraph;
        this.createsGraph = createsGraph;
        this.sinks = sinks;
        this.targets = targets;
        if (targets != null) {
            targets.forEach(target -> ends.add(target.function()));
        }
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
        BackwardPass pass = new BackwardPass(retainsGraph, createsGraph, Set.of(), targets);
        pass.run(roots, seeds);
        return targets.stream().map(pass.found::get).toArray(Tensor[]::new);
    }

    /**
     * The gradients of leaves in a pass that was queued when they had no hooks. Hooks that they have got since know nothing of
     * it.
     */
    static @Nullable Tensor[] queued(Edge root, Tensor seed, List<Edge> leaves, boolean retainsGraph) {
        BackwardPass pass = new BackwardPass(retainsGraph, false, Set.of(), leaves);
        pass.unseen = true;
        pass.run(List.of(root), List.of(seed));
        return leaves.stream().map(pass.found::get).toArray(Tensor[]::new);
    }

    /**
     * Continues sums of gradients of another pass over a part of the tape that it does not know: from roots to the nodes of
     * the given edges, which do not run.
     *
     * @param totals for each edge the sum so far or null
     * @return the sums after this part
     */
    static @Nullable Tensor[] continued(
            List<Edge> roots, List<Tensor> seeds, List<Edge> ends, @Nullable Tensor[] totals, BackwardPass whole) {
        Set<Node> sinks = new HashSet<>();
        ends.forEach(end -> sinks.add(end.function()));
        List<Edge> targets =
                whole.hasTargets() ? ends.stream().filter(whole::wants).toList() : null;
        BackwardPass pass = new BackwardPass(whole.retainsGraph, false, sinks, targets);
        for (int i = 0; i < totals.length; i++) {
            if (totals[i] != null) {
                pass.slot(ends.get(i))[ends.get(i).inputNumber()] = totals[i];
            }
        }
        try (GradMode.Scope direct = Region.suspend()) {
            pass.run(roots, seeds);
        }
        return ends.stream().map(end -> pass.slot(end)[end.inputNumber()]).toArray(Tensor[]::new);
    }

    boolean createsGraph() {
        return createsGraph;
    }

    boolean retainsGraph() {
        return retainsGraph;
    }

    /** False if this pass is after all that can be reached. */
    boolean hasTargets() {
        return targets != null;
    }

    /** True if a gradient sent along the edge is of any use to this pass. */
    boolean wants(Edge edge) {
        return runs(edge.function()) || ends.contains(edge.function());
    }

    /** True if an edge ends at a leaf that takes a gradient of its own, and nobody sees what is sent along the edge. */
    boolean endsUnseen(Edge edge) {
        return edge.function() instanceof AccumulateGrad leaf
                && !ends.contains(leaf)
                && (unseen || leaf.knownHooks() == null);
    }

    /** True if this pass needs what a node computes, not only what arrives at it. */
    private boolean runs(Node node) {
        return targets == null || leading.contains(node);
    }

    /** True if these are the edges that the pass follows behind a node. */
    boolean leadsFrom(Node node, @Nullable Edge[] edges) {
        return known.get(node) == edges;
    }

    /** Adds to what an edge's node will receive. */
    void contribute(Edge edge, Tensor gradient) {
        if (contributions != null) {
            contributions.put(edge, gradient);
            return;
        }
        Tensor[] slot = slot(edge);
        Tensor before = slot[edge.inputNumber()];
        slot[edge.inputNumber()] = before == null ? gradient : before.add(gradient);
    }

    /** What an edge's node has received so far, or null. */
    @Nullable
    Tensor total(Edge edge) {
        return contributions != null ? null : slot(edge)[edge.inputNumber()];
    }

    /** Replaces what an edge's node has received so far. */
    void replaceTotal(Edge edge, Tensor total) {
        if (contributions != null) {
            contributions.put(edge, total);
            return;
        }
        slot(edge)[edge.inputNumber()] = total;
    }

    /**
     * Says that a node which is about to refuse this pass has handed on all it will to an edge of its own; a leaf that waits
     * for nothing else has its gradient then.
     */
    void finish(Node refusing, Edge edge, Tensor total) {
        Node leaf = edge.function();
        long handed = Stream.of(known.get(refusing)).filter(edge::equals).count();
        if (contributions == null && leaf instanceof AccumulateGrad && missing.get(leaf) == handed) {
            slot(edge)[edge.inputNumber()] = total;
            visit(leaf, new PriorityQueue<>(1, Comparator.comparingLong(Node::sequence)));
        }
    }

    private Tensor[] slot(Edge edge) {
        return gradients.computeIfAbsent(edge.function(), node -> new Tensor[node.inputs()]);
    }

    private void run(List<Edge> roots, List<Tensor> seeds) {
        count(roots);
        PriorityQueue<Node> ready =
                new PriorityQueue<>(Comparator.comparingLong(Node::sequence).reversed());
        try (GradMode.Scope direct = Region.suspendPass();
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
        if (sinks.contains(node)) {
            return;
        }
        Tensor[] arrived = slot(new Edge(node, 0));
        boolean empty = true;
        for (Tensor gradient : arrived) {
            empty &= gradient == null;
        }
        if (!(node instanceof AccumulateGrad)) {
            // one gradient may go on to several leaves
            for (Tensor gradient : arrived) {
                if (gradient != null) {
                    gradient.shared();
                }
            }
        }
        NodeHooks hooks = unseen && node instanceof AccumulateGrad ? null : node.knownHooks();
        if (hooks != null && wants(new Edge(node, 0))) {
            hooks.runOfTensors(node, arrived);
        }
        if (ends.contains(node)) {
            for (int i = 0; i < arrived.length; i++) {
                if (arrived[i] != null) {
                    found.put(new Edge(node, i), arrived[i].shared());
                }
            }
        }
        // behind a region's node lie the inputs of outputs that this pass does not come from, too
        if (runs(node) && (!empty || undefined.contains(node))) {
            run(node, hooks, arrived);
            if (empty || node instanceof FunctionNode) {
                Stream.of(known.get(node))
                        .filter(Objects::nonNull)
                        .map(Edge::function)
                        .forEach(undefined::add);
            }
        }
        gradients.remove(node);
        for (Edge edge : known.get(node)) {
            if (edge != null && missing.merge(edge.function(), -1, Integer::sum) == 0) {
                ready.add(edge.function());
            }
        }
    }

    private void run(Node node, @Nullable NodeHooks hooks, @Nullable Tensor[] arrived) {
        if (hooks != null) {
            hooks.runBefore(node, arrived);
        }
        if (detecting || hooks != null && hooks.followNode()) {
            Contributions apart = contributions(node, arrived);
            if (hooks != null) {
                hooks.runAfter(node, apart.gradients, arrived);
            }
            if (detecting) {
                Anomaly.verify(node, apart.gradients);
            }
            apart.sendOn(this);
        } else {
            node.backward(arrived, this);
        }
        if (!retainsGraph) {
            node.release();
        }
    }

    private Contributions contributions(Node node, @Nullable Tensor[] arrived) {
        Contributions apart = new Contributions(known.get(node));
        contributions = apart;
        try {
            if (detecting) {
                Anomaly.enter(node);
            }
            node.backward(arrived, this);
        } catch (CapstanException e) {
            throw detecting ? Anomaly.placed(node, e) : e;
        } finally {
            contributions = null;
            if (detecting) {
                Anomaly.enter(null);
            }
        }
        return apart;
    }

    /** What one node contributes, by its edges, kept apart from what others do. */
    private static final class Contributions {
        private final @Nullable Edge[] edges;
        private final @Nullable Tensor[] gradients;
        private int next;

        Contributions(@Nullable Edge[] edges) {
            this.edges = edges;
            this.gradients = new Tensor[edges.length];
        }

        /** Contributions come in the order of the edges; one edge may stand there twice. */
        void put(Edge edge, Tensor gradient) {
            while (!edge.equals(edges[next])) {
                next++;
            }
            gradients[next++] = gradient;
        }

        void sendOn(BackwardPass pass) {
            for (int i = 0; i < edges.length; i++) {
                if (edges[i] != null && gradients[i] != null && pass.wants(edges[i])) {
                    pass.contribute(edges[i], gradients[i]);
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
            if (createsGraph && node instanceof RegionNode region && region.isWalkable()) {
                region.expand();
            }
            known.put(node, node.edges());
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
        if (targets != null) {
            order.sort(Comparator.comparingLong(Node::sequence));
            for (Node node : order) {
                for (Edge edge : known.get(node)) {
                    if (edge != null && wants(edge)) {
                        leading.add(node);
                    }
                }
            }
        }
    }
}
