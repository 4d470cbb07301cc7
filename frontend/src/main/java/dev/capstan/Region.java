// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.spi.Path;
import dev.capstan.runtime.spi.PathTree;
import dev.capstan.runtime.spi.Program;
import dev.capstan.runtime.type.CallSite;
import dev.capstan.runtime.type.CapstanException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One call of a compiled region. While it lasts, operators on its thread are queued instead of executed; the caller's Java
 * runs as always. A region inside of a region is part of it.
 */
final class Region {
    /**
     * A segment of so many events is run where it is: a loop that has no end in sight shall neither hold for ever all that it
     * makes, nor be compiled as a whole.
     */
    private static final int MOST_EVENTS = 1 << 16;

    private final PathTree tree;
    private final Stance stance;
    private final boolean shadowed;
    private final Taping taping;
    /** True if this call makes the tape while it queues operators. */
    private final boolean taped;
    /** True if a function with a gradient rule of its own was called and recorded. */
    private boolean calledFunction;

    private final ThreadState state;
    private final Visits visits;
    private List<Segment> ended = List.of();
    private @Nullable Segment segment;
    private boolean suspended;

    private Region(PathTree tree, ThreadState state, Stance stance, boolean shadowed, Taping taping) {
        this.tree = tree;
        this.state = state;
        this.stance = stance;
        this.shadowed = shadowed;
        this.taping = taping;
        this.taped = taping.isOn();
        this.visits = new Visits(this, state);
    }

    /** The region that queues operators on this thread now, or null. */
    static @Nullable Region current() {
        Region region = ThreadState.current().region;
        return region == null || region.suspended ? null : region;
    }

    /** Runs a body as a region, or plainly if a region is open already, the stance is eager or anomalies are looked for. */
    static <O> O call(PathTree tree, Shadow shadow, Taping taping, Supplier<O> body) {
        ThreadState state = ThreadState.current();
        Stance stance = Stance.of(state);
        if (stance == Stance.EAGER || state.region != null || state.anomaly != null) {
            return body.get();
        }
        if (stance == Stance.COMPILED && !tree.isOpen()) {
            return body.get();
        }
        Region region = new Region(tree, state, stance, shadow.isDue(), taping);
        state.region = region;
        try {
            O result = body.get();
            region.end(Structure.tensors(result));
            return result;
        } catch (Throwable thrown) {
            region.abandon(thrown);
            throw thrown;
        } finally {
            state.region = null;
            region.visits.close();
        }
    }

    /** Runs what this thread's region has queued or may still compute from a storage that is about to be written to. */
    static void beforeWrite(Storage storage) {
        storage.beforeWrite();
        Region region = ThreadState.current().region;
        if (region != null) {
            region.settle(storage);
        }
    }

    /** Runs operators directly until the scope is closed, inside of a region, too. */
    static GradMode.Scope suspend() {
        Region region = ThreadState.current().region;
        if (region == null || region.suspended) {
            return () -> {};
        }
        region.suspended = true;
        return () -> region.suspended = false;
    }

    /** The same for a backward pass, which in a region that makes the tape is queued with all else. */
    static GradMode.Scope suspendPass() {
        Region region = current();
        return region != null && region.taped ? () -> {} : suspend();
    }

    /** True if the tape is made while operators are queued. */
    boolean isTaped() {
        return taped;
    }

    /** Takes note of a recorded call of a function with a gradient rule of its own. */
    void calledFunction() {
        calledFunction = true;
    }

    /** Takes note of a node of the tape whose tensors are queued. */
    void made(Node node) {
        if (segment != null) {
            segment.made(node);
        }
    }

    /** Says that a backward pass goes on behind what is queued, or that a leaf does more with its gradient than to add it up. */
    void meetsMoreThanLeaves() {
        needsTape(
                calledFunction
                        ? "a function with a gradient rule of its own is differentiated"
                        : "a backward pass goes on behind the region, or meets a hook,");
    }

    /** Says that this call differentiates in a way that needs the tape. */
    void needsTape(String reason) {
        taping.begin(reason);
    }

    String name() {
        return tree.name();
    }

