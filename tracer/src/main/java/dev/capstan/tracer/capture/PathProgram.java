// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.capture;

import static java.util.Objects.requireNonNull;

import dev.capstan.runtime.eager.OperatorExecutor;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.spi.Execution;
import dev.capstan.runtime.spi.Path;
import dev.capstan.runtime.spi.PathReport;
import dev.capstan.runtime.spi.Program;
import dev.capstan.runtime.spi.Tape;
import dev.capstan.runtime.spi.Tier;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Layout;
import dev.capstan.tracer.capture.ScheduleCompiler.CompiledSchedule;
import dev.capstan.tracer.graph.BackwardGraph;
import dev.capstan.tracer.graph.BackwardGraph.Arrivals;
import dev.capstan.tracer.graph.BackwardGraph.Delivery;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Recording;
import dev.capstan.tracer.graph.Recording.Event;
import dev.capstan.tracer.schedule.Draft;
import dev.capstan.tracer.schedule.ForwardSchedule;
import dev.capstan.tracer.schedule.Schedule;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Slot;
import dev.capstan.tracer.schedule.Scheduler;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/** A path in executable form: its forward program, and a backward program for each combination of gradients that came. */
final class PathProgram implements Program {
    private static final Object[] NOTHING = {};
    private static final NdArray[] NO_ARRAYS = {};

    private final String name;
    private final List<Event> events;
    private final List<Integer> outputs;
    /** Null until somebody asks for it. */
    private Recording recording;

    private final ScheduleCompiler compiler;
    private final boolean exact;
    private final Tier tier;
    private final CompileLog log;
    /** Null where nothing is left to differentiate. */
    private final ForwardSchedule forward;

    private final Schedule schedule;
    private final CompiledSchedule forwardCode;
    private final int[] outputNumbers;
    private final Tape tape;
    /** Whether it was made without a compilation. */
    private final boolean inForm;

    private final int inputs;
    private final MemoryPool pool = new MemoryPool();
    private final Frames frames;
    private final Place[] results;
    private final Slot[] keptSlots;
    /** What the last run kept whose backward pass has been, for the next one. */
    private final AtomicReference<Object[]> idle = new AtomicReference<>();

    private final Map<Arrivals, Backward> backwards = new HashMap<>();

    /**
     * A backward program; {@code code} is null while it is made and where nothing is to be computed, {@code graph} where no
     * gradient reaches an input.
     */
    private static final class Backward {
        BackwardGraph graph;
        Schedule schedule;
        Frames frames;
        CompiledSchedule code;
        boolean requested;
        boolean ready;
        /** Why it is not made, by a fault of Capstan's; null if there was none. */
        volatile String fault;
    }

    private PathProgram(
            String name,
            List<Event> events,
            List<Integer> outputs,
            ScheduleCompiler compiler,
            boolean exact,
            Tier tier,
            CompileLog log,
            ForwardSchedule forward,
            Schedule schedule,
            Tape tape) {
        this.name = name;
        this.events = events;
        this.outputs = outputs;
        this.compiler = compiler;
        this.exact = exact;
        this.tier = tier;
        this.log = log;
        this.forward = tape.walkable().isEmpty() ? null : forward.withoutDraft();
        this.schedule = schedule;
        this.inForm = forward == null;
        this.forwardCode = compiler.compile(name + "_forward", schedule, tier);
        this.inputs = inputs(events);
        this.frames = new Frames(schedule, pool);
        this.results = schedule.results().toArray(new Place[0]);
        this.keptSlots = schedule.slots().stream()
                .filter(slot -> slot.kind() == Schedule.Kind.KEPT)
                .sorted(Comparator.comparingInt(Slot::index))
                .toArray(Slot[]::new);
        this.outputNumbers = outputs.stream().mapToInt(i -> i).toArray();
        this.tape = tape;
    }

