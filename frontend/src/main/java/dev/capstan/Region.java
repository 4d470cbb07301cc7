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
    private final PathTree tree;
    private final Stance stance;
    private final boolean shadowed;
    private final Thread thread = Thread.currentThread();
    private final ThreadState state;
    private List<Segment> ended = List.of();
    private @Nullable Segment segment;
    private boolean suspended;

    private Region(PathTree tree, ThreadState state, Stance stance, boolean shadowed) {
        this.tree = tree;
        this.state = state;
        this.stance = stance;
        this.shadowed = shadowed;
    }

    /** The region that queues operators on this thread now, or null. */
    static @Nullable Region current() {
        Region region = ThreadState.current().region;
        return region == null || region.suspended ? null : region;
    }

    /** Runs a body as a region, or plainly if a region is open already, the stance is eager or anomalies are looked for. */
    static <O> O call(PathTree tree, Shadow shadow, Supplier<O> body) {
        ThreadState state = ThreadState.current();
        Stance stance = Stance.of(state);
        if (stance == Stance.EAGER || state.region != null || state.anomaly != null) {
            return body.get();
        }
        if (stance == Stance.COMPILED && !tree.isOpen()) {
            return body.get();
        }
        Region region = new Region(tree, state, stance, shadow.isDue());
        state.region = region;
        try {
            O result = body.get();
            region.end(Structure.tensors(result));
            return result;
        } finally {
            try {
                region.abandon();
            } finally {
                state.region = null;
            }
        }
    }

    /** Runs what this thread's region has queued or may still compute from a storage that is about to be written to. */
    static void beforeWrite(Storage storage) {
        Region region = ThreadState.current().region;
        if (region != null) {
            region.settle(storage);
        }
    }

    /** Makes the backward passes that this thread's region has queued, before something changes what they do. */
    static void settlePasses() {
        Region region = current();
        if (region != null && region.segment != null && region.segment.hasPasses()) {
            region.bailOut(null);
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
        return segment == other && !suspended && thread == Thread.currentThread();
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

    private void prepare(Tensor... operands) {
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
        return segment != null && segment.write(target, source, recording, computed);
    }

    /** Queues an update, or as much of it as can be; the rest is made eagerly. */
    void update(Update update, Tensor[] operands) {
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

    /**
     * Queues a backward pass from a tensor.
     *
     * @return false if it has to be made now, over the tape
     */
    boolean backward(Tensor root, @Nullable Tensor seed, boolean retainsGraph) {
        if (!root.isPending() || root.segment() != segment) {
            return false;
        }
        if (seed != null) {
            prepare(seed);
        }
        return root.segment() == segment && segment != null && segment.backward(root, seed, retainsGraph);
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

    /** Runs what this thread's region has queued, for these tensors above all, before something that is not queued. */
    static void endSegment(List<Tensor> wanted) {
        Region region = current();
        if (region != null && region.segment != null) {
            region.interrupt(wanted);
        }
    }

    /** Ends the segment in mid-region because one of its values is read, or null to make its writes. */
    void bailOut(@Nullable Tensor read) {
        if (Thread.currentThread() != thread) {
            throw new CapstanException(
                    name(),
                    "another thread reads a tensor while the compiled region still queues it",
                    read == null ? "" : read.shape().toString());
        }
        interrupt(read == null ? List.of() : List.of(read));
    }

    private void interrupt(List<Tensor> wanted) {
        Segment ending = close();
        ending.end(wanted);
        ended = ended.isEmpty() ? new ArrayList<>() : ended;
        ended.add(ending);
        ending.path().bailedOut(CallSite.current().orElse("unknown place"));
    }

    /** Nobody can tell which queued values the caller still holds: all that depend on the old elements are computed. */
    private void settle(Storage storage) {
        if (segment != null && segment.reads(storage)) {
            Segment ending = close();
            ending.abandon();
            ending.explored().bailedOut(CallSite.current().orElse("unknown place"));
        }
        for (Segment before : ended) {
            if (before.reads(storage)) {
                before.settle();
            }
        }
    }

    /** The segment, which takes no more events. */
    private Segment close() {
        Segment ending = segment;
        segment = null;
        return ending;
    }

    private void end(List<Tensor> results) {
        if (segment != null) {
            close().end(results);
        }
    }

    /** After an exception in the body: what was queued before it runs, as it would have in eager mode. */
    private void abandon() {
        if (segment != null) {
            close().abandon();
        }
    }

    /** The program that serves a path under this region's stance, or null. */
    @Nullable
    Program program(Path path) {
        Program program = path.program(
                stance == Stance.COMPILE_NOW ? Path.Demand.NOW : Path.Demand.WHEN_HOT, Compiled.tier(state));
        if (program == null && stance == Stance.FAIL_ON_MISS) {
            throw new CapstanException(name(), "no program for this path, and the stance is to fail on a miss", "");
        }
        return program;
    }
}
