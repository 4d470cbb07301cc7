// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.spi.Execution;
import dev.capstan.runtime.spi.Path;
import dev.capstan.runtime.spi.Program;
import dev.capstan.runtime.spi.Tape;
import dev.capstan.runtime.spi.Walk;
import dev.capstan.runtime.type.CapstanException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A program's run as one node of the tape, with an edge for each input. It continues the sums of gradients that have
 * arrived at its inputs so far, contribution by contribution, as the operators inside would have done one by one.
 *
 * <p>Where somebody needs the operators themselves (a value that escaped, double backward), the run is made again on the
 * tape, and this node only hands gradients through to it.
 */
final class RegionNode extends Node {
    private static final BitSet NOTHING = new BitSet();

    private final String region;
    private @Nullable Segment segment;
    private final Walk walk;
    private final int events;
    private final Program program;
    private final Tape tape;
    private final Stance stance;
    private final @Nullable Edge[] edges;
    /** What the versions of {@link Tape#saved()} were. */
    private final int[] versions;
    /** The operators inside whose saved tensors a backward pass has freed. */
    private BitSet freed;
    /** The operators inside that keep something and that the last pass went through. */
    private BitSet passed = NOTHING;

    private @Nullable Execution execution;
    private @Nullable Edge @Nullable [] continuation;

    RegionNode(long sequence, Region region, Segment segment, Program program, Execution execution, Inputs inputs) {
        super(sequence);
        this.region = region.name();
        this.stance = region.stance();
        this.segment = segment;
        this.walk = segment.walk();
        this.events = segment.events();
        this.program = program;
        this.execution = execution;
        this.tape = program.tape();
        this.freed = tape.freed();
        List<Tape.Saved> saved = tape.saved();
        this.versions = new int[saved.size()];
        for (int i = 0; i < versions.length; i++) {
            versions[i] = version(saved.get(i));
        }
        this.edges = new Edge[inputs.count()];
        for (int i = 0; i < edges.length; i++) {
            edges[i] = inputs.get(i).gradientEdge();
        }
        forgetWalked();
    }

    @Override
    public String name() {
        return region + "Backward";
    }

    @Override
    @Nullable
    Edge[] edges() {
        return continuation == null ? edges : continuation;
    }

    @Override
    int inputs() {
        return program.outputs().length;
    }

    /**
     * Where the whole gradient of an output arrives: here if nothing inside uses the output, else behind this node, where
     * what the inside contributes is added.
     */
    Edge place(int output) {
        if (continuation == null && isWalkable() && segment.usesInside(program.outputs()[output])) {
            expand();
        }
        return continuation == null || continuation[output] == null ? new Edge(this, output) : continuation[output];
    }

    /**
     * Hands gradients through to the operators inside from now on. What their tape saves must not be younger than the results
     * that the caller may write to.
     *
     * @param again all values of the segment, made again
     * @param replay what has made them
     */
    void continueIn(@Nullable Tensor[] again, Replay replay) {
        int[] outputs = program.outputs();
        for (int i = 0; execution != null && i < outputs.length; i++) {
            Storage made = again[outputs[i]].values().storage();
            Storage result = execution.outputs()[i].storage();
            if (made != result) {
                made.follow(result);
            }
        }
        // what a pass has freed stays so
        replay.release(freed);
        continuation = new Edge[outputs.length];
        for (int i = 0; i < outputs.length; i++) {
            continuation[i] = again[outputs[i]].gradientEdge();
        }
        forget();
    }

    /** Makes the operators inside available on the tape. */
    void expand() {
        if (continuation == null) {
            if (!isWalkable()) {
                throw walkedAgain();
            }
            verifyResults();
            segment.expand();
        }
    }

    /** True if the operators inside can be made again. */
    boolean isWalkable() {
        return execution != null;
    }

    private void verifyKeptApart() {
        for (int i = 0; i < versions.length; i++) {
            Tape.Saved saved = tape.saved().get(i);
            if (passed.get(saved.operator())) {
                if (saved.counter() == Tape.Counter.OUTPUT && segment.hasWrites()) {
                    verifyUnnoticed(execution.outputs()[saved.number()].storage());
                }
            }
        }
    }

