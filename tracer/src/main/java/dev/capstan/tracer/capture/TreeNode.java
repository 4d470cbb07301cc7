// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.capture;

import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.spi.PathEvent;
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
final class TreeNode extends PathEvent {
    private static final TreeNode[] NONE = {};
    private static final CapturedPath[] NO_PATHS = {};

    final TreeNode parent;
    final int depth;
    private final Event event;
    private final int[] operands;
    private final boolean recording;
    private final Operator operator;
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
        super(
                parent == null ? -1 : parent.depth,
                event == null ? null : event.type(),
                event != null && event.requiresGradient());
        this.parent = parent;
        this.depth = parent == null ? 0 : parent.depth + 1;
        this.event = event;
        this.operands = operands;
        this.recording = recording;
        this.operator = event instanceof Recording.Applied applied ? applied.operator() : null;
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

    TreeNode child(Operator next, int operand, boolean isRecording) {
        for (TreeNode child : children) {
            int[] known = child.operands;
            if (known != null
                    && known.length == 1
                    && known[0] == operand
                    && child.recording == isRecording
                    && child.applies(next)) {
                return child;
            }
        }
        return null;
    }

    TreeNode child(Operator next, int first, int second, boolean isRecording) {
        for (TreeNode child : children) {
            int[] known = child.operands;
            if (known != null
                    && known.length == 2
                    && known[0] == first
                    && known[1] == second
                    && child.recording == isRecording
                    && child.applies(next)) {
                return child;
            }
        }
        return null;
    }

    TreeNode child(Operator next, int[] values, boolean isRecording) {
        for (TreeNode child : children) {
            if (child.operands != null
                    && child.recording == isRecording
                    && Arrays.equals(child.operands, values)
                    && child.applies(next)) {
                return child;
            }
        }
        return null;
    }

    private boolean applies(Operator other) {
        return operator == other || operator.equals(other);
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

    /** After a view was taken again. */
    TreeNode retake(int view, int value) {
        for (TreeNode child : children) {
            if (child.event instanceof Recording.Retaken retaken
                    && retaken.view() == view
                    && retaken.value() == value) {
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
