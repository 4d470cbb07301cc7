// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.capture;

import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Recording;
import dev.capstan.tracer.graph.Recording.Event;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A place in a path tree: the event that leads to it, and the events that were ever seen after it. The fields that walks
 * read change by replacement only, under the tree's lock.
 */
final class TreeNode {
    private static final TreeNode[] NONE = {};
    private static final CapturedPath[] NO_PATHS = {};

    final TreeNode parent;
    final int depth;
    private final Event event;
    private final int[] operands;
    private final boolean recording;
    private final Operator operator;
    private final TensorType type;
    private final boolean requiresGradient;
    volatile Object attachment;
    volatile TreeNode[] children = NONE;
    volatile CapturedPath[] paths = NO_PATHS;
    /** What was last asked about a backward pass that begins here. */
    volatile Reach reach;

    /**
     * Where the gradients of a value end.
     *
     * @param inputs null if only eager mode can make the pass
     */
    record Reach(int root, int[] inputs) {}

    /** The root. */
    TreeNode() {
        this(null, null, null, false);
    }

    private TreeNode(TreeNode parent, Event event, int[] operands, boolean recording) {
        this.parent = parent;
        this.depth = parent == null ? 0 : parent.depth + 1;
        this.event = event;
        this.operands = operands;
        this.recording = recording;
        this.operator = event instanceof Recording.Applied applied ? applied.operator() : null;
        this.type = event == null ? null : event.type();
        this.requiresGradient = event != null && event.requiresGradient();
    }

    /** Any event but an operator. */
    static TreeNode of(TreeNode parent, Event event) {
        return new TreeNode(parent, event, null, false);
    }

    static TreeNode operator(
            TreeNode parent,
            Operator operator,
            int[] operands,
            boolean recording,
            TensorType type,
            boolean requiresGradient) {
        List<Integer> values = IntStream.of(operands).boxed().toList();
        return new TreeNode(
                parent, new Recording.Applied(operator, values, type, requiresGradient), operands.clone(), recording);
    }

    Event event() {
        return event;
    }

    TensorType type() {
        return type;
    }

    boolean requiresGradient() {
        return requiresGradient;
    }

    TreeNode child(TensorType type, Layout layout, boolean requiresGradient, int alias) {
        for (TreeNode child : children) {
            if (child.event instanceof Recording.External external
                    && external.requiresGradient() == requiresGradient
                    && external.alias() == alias
                    && external.layout().isShiftOf(layout)
                    && external.type().equals(type)) {
                return child;
            }
        }
        return null;
    }

    TreeNode child(Operator operator, int[] values, boolean isRecording) {
        for (TreeNode child : children) {
            if (child.operands != null
                    && child.recording == isRecording
                    && isSame(child.operands, values)
                    && (child.operator == operator || child.operator.equals(operator))) {
                return child;
            }
        }
        return null;
    }

    private static boolean isSame(int[] a, int[] b) {
        if (a.length != b.length) {
            return false;
        }
        for (int i = 0; i < a.length; i++) {
            if (a[i] != b[i]) {
                return false;
            }
        }
        return true;
    }

    /** After a write. */
    TreeNode write(int content, int value, boolean isRecorded) {
        for (TreeNode child : children) {
            if (child.event instanceof Recording.Written written
                    && written.content() == content
                    && written.value() == value
                    && written.recorded() == isRecorded) {
                return child;
            }
        }
        return null;
    }

    /** After the beginning of a backward pass. */
    TreeNode pass(int root, int seed, boolean retainsGraph) {
        for (TreeNode child : children) {
            if (child.event instanceof Recording.Differentiated pass
                    && pass.root() == root
                    && pass.seed() == seed
                    && pass.retainsGraph() == retainsGraph) {
                return child;
            }
        }
        return null;
    }

    CapturedPath path(int[] wanted) {
        for (CapturedPath path : paths) {
            if (Arrays.equals(path.wanted(), wanted)) {
                return path;
            }
        }
        return null;
    }

    void addChild(TreeNode child) {
        TreeNode[] more = Arrays.copyOf(children, children.length + 1);
        more[children.length] = child;
        children = more;
    }

    void addPath(CapturedPath path) {
        CapturedPath[] more = Arrays.copyOf(paths, paths.length + 1);
        more[paths.length] = path;
        paths = more;
    }

    /** Forgets a path, and the places that led to nothing else; how many of these. */
    int removePath(CapturedPath path) {
        paths = Arrays.stream(paths).filter(p -> p != path).toArray(CapturedPath[]::new);
        int removed = 0;
        TreeNode node = this;
        while (node.parent != null && node.children.length == 0 && node.paths.length == 0) {
            TreeNode useless = node;
            node = node.parent;
            node.children =
                    Arrays.stream(node.children).filter(c -> c != useless).toArray(TreeNode[]::new);
            removed++;
        }
        return removed;
    }

    /** The events from the root to here. */
    List<Event> events() {
        List<Event> events = new ArrayList<>();
        for (TreeNode node = this; node.event != null; node = node.parent) {
            events.add(node.event);
        }
        Collections.reverse(events);
        return events;
    }
}
