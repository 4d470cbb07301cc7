// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import static java.util.Objects.requireNonNull;
import static java.util.stream.IntStream.range;

import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Gradient;
import dev.capstan.tracer.graph.Graph.Input;
import dev.capstan.tracer.graph.Graph.Operand;
import dev.capstan.tracer.graph.Graph.Saved;
import dev.capstan.tracer.graph.Graph.Total;
import dev.capstan.tracer.rewrite.Passes;
import dev.capstan.tracer.schedule.Draft.Planned;
import dev.capstan.tracer.schedule.Schedule.Kind;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Slot;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes schedules of graphs: simplifies, fuses, orders and plans memory. The same graph gives the same schedule. With
 * assertions enabled every schedule is verified.
 */
public final class Scheduler {
    static final List<Kind> FORWARD_SLOTS = List.of(Kind.INPUT, Kind.RESULT, Kind.ARENA, Kind.KEPT);
    private static final List<Kind> BACKWARD_SLOTS =
            List.of(Kind.INPUT, Kind.KEPT, Kind.FORWARD_RESULT, Kind.GRADIENT, Kind.TOTAL, Kind.RESULT, Kind.ARENA);
    static final Set<Kind> OWN_FORWARD = EnumSet.of(Kind.RESULT, Kind.ARENA, Kind.KEPT);
    private static final Set<Kind> OWN_BACKWARD = EnumSet.of(Kind.RESULT, Kind.ARENA);

    private final Graph graph;
    private final ForwardSchedule before;
    private final Buffers buffers = new Buffers();
    private final Place[] given;
    private final Roots roots;
    private final Placement placement;
    private final Lowering lowering;
    /** For each output that is a copy its place, else null. */
    private final List<Place> copies = new ArrayList<>();

    private final List<WriteBack.Write> writes = new ArrayList<>();

    private Scheduler(Graph graph, ForwardSchedule before) {
        this.graph = graph;
        this.before = before;
        this.given = new Place[graph.definitions().size()];
        for (int value = 0; value < given.length; value++) {
            if (graph.definitions().get(value) instanceof Operand operand) {
                given[value] = place(operand);
            }
        }
        this.roots = new Roots(graph, value -> given[value].layout());
        this.placement = new Placement(graph, roots, buffers, given);
        this.lowering = new Lowering(graph, roots, buffers, placement);
    }

    /**
     * Schedules a forward graph. Its operands are {@link Input}s. A result that is a view of an input lies in that
     * input; the others lie in fresh arrays, views of one computation together, and a computation that is wanted twice
     * twice.
     *
     * @param saved the values that the backward pass reads
     */
    public static ForwardSchedule forward(Graph graph, Set<Integer> saved) {
        return forward(graph, saved, new BitSet(), List.of(), true);
    }

    /**
     * Schedules a forward graph that writes to inputs in the end.
     *
     * @param graph its last outputs are the new contents of the written inputs
     * @param saved the values that the backward pass reads
     * @param owned the results, by their position, that lie in a fresh array of their own, whatever computes them
     * @param written the inputs that are written to
     * @param exact whether it gives the bits of eager mode
     */
    public static ForwardSchedule forward(
            Graph graph, Set<Integer> saved, BitSet owned, List<Integer> written, boolean exact) {
        return forward(graph, saved, owned, written, exact, false);
    }

    /**
     * The draft of a forward graph whose repetitions are loops, however short it is: what drafts for other lengths can be
     * like. Nothing is saved for a backward pass.
     *
     * @param graph its last outputs are the new contents of the written inputs
     * @param owned the results, by their position, that lie in a fresh array of their own, whatever computes them
     * @param written the inputs that are written to
     * @param exact whether it gives the bits of eager mode
     */
    public static Draft rolled(Graph graph, BitSet owned, List<Integer> written, boolean exact) {
        return forward(graph, Set.of(), owned, written, exact, true).draft();
    }