    /**
     * Compiles a path.
     *
     * @param drafted told the draft of its schedule, of which other paths may learn, if it leaves nothing to differentiate
     */
    static PathProgram compile(
            String name,
            Recording recording,
            ScheduleCompiler compiler,
            boolean exact,
            Tier tier,
            CompileLog log,
            Consumer<Draft> drafted) {
        long start = System.nanoTime();
        Tape tape = recording.tape();
        BitSet required = tape.walkable();
        Arrivals all = new Arrivals(required, new BitSet(), everyInput(recording));
        BackwardGraph complete = required.isEmpty() ? null : BackwardGraph.of(recording, all);
        Set<Integer> saved = complete == null ? Set.of() : complete.saved();
        ForwardSchedule forward =
                Scheduler.forward(recording.graph(), saved, recording.owned(), recording.written(), exact);
        PathProgram program = new PathProgram(
                name,
                recording.events(),
                recording.outputs(),
                compiler,
                exact,
                tier,
                log,
                forward,
                forward.schedule(),
                tape);
        program.recording = recording;
        log.add(System.nanoTime() - start);
        if (program.forward == null) {
            drafted.accept(forward.draft());
        }
        return program;
    }

    /** The program of a path by a schedule that is known to be what its recording says: nothing is compiled for it. */
    static PathProgram inForm(
            String name,
            Recording recording,
            Schedule schedule,
            ScheduleCompiler compiler,
            boolean exact,
            Tier tier,
            CompileLog log) {
        return new PathProgram(
                name,
                recording.events(),
                recording.outputs(),
                compiler,
                exact,
                tier,
                log,
                null,
                schedule,
                recording.tape());
    }

    private synchronized Recording recording() {
        if (recording == null) {
            recording = Recording.of(events, outputs);
        }
        return recording;
    }

    @Override
    public int[] outputs() {
        return outputNumbers;
    }

    @Override
    public Tape tape() {
        return tape;
    }

    @Override
    public Execution run(NdArray[] arguments) {
        return new Run(arguments);
    }

    /** Whether most of what it does is repetition. */
    boolean repeats() {
        return schedule.rolled();
    }

    /** Whether it was made without a compilation. */
    boolean isInForm() {
        return inForm;
    }

    /** Bytes of memory planned for a run, forward and backward, and of what is kept between runs. */
    synchronized long memory() {
        long sum = frames.memory() + forwardCode.kept();
        for (Slot slot : keptSlots) {
            sum += slot.bytes();
        }
        for (Backward backward : backwards.values()) {
            sum += backward.frames == null ? 0 : backward.frames.memory();
        }
        return sum;
    }

    /** Bytes of the drivers' class files. */
    synchronized long code() {
        long sum = forwardCode.code();
        for (Backward backward : backwards.values()) {
            sum += backward.code == null ? 0 : backward.code.code();
        }
        return sum;
    }

    /** What was generated so far, forward and backward. */
    synchronized List<PathReport.Artifact> artifacts() {
        List<PathReport.Artifact> artifacts = new ArrayList<>();
        artifacts.add(graph(name + "_forward", recording().graph()));
        artifacts.addAll(forwardCode.artifacts());
        int number = 0;
        for (Backward backward : backwards.values()) {
            if (backward.code != null) {
                artifacts.add(graph(name + "_backward" + number++, backward.graph.graph()));
                artifacts.addAll(backward.code.artifacts());
            }
        }
        return artifacts;
    }

    /** How each program runs at present. */
    synchronized List<String> tiers() {
        List<String> tiers = new ArrayList<>();
        tiers.add((inForm ? "forward, in the form of other lengths: " : "forward: ") + forwardCode.tier() + kept());
        for (Backward backward : backwards.values()) {
            if (backward.fault != null) {
                tiers.add("backward: pinned: " + backward.fault);
            } else if (backward.code != null) {
                tiers.add("backward: " + backward.code.tier());
            }
        }
        return tiers;
    }

    private String kept() {
        long kept = forwardCode.kept();
        return kept == 0 ? "" : String.format(Locale.ROOT, ", keeps copies of weights: %,d bytes", kept);
    }

