// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.capture;

import dev.capstan.runtime.spi.Path;
import dev.capstan.runtime.spi.PathReport;
import dev.capstan.runtime.spi.Program;
import dev.capstan.runtime.spi.Tier;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.tracer.graph.Lineage;
import dev.capstan.tracer.graph.Recording;
import dev.capstan.tracer.schedule.Draft;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * One path of a tree, and what was compiled for it. It counts visits until it is hot, is compiled in the background, and
 * from then on serves calls; a fault while compiling pins it to eager mode for good. When a value turns out to be needed
 * outside, a new program with that output takes the place of the old one.
 */
final class CapturedPath implements Path {
    private static final System.Logger LOG = System.getLogger("dev.capstan.tracer");
    /** Orders uses of paths; that two uses at once may count as one does no harm. */
    private static long clock;

    /** What one call leaves to the next may be read in the middle of that. */
    private static final int OBSERVATIONS = 2;

    /** Where the path stands; {@link Compiled} may be out of date while a better program is made. */
    private sealed interface State {}

    private record Counting() implements State {}

    private record Compiling() implements State {}

    private record Compiled() implements State {}

    /**
     * Eager for good.
     *
     * @param cause what keeps a program from being made
     */
    private record Pinned(String reason, Cause cause) implements State {}

    private enum Cause {
        /** A fault of Capstan's. */
        FAULT,
        /** What the tape behind results would be. */
        TAPE,
        /** Where results lie. */
        RESULTS
    }

    private final String region;
    private final int number;
    private final String origin;
    private final int threshold;
    private final ScheduleCompiler compiler;
    private final boolean exact;
    private final Forms forms;
    private final TreeNode leaf;
    private final int[] wanted;
    /** Told when a program is there. */
    private final Consumer<CapturedPath> installed;

    private final boolean writesInputs;
    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();
    private final AtomicInteger observations = new AtomicInteger();
    private final Map<String, Long> bailOuts = new LinkedHashMap<>();
    private final TreeSet<Integer> escaped = new TreeSet<>();
    private final CompileLog log = new CompileLog();
    private volatile long lastUse;
    private volatile PathProgram program;
    private volatile State state = new Counting();
    /** Programs that somebody wanted to run otherwise than by default. */
    private final Map<Tier, PathProgram> forced = new EnumMap<>(Tier.class);

    private volatile Object note;
    private volatile boolean forgotten;
    private long visitsWhileCounting;

    CapturedPath(
            String region,
            int number,
            String origin,
            int threshold,
            ScheduleCompiler compiler,
            boolean exact,
            Forms forms,
            TreeNode leaf,
            int[] wanted,
            Consumer<CapturedPath> installed) {
        this.region = region;
        this.number = number;
        this.origin = origin;
        this.threshold = threshold;
        this.compiler = compiler;
        this.exact = exact;
        this.forms = forms;
        this.leaf = leaf;
        this.wanted = wanted;
        this.installed = installed;
        this.lastUse = ++clock;
        this.writesInputs = leaf.hasWrites() && new Lineage(leaf.events()).writesInputs();
    }

    int[] wanted() {
        return wanted;
    }

    TreeNode leaf() {
        return leaf;
    }

    long lastUse() {
        return lastUse;
    }

    /** The tree has dropped it: a compilation that still waits is of no use. */
    void forgotten() {
        forgotten = true;
    }

    @Override
    public Program program(Demand demand, Tier tier) {
        lastUse = ++clock;
        // a compilation that begins now does not serve this call, however fast it is, unless the caller waits for it
        PathProgram current = program;
        if (!(state instanceof Compiled)) {
            advance(demand);
            current = demand == Demand.NOW ? program : current;
        }
        boolean complete = !writesInputs || isObserved() && state instanceof Compiled;
        if (current != null && complete) {
            hits.increment();
            return tier == Tier.RISING ? current : inTier(tier, current);
        }
        misses.increment();
        return null;
    }

    /** A program of the same path that runs in this tier, made on the caller's thread. */
    private PathProgram inTier(Tier tier, PathProgram like) {
        synchronized (forced) {
            PathProgram known = forced.get(tier);
            if (known == null || !Arrays.equals(known.outputs(), like.outputs())) {
                known = make(recording(like.outputs()), tier, draft -> {});
                forced.put(tier, known);
            }
            return known;
        }
    }

    /** @param drafted told of a program that had to be compiled, of which others may learn */
    private PathProgram make(Recording recording, Tier tier, Consumer<Draft> drafted) {
        String name = region + "_" + number;
        long start = System.nanoTime();
        Optional<PathProgram> inForm = forms.program(
                recording, exact, known -> PathProgram.inForm(name, recording, known, compiler, exact, tier, log));
        if (inForm.isEmpty()) {
            return PathProgram.compile(name, recording, compiler, exact, tier, log, drafted);
        }
        log.addWithoutCompilation(System.nanoTime() - start);
        return inForm.get();
    }

    private Recording recording(int[] outputs) {
        return Recording.of(leaf.events(), IntStream.of(outputs).boxed().toList());
    }

