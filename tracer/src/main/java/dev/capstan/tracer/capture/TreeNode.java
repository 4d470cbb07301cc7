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

/**
 * A place in a path tree: the event that leads to it, and the events that were ever seen after it. The fields that walks
 * read change by replacement only, under the tree's lock. Whatever an operator is found by lies in the node itself: a walk
 * through a long path waits for memory more than for anything else.
 */
final class TreeNode extends PathEvent {
    private static final CapturedPath[] NO_PATHS = {};
    private static final int KEY_BITS = 20;
    /** Some operand has a larger number, or there are more than three. */
    private static final long NO_KEY = -1;

    /** The first of the events that were seen after this one; the others are its siblings. */
    volatile TreeNode child;
    /** The event that was first seen after this one was, in its place. */
    private volatile TreeNode sibling;

    private final Operator operator;
    /** What an operator of up to three operands is found by, beside itself; {@link #NO_KEY} for all other events. */
    private final long key;

    final TreeNode parent;
    private final Event event;
    /** The operands of an operator, null for another event. */
    private final int[] operands;

    private final boolean recording;

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
                parent == null ? -1 : parent.depth(),
                event == null ? null : event.type(),
                event != null && event.requiresGradient(),
                isView(event),
                isDetaching(event),
                isSharing(event));
        this.parent = parent;
        this.event = event;
        this.operands = operands;
        this.recording = recording;
        this.key = key(operands, recording);
        this.operator = event instanceof Recording.Applied applied ? applied.operator() : null;
    }

    private static boolean isView(Event event) {
        return event instanceof Recording.Applied applied && applied.operator().isView();
    }

    private static boolean isDetaching(Event event) {
        return isView(event) && !((Recording.Applied) event).operator().differentiable(0);
    }

    private static boolean isSharing(Event event) {
        return event instanceof Recording.External external && external.alias() >= 0
                || event instanceof Recording.Written
                || event instanceof Recording.Retaken
                || isView(event);
    }

    private static long key(int[] operands, boolean recording) {
        int count = operands == null ? 0 : operands.length;
        return switch (count) {
            case 1 -> key(operands[0], 0, 0, count, recording);
            case 2 -> key(operands[0], operands[1], 0, count, recording);
            case 3 -> key(operands[0], operands[1], operands[2], count, recording);
            default -> NO_KEY;
        };
    }

    /** The key of an operator of so many operands. */
    static long key(int first, int second, int third, int count, boolean recording) {
        if ((first | second | third) >>> KEY_BITS != 0) {
            return NO_KEY;
        }
        long operands = ((long) first << KEY_BITS | second) << KEY_BITS | third;
        return operands << 3 | (long) count << 1 | (recording ? 1 : 0);
    }

    /** How many events lead here. */
    int depth() {
        return number() + 1;
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
        Integer[] values = new Integer[operands.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = operands[i];
        }
        Event event = new Recording.Applied(operator, List.of(values), type, requiresGradient);
        return new TreeNode(parent, event, operands.clone(), recording);
    }

    Event event() {
        return event;
    }

    TreeNode child(TensorType type, Layout layout, boolean requiresGradient, int alias) {
        for (TreeNode next = child; next != null; next = next.sibling) {
            if (next.event instanceof Recording.External external
                    && external.requiresGradient() == requiresGradient
                    && external.alias() == alias
                    && external.layout().isShiftOf(layout)
                    && external.type().equals(type)) {
                return next;
            }
        }
        return null;
    }

    /** After an operator that has this key; null if it was not seen, or has none. */
    TreeNode child(Operator applied, long wanted) {
        for (TreeNode next = wanted == NO_KEY ? null : child; next != null; next = next.sibling) {
            if (next.key == wanted && next.applies(applied)) {
                return next;
            }
        }
        return null;
    }

    TreeNode child(Operator applied, int[] values, boolean isRecording) {
        for (TreeNode next = child; next != null; next = next.sibling) {
            if (next.recording == isRecording && Arrays.equals(next.operands, values) && next.applies(applied)) {
                return next;
            }
        }
        return null;
    }

    private boolean applies(Operator other) {
        return operator == other || operator.equals(other);
    }

    /** Whether an event follows here, and was not forgotten. */
    boolean hasChild(TreeNode other) {
        TreeNode next = child;
        while (next != null && next != other) {
            next = next.sibling;
        }
        return next != null;
    }

    /** After a write. */
    TreeNode write(int content, int value, boolean isRecorded) {
        for (TreeNode next = child; next != null; next = next.sibling) {
            if (next.event instanceof Recording.Written written
                    && written.content() == content
                    && written.value() == value
                    && written.recorded() == isRecorded) {
                return next;
            }
        }
        return null;
    }

    /** After a view was taken again. */
    TreeNode retake(int view, int value) {
        for (TreeNode next = child; next != null; next = next.sibling) {
            if (next.event instanceof Recording.Retaken retaken && retaken.view() == view && retaken.value() == value) {
                return next;
            }
        }
        return null;
    }

    /** After the beginning of a backward pass. */
    TreeNode pass(int root, int seed, boolean retainsGraph) {
        for (TreeNode next = child; next != null; next = next.sibling) {
            if (next.event instanceof Recording.Differentiated pass
                    && pass.root() == root
                    && pass.seed() == seed
                    && pass.retainsGraph() == retainsGraph) {
                return next;
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

    void addChild(TreeNode added) {
        if (child == null) {
            child = added;
            return;
        }
        TreeNode last = child;
        while (last.sibling != null) {
            last = last.sibling;
        }
        last.sibling = added;
    }

    /** A walk that stands at the removed child goes on from there; if it grows anew there, it may be removed once more. */
    private void removeChild(TreeNode removed) {
        if (child == removed) {
            child = removed.sibling;
            return;
        }
        TreeNode before = child;
        while (before != null && before.sibling != removed) {
            before = before.sibling;
        }
        if (before != null) {
            before.sibling = removed.sibling;
        }
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
        while (node.parent != null && node.child == null && node.paths.length == 0) {
            TreeNode useless = node;
            node = node.parent;
            node.removeChild(useless);
            removed++;
        }
        return removed;
    }

    /** Whether something is written on the way from the root to here. */
    boolean hasWrites() {
        for (TreeNode node = this; node.event != null; node = node.parent) {
            if (node.event instanceof Recording.Written) {
                return true;
            }
        }
        return false;
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