    /** A result that the region has written to is kept apart from what the backward pass reads. */
    private void verifyUnnoticed(Storage result) {
        if (result.writes() != result.version()) {
            throw new CapstanException(
                    region,
                    "the backward pass of the compiled region needs a result that has changed through data()",
                    result.dtype() + "[" + result.elements() + "]");
        }
    }

    private int version(Tape.Saved saved) {
        return switch (saved.counter()) {
            case INPUT -> segment.inputs().get(saved.number()).version();
            case OUTPUT -> execution.outputs()[saved.number()].storage().version();
            case VALUE -> segment.version(saved.number());
        };
    }

    /** The operators made again would not see what was written unnoticed to the results that they have saved. */
    private void verifyResults() {
        for (NdArray result : execution.outputs()) {
            Storage storage = result.storage();
            if (storage.writes() != storage.version() && !segment.reads(storage)) {
                throw new CapstanException(
                        region,
                        "the operators of the compiled region are needed after a result has changed through data()",
                        result.type().toString());
            }
        }
    }

    @Override
    void backward(@Nullable Tensor[] gradients, BackwardPass pass) {
        passed = passed(gradients, pass);
        int refusing = refusing();
        if (refusing >= 0) {
            breakOff(gradients, pass, refusing);
        }
        if (continuation != null) {
            if (pass.leadsFrom(this, continuation)) {
                handThrough(gradients, pass);
            } else {
                // a hook of this very pass needed the operators: the pass does not know them
                walkTape(gradients, pass);
            }
            return;
        }
        if (execution == null) {
            walkWithoutValues(gradients, pass);
            return;
        }
        verifyKeptApart();
        NdArray[] seeds = new NdArray[gradients.length];
        for (int i = 0; i < seeds.length; i++) {
            seeds[i] = gradients[i] == null ? null : gradients[i].values();
        }
        NdArray[] totals = new NdArray[edges.length];
        BitSet owners = new BitSet();
        for (int i = 0; i < totals.length; i++) {
            Tensor total = edges[i] == null ? null : pass.total(edges[i]);
            totals[i] = total == null ? null : total.values();
            owners.set(i, edges[i] != null && pass.endsUnseen(edges[i]));
        }
        // without a program for this pass eager mode needs the inputs as they were
        boolean now = stance != Stance.COMPILED || !segment.inputs().areUnchanged();
        NdArray[] sums = execution.backward(seeds, totals, owners, now ? Path.Demand.NOW : Path.Demand.WHEN_HOT);
        if (sums == null) {
            walkTape(gradients, pass);
            return;
        }
        for (int i = 0; i < sums.length; i++) {
            if (sums[i] != null && sums[i] != totals[i]) {
                int same = Arrays.asList(seeds).indexOf(sums[i]);
                Tensor sum = same >= 0 ? gradients[same] : new Tensor(sums[i]);
                pass.replaceTotal(edges[i], owners.get(i) ? sum.exclusive() : sum);
            }
        }
    }

    /** The operators that keep something between the outputs with a gradient and the inputs that the pass is after. */
    private BitSet passed(@Nullable Tensor[] gradients, BackwardPass pass) {
        BitSet from = new BitSet();
        for (int i = 0; i < gradients.length; i++) {
            from.set(i, gradients[i] != null);
        }
        BitSet to = targets(pass);
        return to == null ? tape.keepers(from) : tape.keepers(from, to);
    }

    /** The inputs that the pass is after; null for all. */
    private @Nullable BitSet targets(BackwardPass pass) {
        if (!pass.hasTargets()) {
            return null;
        }
        BitSet targets = new BitSet();
        for (int i = 0; i < edges.length; i++) {
            targets.set(i, edges[i] != null && pass.wants(edges[i]));
        }
        return targets;
    }

    /**
     * The operator at which eager mode refuses this pass, because what it keeps was freed or has changed; -1 for none. What the
     * continuation refuses it refuses itself.
     */
    private int refusing() {
        if (continuation != null) {
            return -1;
        }
        BitSet refusing = (BitSet) passed.clone();
        refusing.and(freed);
        for (int i = 0; i < versions.length; i++) {
            Tape.Saved saved = tape.saved().get(i);
            boolean changed = saved.overwritten() || segment != null && version(saved) != versions[i];
            if (passed.get(saved.operator()) && changed) {
                refusing.set(saved.operator());
            }
        }
        return refusing.length() - 1;
    }