    /** True if this call is made eagerly, too, and compared. */
    boolean isShadowed() {
        return shadowed;
    }

    Stance stance() {
        return stance;
    }

    /** True if operators of the current thread are queued in this segment. */
    boolean queuesInto(Segment other) {
        return segment == other && !suspended && visits.areNone() && visits.isOwnThread();
    }

    /** False for a segment that has to run before more is queued. */
    static boolean hasRoom(Segment segment) {
        return segment.events() < MOST_EVENTS;
    }

    /** The segment that queues an operator of these operands, once it is begun. */
    Segment segment(Tensor... operands) {
        prepare(operands);
        if (segment == null) {
            segment = new Segment(this, tree.walk(), state);
        }
        return segment;
    }

    /** The elements of a tensor: if it is a view of one from outside nothing that is queued needs to run. */
    NdArray elements(Tensor tensor) {
        NdArray shown = segment != null && tensor.isPending() && tensor.segment() == segment
                ? segment.shown(tensor.segmentValue())
                : null;
        return shown == null ? tensor.values() : shown;
    }

    /** The same for one operand, at once where nothing needs to be done before. */
    Segment segment(Tensor operand) {
        return isReady() && segment.takes(operand) ? segment : segment(new Tensor[] {operand});
    }

    /** The same for two. */
    Segment segment(Tensor first, Tensor second) {
        return isReady() && segment.takes(first) && segment.takes(second)
                ? segment
                : segment(new Tensor[] {first, second});
    }

    private boolean isReady() {
        return segment != null && visits.areNone() && hasRoom(segment);
    }

    private void prepare(Tensor... operands) {
        visits.letIn();
        if (segment != null && !hasRoom(segment)) {
            interrupt(List.of());
        }
        for (Tensor operand : operands) {
            if (!operand.isPending() || operand.segment() != segment) {
                operand.values();
                operand.renew();
            }
        }
        for (Tensor operand : operands) {
            // a tensor that escaped from another segment is computed before this segment's own walk begins
            if (operand.isPending() && operand.segment() != segment) {
                operand.values();
            }
            if (segment != null && segment.isHiddenAlias(operand)) {
                settleWrites();
            }
        }
    }

    /**
     * Queues a write to a tensor.
     *
     * @param recording whether the tape records it
     * @param computed whether an operator on the target gave the source
     * @return false if it has to be made now, eagerly
     */
    boolean write(Tensor target, Tensor source, boolean recording, boolean computed) {
        prepare(target, source);
        if (segment == null) {
            return false;
        }
        Thread before = visits.engage();
        try {
            return segment.write(target, source, recording, computed);
        } finally {
            visits.release(before);
        }
    }

    /** Queues an update, or as much of it as can be; the rest is made eagerly. */
    void update(Update update, Tensor[] operands) {
        if (isRepeated(update, operands)) {
            return;
        }
        Tensor[] changed = new Tensor[update.formulas().length];
        for (int i = 0; i < changed.length; i++) {
            changed[i] = segment(operands).apply(update.formulas()[i], operands);
        }
        Segment whole = segment;
        for (int i = 0; i < changed.length; i++) {
            new InPlace(operands[i]).copy(changed[i]);
        }
        if (segment == whole) {
            segment.join(update, changed);
        }
    }

    private boolean isRepeated(Update update, Tensor[] operands) {
        Segment open = segment(operands);
        Thread before = visits.engage();
        try {
            return open.repeat(update, operands);
        } finally {
            visits.release(before);
        }
    }

    /**
     * Queues a backward pass from a tensor.
     *
     * @return false if it has to be made now, over the tape
     */
    boolean backward(Tensor root, @Nullable Tensor seed, boolean retainsGraph) {
        if (taped) {
            return false;
        }
        boolean queued = queuesPass(root, seed, retainsGraph);
        if (!queued && calledFunction) {
            meetsMoreThanLeaves();
        }
        return queued;
    }

    private boolean queuesPass(Tensor root, @Nullable Tensor seed, boolean retainsGraph) {
        visits.letIn();
        if (!root.isPending() || root.segment() != segment) {
            return false;
        }
        if (seed != null) {
            prepare(seed);
        }
        if (root.segment() != segment || segment == null) {
            return false;
        }
        Thread before = visits.engage();
        try {
            return segment.backward(root, seed, retainsGraph);
        } finally {
            visits.release(before);
        }
    }