    private static PathReport.Artifact graph(String name, Graph graph) {
        byte[] text = graph.toString().getBytes(StandardCharsets.UTF_8);
        return new PathReport.Artifact(PathReport.Kind.GRAPH, name + ".graph.txt", text);
    }

    /** The backward program for a combination, or null if it is not there yet and nobody waits. */
    private Backward backward(Arrivals arrivals, Path.Demand demand) {
        Backward backward;
        synchronized (this) {
            backward = backwards.computeIfAbsent(arrivals, unseen -> new Backward());
            if (backward.ready) {
                return backward;
            }
            if (demand == Path.Demand.WHEN_HOT && tier == Tier.RISING) {
                if (!backward.requested) {
                    backward.requested = true;
                    BackgroundCompiler.submit(() -> compileOrPin(backward, arrivals, Tier.RISING));
                }
                return null;
            }
        }
        compileOrPin(backward, arrivals, tier == Tier.STEPS ? tier : Tier.GENERATED);
        if (!backward.ready) {
            throw new CapstanException(name, "the backward pass cannot be compiled", backward.fault);
        }
        return backward;
    }

    private void compileOrPin(Backward backward, Arrivals arrivals, Tier how) {
        if (backward.fault != null) {
            return;
        }
        try {
            compile(backward, arrivals, how);
        } catch (RuntimeException | LinkageError | StackOverflowError e) {
            backward.fault = e.toString();
            System.getLogger("dev.capstan.tracer")
                    .log(
                            System.Logger.Level.WARNING,
                            "Capstan could not compile the backward pass of " + name
                                    + "; it stays eager. This is a fault of Capstan, not of your program.",
                            e);
        }
    }

    private void compile(Backward backward, Arrivals arrivals, Tier how) {
        long start = System.nanoTime();
        BackwardGraph graph = BackwardGraph.of(recording(), arrivals);
        boolean computes = graph != null && !graph.graph().outputs().isEmpty();
        Schedule schedule = computes ? Scheduler.backward(graph.graph(), forward, exact) : null;
        int number;
        synchronized (this) {
            if (backward.ready) {
                return;
            }
            number = new ArrayList<>(backwards.values()).indexOf(backward);
        }
        CompiledSchedule code = schedule == null ? null : compiler.compile(name + "_backward" + number, schedule, how);
        log.add(System.nanoTime() - start);
        synchronized (this) {
            if (!backward.ready) {
                backward.graph = graph;
                backward.schedule = schedule;
                backward.frames = schedule == null ? null : new Frames(schedule, pool);
                backward.code = code;
                backward.ready = true;
            }
        }
    }

    private Object[] takeKept() {
        if (keptSlots.length == 0) {
            return NOTHING;
        }
        Object[] kept = idle.getAndSet(null);
        return kept != null ? kept : Arrays.stream(keptSlots).map(pool::take).toArray();
    }

    private void giveBackKept(Object[] kept) {
        if (kept.length > 0 && !idle.compareAndSet(null, kept)) {
            for (int i = 0; i < kept.length; i++) {
                pool.giveBack(keptSlots[i], kept[i]);
            }
        }
    }

    /** One run: its arrays live until the backward pass has been. */
    private final class Run implements Execution {
        private final NdArray[] arguments;
        private final NdArray[] outputs;
        private final Storage[] made;
        private Object[] kept;

        Run(NdArray[] arguments) {
            this.arguments = arguments;
            made = new Storage[results.length];
            kept = takeKept();
            Frames.Frame frame = frames.take();
            Object[] arrays = frame.arrays;
            for (int i = 0; i < arrays.length; i++) {
                Slot slot = frames.slot(i);
                switch (slot.kind()) {
                    case INPUT -> take(arguments[slot.index()], i, frame);
                    case RESULT ->
                        arrays[i] = (made[slot.index()] = Storage.allocate(slot.dtype(), slot.elements())).array();
                    case KEPT -> arrays[i] = kept[slot.index()];
                    case ARENA -> {}
                    default -> throw new IllegalStateException("a forward schedule has no " + slot);
                }
            }
            forwardCode.run(arrays, frame.offsets, frame.sources);
            frames.giveBack(frame);
            outputs = place();
        }

