// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.capture;

import static java.util.Objects.requireNonNull;

import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.spi.Path;
import dev.capstan.runtime.spi.PathEvent;
import dev.capstan.runtime.spi.PathReport;
import dev.capstan.runtime.spi.PathTree;
import dev.capstan.runtime.spi.RegionPolicy;
import dev.capstan.runtime.spi.Walk;
import dev.capstan.runtime.type.CallSite;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.EventText;
import dev.capstan.tracer.graph.Lineage;
import dev.capstan.tracer.graph.Recording;
import dev.capstan.tracer.rewrite.Passes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The path tree of one region. Walks read it without a lock; it grows under one. Beyond a number of paths the one that was
 * used least recently is forgotten with its programs; of those in a form of many lengths as long as they are the most.
 */
public final class CapturedTree implements PathTree {
    /** Places that are kept at most; walks that never end may leave some without a path. */
    static final int NODE_LIMIT = 1 << 19;
    /** So many events may lie between two whose types are one object. */
    private static final int TYPES_AT_HAND = 64;

    private final String name;
    private final RegionPolicy policy;
    private final ScheduleCompiler compiler;
    private final Dissolution dissolution;
    private final List<CapturedPath> paths = new ArrayList<>();
    private final Forms forms = new Forms();
    private volatile TreeNode root = new TreeNode();
    /** The length of the walk that ended last. */
    private volatile int likelyLength = 32;

    /** Whether a program was made that repeats itself: then another path is likely to be that one at another length. */
    private volatile boolean repeats;

    private int nodes;
    private int pathsEver;
    private int forgottenPaths;
    private int crowdedOut;
    private int droppedPrograms;

    /** An empty tree. */
    public CapturedTree(String name, RegionPolicy policy, ScheduleCompiler compiler) {
        this.name = requireNonNull(name, "name");
        this.policy = requireNonNull(policy, "policy");
        this.compiler = requireNonNull(compiler, "compiler");
        this.dissolution = new Dissolution(name, policy.paths());
    }

    @Override
    public boolean isOpen() {
        return dissolution.isOpen();
    }