    /** Does what eager mode does before an operator refuses, and refuses. */
    private void breakOff(@Nullable Tensor[] gradients, BackwardPass pass, int refusing) {
        boolean read = passed.length() - 1 > refusing;
        Tensor[] values = read ? segment.valuesOnceMore() : new Tensor[events];
        walkPart(gradients, pass, new BrokenPass(walk, refusing, values, targets(pass)));
        if (freed.get(refusing)) {
            throw walkedAgain();
        }
        for (int i = 0; i < versions.length; i++) {
            Tape.Saved saved = tape.saved().get(i);
            if (saved.operator() == refusing) {
                if (saved.overwritten()) {
                    SavedTensor.verify(name(), versions[i], versions[i] - 1, saved.type());
                }
                SavedTensor.verify(name(), version(saved), versions[i], saved.type());
            }
        }
    }

    private void walkPart(@Nullable Tensor[] gradients, BackwardPass pass, BrokenPass part) {
        begin(part, gradients, pass);
        if (part.run(edges, (edge, total) -> pass.finish(this, edge, total)) && !pass.retainsGraph()) {
            BitSet walked = part.walked();
            walked.and(passed);
            walked.or(freed);
            freed = walked;
            forgetWalked();
        }
    }

    /** Tells a pass what has arrived so far. */
    private void begin(BrokenPass part, @Nullable Tensor[] gradients, BackwardPass pass) {
        for (int i = 0; i < edges.length; i++) {
            Tensor total = edges[i] == null ? null : pass.total(edges[i]);
            if (total != null) {
                part.contributeToInput(i, total);
            }
        }
        for (int i = 0; i < gradients.length; i++) {
            if (gradients[i] != null) {
                part.contribute(program.outputs()[i], gradients[i]);
            }
        }
    }

    /** Goes through operators that keep nothing, after all that others kept was freed. */
    private void walkWithoutValues(@Nullable Tensor[] gradients, BackwardPass pass) {
        BrokenPass whole = new BrokenPass(walk, Walk.NONE, new Tensor[events], targets(pass));
        begin(whole, gradients, pass);
        if (!whole.run(edges, pass::replaceTotal)) {
            throw walkedAgain();
        }
    }

    private void handThrough(@Nullable Tensor[] gradients, BackwardPass pass) {
        for (int i = 0; i < gradients.length; i++) {
            if (gradients[i] != null && continuation[i] != null) {
                pass.contribute(continuation[i], gradients[i]);
            }
        }
    }

    /** This pass eagerly: over the tape of the run made again, up to the edges of this node. */
    private void walkTape(@Nullable Tensor[] gradients, BackwardPass pass) {
        expand();
        List<Edge> roots = new ArrayList<>();
        List<Tensor> seeds = new ArrayList<>();
        for (int i = 0; i < gradients.length; i++) {
            if (gradients[i] != null && continuation[i] != null) {
                roots.add(continuation[i]);
                seeds.add(gradients[i]);
            }
        }
        List<Edge> ends = new ArrayList<>();
        for (Edge edge : edges) {
            if (edge != null && !ends.contains(edge)) {
                ends.add(edge);
            }
        }
        Tensor[] totals = ends.stream().map(pass::total).toArray(Tensor[]::new);
        Tensor[] sums = BackwardPass.continued(roots, seeds, ends, totals, pass);
        for (int i = 0; i < sums.length; i++) {
            if (sums[i] != null) {
                pass.replaceTotal(ends.get(i), sums[i]);
            }
        }
    }

    @Override
    void release() {
        if (continuation == null) {
            BitSet all = (BitSet) passed.clone();
            all.or(freed);
            freed = all;
            forgetWalked();
        }
    }

    /** Lets the memory go that no pass needs any more. */
    private void forgetWalked() {
        BitSet walkable = tape.walkable(freed);
        // of a region that has just run, as a rule, there is one that keeps something: that is all to be asked then
        if (execution == null
                || walkable.stream()
                        .anyMatch(output -> !tape.keepers().get(output).isEmpty())
                || tape.isKept(freed)) {
            return;
        }
        if (walkable.isEmpty() && !tape.needsValues(freed)) {
            forget();
        } else {
            execution.release();
        }
    }

    private void forget() {
        if (execution != null) {
            execution.release();
            execution = null;
            // with its inputs, which nobody needs any more
            segment = null;
        }
    }
}