    private static ForwardSchedule forward(
            Graph graph, Set<Integer> saved, BitSet owned, List<Integer> written, boolean exact, boolean rolls) {
        requireNonNull(graph, "graph");
        int results = graph.outputs().size() - written.size();
        List<Integer> values = saved.stream().sorted().toList();
        ForwardOutputs outputs = ForwardOutputs.of(results, values, owned);
        List<Integer> shared = outputs.shared();
        Graph simplified = simplified(graph, outputs, exact);
        List<Integer> kept = simplified.outputs().subList(shared.size(), shared.size() + values.size());
        List<Integer> apart = simplified.outputs().subList(shared.size() + values.size(), results + values.size());
        List<Integer> contents = simplified
                .outputs()
                .subList(results + values.size(), simplified.outputs().size());

        Scheduler scheduler = new Scheduler(simplified, null);
        scheduler.leaveAsEagerModeDoes(simplified.outputs().subList(0, shared.size()), shared);
        kept.forEach(value -> {
            scheduler.keep(value);
            scheduler.copies.add(null);
        });
        scheduler.leaveApart(apart, outputs.owned());
        scheduler.write(contents, written, graph);
        Draft draft = scheduler.draft(rolls);
        Planned planned = draft.planned(FORWARD_SLOTS);

        Map<Integer, Place> places = new LinkedHashMap<>();
        for (int i = 0; i < values.size(); i++) {
            places.put(values.get(i), planned.places().get(shared.size() + i));
        }
        Schedule schedule = new Schedule(
                planned.slots(), planned.steps(), outputs.results(planned.places()), planned.repetitions());
        assert ScheduleVerifier.isValid(schedule, OWN_FORWARD, List.copyOf(places.values()), written);
        return new ForwardSchedule(schedule, places, simplified, draft);
    }

    /** A forward graph after all rewrites, asked for its outputs in their order. */
    static Graph simplified(Graph graph, ForwardOutputs outputs, boolean exact) {
        return Passes.of(exact)
                .forward(
                        outputs.asked(graph),
                        outputs.shared().size(),
                        outputs.saved().size());
    }

    /**
     * Schedules a backward graph. Saved values are read where the forward schedule leaves them; gradients and totals
     * are contiguous. Each result lies contiguous in a fresh array of its own.
     *
     * @param before the forward schedule, with all values that this graph reads among its saved ones
     */
    public static Schedule backward(Graph graph, ForwardSchedule before) {
        return backward(graph, before, true);
    }

    /**
     * The same.
     *
     * @param exact whether it gives the bits of eager mode
     */
    public static Schedule backward(Graph graph, ForwardSchedule before, boolean exact) {
        requireNonNull(graph, "graph");
        requireNonNull(before, "before");
        Graph simplified = Passes.of(exact).backward(graph);
        Scheduler scheduler = new Scheduler(simplified, before);
        scheduler.leaveApart(
                simplified.outputs(), range(0, graph.outputs().size()).boxed().toList());
        Planned planned = scheduler.draft(false).planned(BACKWARD_SLOTS);
        Schedule schedule = new Schedule(planned.slots(), planned.steps(), planned.places(), planned.repetitions());
        assert ScheduleVerifier.isValid(schedule, OWN_BACKWARD, List.of(), List.of());
        return schedule;
    }

    private Place place(Operand operand) {
        DType dtype = operand.type().dtype();
        Shape shape = operand.type().shape();
        if (operand.source() instanceof Input input) {
            Layout layout = operand.layout();
            return new Place(buffers.external(Kind.INPUT, input.index(), dtype, layout.extent()), layout);
        }
        if (operand.source() instanceof Saved saved) {
            return savedPlace(saved, operand.type());
        }
        int buffer = operand.source() instanceof Gradient gradient
                ? buffers.external(Kind.GRADIENT, gradient.output(), dtype, shape.elements())
                : buffers.external(Kind.TOTAL, ((Total) operand.source()).input(), dtype, shape.elements());
        return new Place(buffer, Layout.contiguous(shape));
    }

    private Place savedPlace(Saved saved, TensorType type) {
        Place place = before == null ? null : before.saved().get(saved.value());
        if (place == null || !place.layout().shape().equals(type.shape())) {
            throw new IllegalArgumentException("value " + saved.value() + " was not saved as " + type);
        }
        Slot slot = before.schedule().slots().get(place.slot());
        Kind kind = slot.kind() == Kind.RESULT ? Kind.FORWARD_RESULT : slot.kind();
        return new Place(buffers.external(kind, slot.index(), slot.dtype(), slot.elements()), place.layout());
    }