    @Override
    public Optional<String> dissolved() {
        return dissolution.description();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Walk walk() {
        return new TreeWalk(root);
    }

    @Override
    public List<String> inexact() {
        return Passes.of(policy.exact()).inexact();
    }

    @Override
    public synchronized List<PathReport> report() {
        return paths.stream().map(CapturedPath::report).toList();
    }

    @Override
    public synchronized List<String> limits() {
        List<String> limits = new ArrayList<>();
        if (forgottenPaths > 0) {
            limits.add("limit of " + policy.paths() + " paths reached: " + forgottenPaths + " forgotten");
        }
        if (crowdedOut > 0) {
            limits.add("limit of " + NODE_LIMIT + " events reached: " + crowdedOut + " paths forgotten");
        }
        if (droppedPrograms > 0) {
            limits.add("limit of " + policy.memory() + " bytes of memory reached: programs dropped " + droppedPrograms
                    + " times");
        }
        forms.refuted().ifPresent(limits::add);
        return limits;
    }

    /** When a path was used last, as it was when somebody looked: other threads go on using it. */
    private record Use(CapturedPath path, long last) {}

    /** Takes note of a new program, and drops those used least recently until the memory of all that are left fits. */
    private synchronized void installed(CapturedPath added) {
        repeats |= added.repeats();
        List<CapturedPath> others = paths.stream()
                .filter(path -> path != added && path.memory() > 0)
                .map(path -> new Use(path, path.lastUse()))
                .sorted(Comparator.comparingLong(Use::last))
                .map(Use::path)
                .toList();
        long sum =
                added.memory() + others.stream().mapToLong(CapturedPath::memory).sum();
        for (CapturedPath oldest : others) {
            if (sum > policy.memory()) {
                sum -= oldest.memory();
                oldest.drop();
                droppedPrograms++;
            }
        }
    }

    private synchronized TreeNode grow(TreeNode parent, TreeNode child) {
        while (nodes >= NODE_LIMIT && !paths.isEmpty()) {
            forgetOldest();
            crowdedOut++;
        }
        if (nodes >= NODE_LIMIT) {
            root = new TreeNode();
            nodes = 0;
        }
        parent.addChild(child);
        nodes++;
        return child;
    }

    private synchronized CapturedPath path(TreeNode leaf, int[] wanted, String origin) {
        CapturedPath known = leaf.path(wanted);
        if (known != null) {
            return known;
        }
        if (paths.size() >= policy.paths()) {
            forgottenPaths++;
            forgetOldest();
        }
        CapturedPath path = new CapturedPath(
                name, pathsEver++, origin, threshold(), compiler, policy.exact(), forms, leaf, wanted, this::installed);
        leaf.addPath(path);
        paths.add(path);
        return path;
    }

    private void forgetOldest() {
        List<CapturedPath> inForm =
                paths.stream().filter(CapturedPath::isInForm).toList();
        // these come again without a compilation
        boolean cheap = 2 * inForm.size() > paths.size();
        CapturedPath oldest = (cheap ? inForm : paths)
                .stream().min(Comparator.comparingLong(CapturedPath::lastUse)).orElseThrow();
        paths.remove(oldest);
        oldest.forgotten();
        nodes -= oldest.leaf().removePath(oldest);
    }

    /** Bodies of repetitions are shared, so that there is little to compile for another length: it begins at once. */
    private int threshold() {
        return repeats ? 1 : policy.threshold();
    }

    private final class TreeWalk implements Walk {
        private TreeNode node;
        private TreeNode[] visited = new TreeNode[likelyLength];
        private String divergence;
        private int values;
        private int inputs;

        TreeWalk(TreeNode root) {
            this.node = root;
        }

        @Override
        public PathEvent input(TensorType type, Layout layout, boolean requiresGradient, int alias) {
            TreeNode child = node.child(type, layout, requiresGradient, alias);
            if (child == null) {
                synchronized (CapturedTree.this) {
                    child = node.child(type, layout, requiresGradient, alias);
                    if (child == null) {
                        Recording.External external =
                                new Recording.External(inputs, type, layout.at(0), requiresGradient, alias);
                        child = extend(TreeNode.of(node, external));
                    }
                }
            }
            inputs++;
            return enter(child);
        }

        @Override
        public PathEvent repeat(Operator operator, int operand, boolean recording) {
            return repeat(operator, TreeNode.key(operand, 0, 0, 1, recording));
        }

        @Override
        public PathEvent repeat(Operator operator, int first, int second, boolean recording) {
            return repeat(operator, TreeNode.key(first, second, 0, 2, recording));
        }

        @Override
        public PathEvent repeat(Operator operator, int first, int second, int third, boolean recording) {
            return repeat(operator, TreeNode.key(first, second, third, 3, recording));
        }

        private PathEvent repeat(Operator operator, long key) {
            TreeNode child = node.child(operator, key);
            return child == null ? null : enter(child);
        }

        @Override
        public PathEvent apply(Operator operator, int[] operands, boolean recording) {
            TreeNode child = node.child(operator, operands, recording);
            if (child == null) {
                child = explore(operator, operands, recording);
            }
            return enter(child);
        }

        private TreeNode explore(Operator operator, int[] operands, boolean recording) {
            TensorType[] types = new TensorType[operands.length];
            for (int i = 0; i < types.length; i++) {
                types[i] = visited[operands[i]].type();
            }
            TensorType type = known(operator.infer(List.of(types)));
            boolean required = false;
            for (int i = 0; i < operands.length; i++) {
                required |= operator.differentiable(i) && visited[operands[i]].requiresGradient();
            }
            required &= recording && type.dtype().isFloating();
            synchronized (CapturedTree.this) {
                TreeNode child = node.child(operator, operands, recording);
                return child != null
                        ? child
                        : extend(TreeNode.operator(node, operator, operands, recording, type, required));
            }
        }

        /** The same type as one of the last events has it: one object for many is at hand when a walk comes by. */
        private TensorType known(TensorType type) {
            for (int i = values - 1; i >= Math.max(0, values - TYPES_AT_HAND); i--) {
                if (type.equals(visited[i].type())) {
                    return visited[i].type();
                }
            }
            return type;
        }

        @Override
        public PathEvent write(int content, int value, boolean recorded) {
            TreeNode child = node.write(content, value, recorded);
            if (child == null) {
                List<Recording.Event> events = events();
                boolean converted = recorded && !visited[content].type().equals(visited[value].type());
                if (converted || !new Lineage(events).isWritable(content)) {
                    return null;
                }
                boolean required = visited[recorded ? value : content].requiresGradient();
                Recording.Written written =
                        new Recording.Written(content, value, visited[content].type(), required, recorded);
                synchronized (CapturedTree.this) {
                    child = node.write(content, value, recorded);
                    child = child != null ? child : extend(TreeNode.of(node, written));
                }
            }
            return enter(child);
        }

        @Override
        public PathEvent retake(int view, int value) {
            TreeNode child = node.retake(view, value);
            if (child == null) {
                Recording.Retaken retaken =
                        new Recording.Retaken(view, value, visited[view].type(), visited[view].requiresGradient());
                synchronized (CapturedTree.this) {
                    child = node.retake(view, value);
                    child = child != null ? child : extend(TreeNode.of(node, retaken));
                }
            }
            return enter(child);
        }

        @Override
        public int[] gradientInputs(int root) {
            TreeNode.Reach reach = node.reach;
            if (reach == null || reach.root() != root) {
                reach = new TreeNode.Reach(root, new Lineage(events()).gradientInputs(root));
                node.reach = reach;
            }
            return reach.inputs();
        }

        @Override
        public int backward(int root, int seed, boolean retainsGraph) {
            TreeNode child = node.pass(root, seed, retainsGraph);
            int[] reached = gradientInputs(root);
            if (child == null) {
                synchronized (CapturedTree.this) {
                    child = node.pass(root, seed, retainsGraph);
                    if (child == null) {
                        child = TreeNode.of(
                                node, new Recording.Differentiated(root, seed, retainsGraph, visited[root].type()));
                        TreeNode end = child;
                        for (int input : reached) {
                            end = grow(
                                    end,
                                    TreeNode.of(end, new Recording.Gradient(values, input, visited[input].type())));
                        }
                        // complete before other threads can see it
                        extend(child);
                    }
                }
            }
            enter(child);
            int first = values;
            for (int i = 0; i < reached.length; i++) {
                enter(node.child);
            }
            return first;
        }

        @Override
        public boolean follow(PathEvent[] events) {
            TreeNode at = node;
            for (PathEvent event : events) {
                TreeNode next = (TreeNode) event;
                if (!at.hasChild(next)) {
                    return false;
                }
                at = next;
            }
            for (PathEvent event : events) {
                enter((TreeNode) event);
            }
            return true;
        }

        private List<Recording.Event> events() {
            return Arrays.stream(visited, 0, values).map(TreeNode::event).toList();
        }

        /** A new event here; the first by which this walk differs from all before it is noted with its place in the user's code. */
        private TreeNode extend(TreeNode child) {
            boolean fork = node.child != null || node.paths.length > 0;
            if (fork && divergence == null && pathsEver < policy.paths()) {
                String before = node.child != null ? EventText.of(node.child.event()) : "the end";
                divergence = "event " + values + " is " + EventText.of(child.event()) + ", was " + before + ", at "
                        + CallSite.current().orElse("unknown place");
            }
            return grow(node, child);
        }

        private String otherwise() {
            return node.paths.length > 0 ? "other values are wanted of the same events" : "";
        }

        private TreeNode enter(TreeNode child) {
            if (values == visited.length) {
                visited = Arrays.copyOf(visited, 2 * values + 1);
            }
            visited[values++] = child;
            node = child;
            return child;
        }

        @Override
        public PathEvent event(int value) {
            return visited[value];
        }

        @Override
        public int likelyLength() {
            return likelyLength;
        }

        @Override
        public Path end(int[] outputs) {
            CapturedPath known = node.path(outputs);
            dissolution.captured(known == null);
            int length = Math.max(8, values + 1);
            if (likelyLength != length) {
                likelyLength = length;
            }
            return known == null ? path(node, outputs, divergence == null ? otherwise() : divergence) : known;
        }
    }
}
