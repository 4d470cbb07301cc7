// SPDX-License-Identifier: Apache-2.0
package dev.capstan.autograd;

import static java.util.Objects.requireNonNull;

import dev.capstan.Edge;
import dev.capstan.Node;
import dev.capstan.Tensor;
import dev.capstan.runtime.type.CapstanException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The part of the tape behind a result, as text. Each leaf stands there with its shape, and with its name if one is given:
 *
 * <pre>{@code
 * GraphText.of(loss).withNames(model.namedParameters()).tree()
 *
 * SumBackward
 *   TanhBackward
 *     AddmmBackward
 *       AccumulateGrad of bias [3]
 *       TBackward
 *         AccumulateGrad of weight [3,5]
 * }</pre>
 */
public final class GraphText {
    private final Node root;
    private final Map<Tensor, String> names;

    private GraphText(Node root, Map<Tensor, String> names) {
        this.root = root;
        this.names = names;
    }

    /**
     * The graph behind a result.
     *
     * @throws CapstanException if the tensor is not on the tape
     */
    public static GraphText of(Tensor result) {
        Node made = result.gradFn();
        if (made == null) {
            throw new CapstanException(
                    "graph", "the tensor has no gradFn", result.shape().toString());
        }
        return new GraphText(made, Map.of());
    }

    /** The graph behind a node. */
    public static GraphText of(Node node) {
        return new GraphText(requireNonNull(node, "node"), Map.of());
    }

    /** The same with names for leaves, such as {@code model.namedParameters()}. */
    public GraphText withNames(Map<String, ? extends Tensor> named) {
        Map<Tensor, String> byTensor = new IdentityHashMap<>(names);
        named.forEach((name, tensor) -> byTensor.put(tensor, name));
        return new GraphText(root, byTensor);
    }

    /**
     * A line a node, indented by its distance, operands in their order. What hangs below a node that several others use
     * stands below its first line only; its lines are numbered: {@code TanhBackward #1}, later {@code TanhBackward #1 (above)}.
     */
    public String tree() {
        Map<Node, Integer> numbers = numbersOfShared();
        Set<Node> seen = new HashSet<>();
        StringBuilder text = new StringBuilder();
        Deque<Line> waiting = new ArrayDeque<>(List.of(new Line(root, 0)));
        while (!waiting.isEmpty()) {
            Line line = waiting.pop();
            Node node = line.node();
            text.append("  ".repeat(line.depth())).append(label(node));
            if (numbers.containsKey(node)) {
                text.append(" #").append(numbers.get(node));
            }
            if (!seen.add(node) && !node.nextFunctions().isEmpty()) {
                text.append(" (above)\n");
                continue;
            }
            text.append('\n');
            List<Edge> edges = node.nextFunctions();
            for (int i = edges.size() - 1; i >= 0; i--) {
                if (edges.get(i) != null) {
                    waiting.push(new Line(edges.get(i).function(), line.depth() + 1));
                }
            }
        }
        return text.toString();
    }

    private record Line(Node node, int depth) {}

    /** A {@code digraph} for Graphviz: gradients flow along the arrows, leaves are boxes. */
    public String dot() {
        StringBuilder text = new StringBuilder("digraph tape {\n  rankdir=BT;\n  node [fontname=\"monospace\"];\n");
        Map<Node, Integer> uses = uses();
        Map<Node, String> identifiers = new IdentityHashMap<>();
        uses.keySet().forEach(node -> identifiers.put(node, "n" + identifiers.size()));
        uses.keySet().forEach(node -> {
            String shape = node.variable() == null ? "ellipse" : "box";
            text.append("  ").append(identifiers.get(node)).append(" [shape=").append(shape);
            text.append(", label=\"").append(escaped(label(node))).append("\"];\n");
        });
        uses.keySet()
                .forEach(node -> node.nextFunctions().stream()
                        .filter(edge -> edge != null)
                        .forEach(edge -> text.append("  ")
                                .append(identifiers.get(node))
                                .append(" -> ")
                                .append(identifiers.get(edge.function()))
                                .append(";\n")));
        return text.append("}\n").toString();
    }

    private static String escaped(String label) {
        return label.replace("\\", "\\\\").replace("\"", "\\\"");
    }

    private String label(Node node) {
        Tensor leaf = node.variable();
        if (leaf == null) {
            return node.name();
        }
        String name = names.get(leaf);
        return node.name() + (name == null ? "" : " of " + name) + " " + leaf.shape();
    }

    /** The nodes in the order of the tree's lines, and how many edges lead to each. */
    private Map<Node, Integer> uses() {
        Map<Node, Integer> uses = new LinkedHashMap<>();
        Deque<Node> waiting = new ArrayDeque<>(List.of(root));
        while (!waiting.isEmpty()) {
            Node node = waiting.pop();
            if (uses.merge(node, 1, Integer::sum) == 1) {
                List<Edge> edges = node.nextFunctions();
                for (int i = edges.size() - 1; i >= 0; i--) {
                    if (edges.get(i) != null) {
                        waiting.push(edges.get(i).function());
                    }
                }
            }
        }
        return uses;
    }

    private Map<Node, Integer> numbersOfShared() {
        Map<Node, Integer> numbers = new IdentityHashMap<>();
        uses().forEach((node, uses) -> {
            if (uses > 1 && node.variable() == null) {
                numbers.put(node, numbers.size() + 1);
            }
        });
        return numbers;
    }
}