        private NdArray[] place() {
            NdArray[] placed = new NdArray[results.length];
            for (int i = 0; i < placed.length; i++) {
                Slot slot = frames.slot(results[i].slot());
                Layout layout = results[i].layout();
                if (slot.kind() == Schedule.Kind.INPUT) {
                    NdArray argument = arguments[slot.index()];
                    placed[i] = argument.view(
                            layout.at(layout.offset() + argument.layout().offset()));
                } else {
                    placed[i] = new NdArray(made[slot.index()], layout);
                }
            }
            return placed;
        }

        @Override
        public NdArray[] outputs() {
            return outputs;
        }

        @Override
        public NdArray[] backward(NdArray[] gradients, NdArray[] totals, BitSet owners, Path.Demand demand) {
            Arrivals arrivals = new Arrivals(present(gradients), present(totals), owners);
            Backward backward = PathProgram.this.backward(arrivals, demand);
            if (backward == null) {
                return null;
            }
            NdArray[] sums = new NdArray[inputs];
            if (backward.graph == null) {
                return sums;
            }
            NdArray[] computed = backward.code == null ? NO_ARRAYS : compute(backward, gradients, totals);
            Deliveries deliveries = new Deliveries(gradients, totals, computed);
            for (Delivery delivery : backward.graph.deliveries()) {
                sums[delivery.input()] = deliveries.make(delivery);
            }
            return sums;
        }

        private NdArray[] compute(Backward backward, NdArray[] gradients, NdArray[] totals) {
            Frames.Frame frame = backward.frames.take();
            Object[] arrays = frame.arrays;
            List<Place> places = backward.schedule.results();
            Storage[] gained = new Storage[places.size()];
            for (int i = 0; i < arrays.length; i++) {
                Slot slot = backward.frames.slot(i);
                switch (slot.kind()) {
                    case INPUT -> take(arguments[slot.index()], i, frame);
                    case GRADIENT -> take(OperatorExecutor.contiguous(gradients[slot.index()]), i, frame);
                    case TOTAL -> take(OperatorExecutor.contiguous(totals[slot.index()]), i, frame);
                    case KEPT -> arrays[i] = requireNonNull(kept, "the run was released")[slot.index()];
                    case FORWARD_RESULT -> arrays[i] = made[slot.index()].array();
                    case RESULT ->
                        arrays[i] = (gained[slot.index()] = Storage.allocate(slot.dtype(), slot.elements())).array();
                    case ARENA -> {}
                }
            }
            backward.code.run(arrays, frame.offsets);
            backward.frames.giveBack(frame);
            NdArray[] computed = new NdArray[places.size()];
            for (int i = 0; i < computed.length; i++) {
                Slot slot = backward.frames.slot(places.get(i).slot());
                computed[i] = new NdArray(gained[slot.index()], places.get(i).layout());
            }
            return computed;
        }

        @Override
        public void release() {
            if (kept != null) {
                giveBackKept(kept);
                kept = null;
            }
        }
    }

    private static BitSet everyInput(Recording recording) {
        BitSet every = new BitSet();
        every.set(0, inputs(recording.events()));
        return every;
    }

    private static int inputs(List<Event> events) {
        return (int) events.stream()
                .filter(event -> event instanceof Recording.External)
                .count();
    }

    private static void take(NdArray array, int slot, Frames.Frame frame) {
        frame.sources[slot] = array.storage();
        frame.arrays[slot] = array.storage().array();
        frame.offsets[slot] = array.layout().offset();
    }

    private static BitSet present(NdArray[] arrays) {
        BitSet present = new BitSet();
        for (int i = 0; i < arrays.length; i++) {
            present.set(i, arrays[i] != null);
        }
        return present;
    }
}