    private void advance(Demand demand) {
        boolean now = demand == Demand.NOW;
        synchronized (this) {
            if (state instanceof Counting && (now || ++visitsWhileCounting >= threshold)) {
                state = new Compiling();
                if (!now) {
                    BackgroundCompiler.submit(this::compileInBackground);
                }
            } else if (!now) {
                return;
            }
        }
        if (now) {
            compile(Tier.GENERATED);
            if (state instanceof Pinned pinned && pinned.cause() == Cause.FAULT) {
                throw new CapstanException(region, "the path cannot be compiled", pinned.reason());
            }
        }
    }

    private void compileInBackground() {
        if (!forgotten) {
            compile(Tier.RISING);
        }
    }

    /** Makes the program for what is wanted now; on the background thread, or on the caller's who waits. */
    private void compile(Tier tier) {
        int[] outputs;
        Recording recording;
        List<Draft> drafts = new ArrayList<>();
        synchronized (this) {
            if (state instanceof Pinned || state instanceof Compiled) {
                return;
            }
            outputs = outputs();
        }
        try {
            recording = recording(outputs);
            Optional<State> obstacle = recording
                    .tapeObstacle()
                    .<State>map(reason -> new Pinned(reason, Cause.TAPE))
                    .or(() -> recording.resultObstacle().map(reason -> new Pinned(reason, Cause.RESULTS)));
            if (obstacle.isPresent()) {
                state = obstacle.get();
                program = null;
                return;
            }
            PathProgram made = make(recording, tier, drafts::add);
            synchronized (this) {
                program = made;
                // a value that escaped in the meantime asks for another program
                state = Arrays.equals(outputs, outputs()) ? new Compiled() : new Counting();
                visitsWhileCounting = threshold;
            }
        } catch (RuntimeException | LinkageError | StackOverflowError e) {
            state = new Pinned(e.toString(), Cause.FAULT);
            LOG.log(
                    Level.WARNING,
                    "Capstan could not compile path " + number + " of " + region
                            + "; it stays eager. This is a fault of Capstan, not of your program.",
                    e);
            return;
        }
        installed.accept(this);
        // not before the program is there, for which others wait
        String form = region + "_" + number + "_form";
        drafts.forEach(draft -> forms.learn(recording, draft, exact, known -> compiler.compile(form, known, tier)));
    }

    private int[] outputs() {
        return IntStream.concat(IntStream.of(wanted), escaped.stream().mapToInt(i -> i))
                .distinct()
                .toArray();
    }

    @Override
    public Optional<String> untapable() {
        return state instanceof Pinned pinned && pinned.cause() == Cause.TAPE
                ? Optional.of(pinned.reason())
                : Optional.empty();
    }

    /** Bytes of memory that the program plans for a run; 0 without one. */
    long memory() {
        PathProgram current = program;
        return current == null ? 0 : current.memory();
    }

    /** Whether the program repeats itself. */
    boolean repeats() {
        PathProgram current = program;
        return current != null && current.repeats();
    }

    /** Whether its program was made without a compilation. */
    boolean isInForm() {
        PathProgram current = program;
        return current != null && current.isInForm();
    }

    /** Forgets the program; the path may become hot again. */
    synchronized void drop() {
        program = null;
        synchronized (forced) {
            forced.clear();
        }
        if (state instanceof Compiled) {
            state = new Counting();
            visitsWhileCounting = 0;
        }
    }

    @Override
    public boolean isObserved() {
        return observations.get() >= OBSERVATIONS;
    }

    @Override
    public void observed() {
        observations.incrementAndGet();
    }

    @Override
    public Object note() {
        return note;
    }

    @Override
    public void note(Object immutable) {
        note = immutable;
    }

    @Override
    public synchronized void escaped(int value) {
        if (escaped.add(value) && state instanceof Compiled) {
            state = new Counting();
            visitsWhileCounting = threshold;
        }
    }

    @Override
    public synchronized void bailedOut(String event) {
        bailOuts.merge(event, 1L, Long::sum);
    }

    PathReport report() {
        List<String> events = new ArrayList<>();
        synchronized (this) {
            bailOuts.forEach((event, count) -> events.add(event + ": " + count));
        }
        PathProgram current = program;
        List<String> tiers = new ArrayList<>(current == null ? List.of() : current.tiers());
        synchronized (forced) {
            forced.values().forEach(other -> tiers.addAll(other.tiers()));
        }
        return new PathReport(
                number,
                () -> recording(outputs()).graph().toString(),
                origin,
                leaf.depth(),
                describe(),
                hits.sum() + misses.sum(),
                hits.sum(),
                log.compilations(),
                log.nanos(),
                current == null ? 0 : current.memory(),
                current == null ? 0 : current.code(),
                events,
                tiers,
                current == null ? List::of : current::artifacts);
    }

    private String describe() {
        State now = state;
        if (now instanceof Pinned pinned) {
            return "pinned: " + pinned.reason();
        }
        return program != null ? "compiled" : now instanceof Compiling ? "compiling" : "counting";
    }
}