    /** Makes the writes that are queued, because somebody asks for an array that they change. */
    void settleWrites() {
        bailOut(null);
    }

    /** What earlier segments may still have to compute from a storage is computed before it is overwritten. */
    void beforeOwnWrite(Storage storage) {
        for (Segment before : ended) {
            if (before.reads(storage) && before.isUnobserved()) {
                before.settle();
            }
        }
    }

    /** Runs what this thread's region has queued, before a node is made that shall come after its nodes on the tape. */
    static void beforeNode() {
        Region region = current();
        if (region != null && !region.taped && region.segment != null && region.segment.hasOperators()) {
            region.bailOut(null);
        }
    }

    /** Runs what this thread's region has queued, for these tensors above all, before something that is not queued. */
    static void endSegment(List<Tensor> wanted) {
        Region region = current();
        if (region != null) {
            region.visits.letIn();
            region.interrupt(wanted);
        }
    }

    /** Ends the segment in mid-region because one of its values is read, or null to make its writes. */
    void bailOut(@Nullable Tensor read) {
        visits.letIn();
        if (read == null) {
            interrupt(List.of());
        } else if (read.segment() == segment) {
            interrupt(List.of(read));
        }
    }

    private void interrupt(List<Tensor> wanted) {
        Segment ending = close();
        if (ending == null) {
            return;
        }
        visits.run(() -> ending.end(wanted));
        ended = ended.isEmpty() ? new ArrayList<>() : ended;
        ended.add(ending);
        ending.path().bailedOut(interruption());
    }

    private static String interruption() {
        return "interrupted at " + CallSite.current().orElse("unknown place");
    }

    /** Nobody can tell which queued values the caller still holds: all that depend on the old elements are computed. */
    void settle(Storage storage) {
        visits.letIn();
        if (segment != null && segment.reads(storage)) {
            abandonSegment();
        }
        for (Segment before : ended) {
            if (before.reads(storage)) {
                visits.run(before::settle);
            }
        }
    }

    /** Runs what is queued event by event, where no program could know what comes of it. */
    void abandonSegment() {
        abandonSegment(interruption());
    }

    private void abandonSegment(String event) {
        Segment ending = close();
        visits.run(ending::abandon);
        ending.explored().bailedOut(event);
    }

    /** True on the region's thread, and on one that acts in its place. */
    boolean isOwner() {
        return visits.isOwnThread() || ThreadState.current() == state;
    }

    /** Does something with a segment on behalf of this thread, which is not the region's, before anything else is queued. */
    void visit(Segment wanted, Runnable work) {
        Region own = ThreadState.current().region;
        visits.visit(new Visit(wanted, work), own == null ? null : own.visits);
    }

    /** The segment that takes events now, or null. */
    @Nullable
    Segment open() {
        return segment;
    }

    /** The segment, which takes no more events. */
    private Segment close() {
        Segment ending = segment;
        segment = null;
        return ending;
    }

    private void end(List<Tensor> results) {
        visits.letIn();
        Segment ending = close();
        if (ending != null) {
            visits.run(() -> ending.end(results));
        }
    }

    /** After an exception in the body: what was queued before it runs, as it would have in eager mode. */
    private void abandon(Throwable thrown) {
        visits.letIn();
        if (segment != null) {
            String place = CallSite.of(thrown).orElse("unknown place");
            abandonSegment("left by " + thrown.getClass().getSimpleName() + " at " + place);
        }
    }

    /** The program that serves a path under this region's stance, or null. */
    @Nullable
    Program program(Path path) {
        Program program = path.program(
                stance == Stance.COMPILE_NOW ? Path.Demand.NOW : Path.Demand.WHEN_HOT, Compiled.tier(state));
        if (program == null) {
            path.untapable().ifPresent(taping::begin);
        }
        if (program == null && stance == Stance.FAIL_ON_MISS) {
            throw new CapstanException(name(), "no program for this path, and the stance is to fail on a miss", "");
        }
        return program;
    }
}