    /** @param numbers which results they are */
    private void leaveAsEagerModeDoes(List<Integer> results, List<Integer> numbers) {
        Set<Integer> computed = new HashSet<>();
        for (int i = 0; i < results.size(); i++) {
            int value = results.get(i);
            int root = roots.of(value);
            boolean again = !roots.isAlias(value) && !computed.add(value);
            if (again && !roots.isExternal(root)) {
                copies.add(copied(numbers.get(i), value));
            } else {
                if (!roots.isExternal(root) && !placement.isRequired(root)) {
                    placement.require(root, resultBuffer(numbers.get(i), root));
                }
                copies.add(null);
            }
        }
    }

    /** @param numbers which results they are */
    private void leaveApart(List<Integer> results, List<Integer> numbers) {
        for (int i = 0; i < results.size(); i++) {
            int value = results.get(i);
            int root = roots.of(value);
            if (isFree(value)) {
                placement.require(root, resultBuffer(numbers.get(i), root));
                copies.add(null);
            } else {
                copies.add(copied(numbers.get(i), value));
            }
        }
    }

    /** True if a value is all of a computation that has no place yet. */
    private boolean isFree(int value) {
        int root = roots.of(value);
        Layout layout = roots.layout(value);
        boolean whole = layout.isContiguous()
                && layout.offset() == 0
                && layout.shape().elements() == roots.shape(root).elements();
        return whole && !roots.isExternal(root) && !placement.isRequired(root);
    }

    /** Computes new contents of inputs aside; {@link WriteBack} takes them home. */
    private void write(List<Integer> contents, List<Integer> inputs, Graph unsimplified) {
        for (int i = 0; i < contents.size(); i++) {
            int value = contents.get(i);
            int root = roots.of(value);
            TensorType type = graph.type(value);
            Place home = home(inputs.get(i), unsimplified);
            int buffer =
                    buffers.scratch(type.dtype(), type.shape().elements(), isFree(value) && placement.isHollow(root));
            if (isFree(value)) {
                placement.require(root, buffer);
                writes.add(new WriteBack.Write(buffer, type, inputs.get(i), home, root));
            } else {
                lowering.copy(value, buffer);
                writes.add(new WriteBack.Write(buffer, type, inputs.get(i), home, WriteBack.COPIED));
            }
            copies.add(new Place(buffer, Layout.contiguous(type.shape())));
        }
    }

    /** Where an input lies, which need not be read. */
    private Place home(int input, Graph unsimplified) {
        return unsimplified.definitions().stream()
                .filter(definition -> definition instanceof Operand operand
                        && operand.source() instanceof Input source
                        && source.index() == input)
                .map(definition -> place((Operand) definition))
                .findFirst()
                .orElseThrow();
    }

    private int resultBuffer(int index, int root) {
        DType dtype = graph.type(root).dtype();
        return buffers.result(index, dtype, roots.shape(root).elements(), placement.isHollow(root));
    }

    private Place copied(int index, int value) {
        TensorType type = graph.type(value);
        int buffer = buffers.result(index, type.dtype(), type.shape().elements(), false);
        lowering.copy(value, buffer);
        return new Place(buffer, Layout.contiguous(type.shape()));
    }

    private void keep(int value) {
        int root = roots.of(value);
        if (!roots.isExternal(root) && !placement.isRequired(root)) {
            DType dtype = graph.type(root).dtype();
            int elements = roots.shape(root).elements();
            placement.require(root, buffers.kept(dtype, elements, placement.isHollow(root)));
        }
    }

    /** @param rolls whether to keep repetitions apart however few they are */
    private Draft draft(boolean rolls) {
        lowering.run();
        Dependencies dependencies = new Dependencies(lowering, writes);
        Fusion fusion = new Fusion(lowering, dependencies, rolls);
        List<Unit> units = fusion.units();
        WriteBack home = new WriteBack(writes);
        List<Step> steps = home.steps(new Emission(lowering, dependencies).steps(units));
        List<Place> wanted = new ArrayList<>();
        for (int i = 0; i < graph.outputs().size() - writes.size(); i++) {
            Place copy = copies.get(i);
            wanted.add(copy != null ? copy : placement.place(graph.outputs().get(i)));
        }
        return Draft.of(steps, buffers, wanted, fusion.isRolled());
    }
}
