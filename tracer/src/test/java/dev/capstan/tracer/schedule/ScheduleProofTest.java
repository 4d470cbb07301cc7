// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.op.Add;
import dev.capstan.runtime.op.MatrixTranspose;
import dev.capstan.runtime.op.Mm;
import dev.capstan.runtime.op.Mul;
import dev.capstan.runtime.op.Neg;
import dev.capstan.runtime.op.Select;
import dev.capstan.runtime.op.Sum;
import dev.capstan.runtime.op.Tanh;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Input;
import dev.capstan.tracer.graph.Graph.Operand;
import dev.capstan.tracer.graph.GraphBuilder;
import dev.capstan.tracer.schedule.Schedule.Kind;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Reduce;
import dev.capstan.tracer.schedule.Schedule.Slot;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The scheduler's schedules are proved, and whatever is done to them that changes a result is refuted. */
class ScheduleProofTest {
    private static final int GRAPHS = Integer.getInteger("capstan.test.graphs", 160);

    private static void prove(Schedule schedule, Graph graph) {
        prove(schedule, graph, new BitSet(), List.of());
    }

    private static void prove(Schedule schedule, Graph graph, BitSet owned, List<Integer> written) {
        ForwardOutputs outputs = ForwardOutputs.of(graph.outputs().size() - written.size(), List.of(), owned);
        new ScheduleProof(schedule, graph, Scheduler.simplified(graph, outputs, true), outputs, written).prove();
    }

    private static Schedule with(Schedule schedule, List<Step> steps) {
        return new Schedule(schedule.slots(), steps, schedule.results());
    }

    private static Schedule withResults(Schedule schedule, List<Place> results) {
        return new Schedule(schedule.slots(), schedule.steps(), results);
    }

    @Test
    void whatTheSchedulerMakesIsProved() {
        for (long seed = 0; seed < GRAPHS; seed++) {
            Random random = new Random(seed);
            Graph graph = new RandomGraphs(seed, false).graph(1 + random.nextInt(25));
            BitSet owned = new BitSet();
            graph.outputs().forEach(output -> owned.set(graph.outputs().indexOf(output), random.nextInt(4) == 0));
            ForwardSchedule plan = Scheduler.forward(graph, Set.of(), owned, List.of(), true);
            try {
                prove(plan.schedule(), graph, owned, List.of());
            } catch (IllegalStateException refuted) {
                throw new AssertionError("seed " + seed + "\n" + graph + plan.schedule(), refuted);
            }
        }
    }

    @Test
    void whatIsProvedGivesTheResultsOfTheGraph() {
        int refuted = 0;
        int wrong = 0;
        for (long seed = 0; seed < 3 * GRAPHS; seed++) {
            Random random = new Random(seed);
            Graph graph = new RandomGraphs(seed, false).graph(1 + random.nextInt(25));
            Schedule schedule = Scheduler.forward(graph, Set.of()).schedule();
            Schedule other = changed(schedule, random);
            if (other.equals(schedule)) {
                continue;
            }
            boolean proved = true;
            try {
                prove(other, graph);
            } catch (IllegalStateException notProved) {
                proved = false;
                refuted++;
            }
            boolean right = results(schedule, graph, seed).equals(results(other, graph, seed));
            wrong += right ? 0 : 1;
            if (proved && !right) {
                throw new AssertionError("seed " + seed + "\n" + graph + schedule + "as\n" + other);
            }
        }
        assertTrue(wrong > GRAPHS / 4 && refuted >= wrong, wrong + " wrong, " + refuted + " refuted");
    }

    /** Something else than the schedule. */
    private static Schedule changed(Schedule schedule, Random random) {
        List<Step> steps = new ArrayList<>(schedule.steps());
        List<Place> results = new ArrayList<>(schedule.results());
        int at = steps.isEmpty() ? 0 : random.nextInt(steps.size());
        switch (steps.isEmpty() ? 6 : random.nextInt(7)) {
            case 0 -> steps.remove(at);
            case 1 -> steps.add(random.nextInt(steps.size() + 1), steps.get(at));
            case 2 -> Collections.swap(steps, at, random.nextInt(steps.size()));
            case 3 -> steps.set(at, moved(steps.get(at), 1 + random.nextInt(5)));
            case 4 -> steps.set(at, exchanged(steps.get(at)));
            case 5 -> steps.set(at, elsewhere(steps.get(at), schedule, random));
            default -> Collections.shuffle(results, random);
        }
        return new Schedule(schedule.slots(), steps, results);
    }

    /** The same step, its first place some elements on. */
    private static Step moved(Step step, int by) {
        List<Place> moved = new ArrayList<>();
        return Steps.moved(step, place -> {
            moved.add(place);
            Layout layout = place.layout();
            return moved.size() > 1 ? place : new Place(place.slot(), layout.at(layout.offset() + by));
        });
    }

    /** The same step, one place of which is another one of the same shape and type. */
    private static Step elsewhere(Step step, Schedule schedule, Random random) {
        Place from = step.places().get(random.nextInt(step.places().size()));
        List<Place> others = schedule.steps().stream()
                .flatMap(other -> other.places().stream())
                .filter(place -> place.layout().shape().equals(from.layout().shape())
                        && schedule.slots().get(place.slot()).dtype()
                                == schedule.slots().get(from.slot()).dtype())
                .toList();
        Place to = others.get(random.nextInt(others.size()));
        return Steps.moved(step, place -> place.equals(from) ? to : place);
    }

    /** The same step, its first two inputs exchanged. */
    private static Step exchanged(Step step) {
        if (!(step instanceof Loop loop) || loop.inputs().size() < 2) {
            return step;
        }
        List<Place> inputs = new ArrayList<>(loop.inputs());
        Collections.swap(inputs, 0, 1);
        return new Loop(loop.kernel(), loop.shape(), inputs, loop.outputs());
    }

    /** What a schedule gives; its exception, if it has one. */
    private static Object results(Schedule schedule, Graph graph, long seed) {
        Map<Integer, NdArray> inputs = new HashMap<>();
        Random random = new Random(seed);
        graph.definitions().forEach(definition -> {
            if (definition instanceof Operand operand) {
                inputs.put(
                        ((Input) operand.source()).index(),
                        RandomGraphs.fill(operand.type(), operand.layout(), random));
            }
        });
        try {
            ScheduleInterpreter run = new ScheduleInterpreter(schedule, slot -> {
                        NdArray input = inputs.get(slot.index());
                        return input.view(
                                ScheduleInterpreter.offset(input.layout().offset()));
                    })
                    .run();
            List<List<Number>> results = new ArrayList<>();
            schedule.results().forEach(place -> {
                NdArray result = run.at(place);
                List<Number> elements = new ArrayList<>();
                for (int position : result.positions()) {
                    elements.add(Scalars.get(result, position));
                }
                results.add(elements);
            });
            return results;
        } catch (RuntimeException | AssertionError impossible) {
            return impossible.toString();
        }
    }

    private static int operand(GraphBuilder ops, int index, int... sizes) {
        Shape shape = Shape.of(sizes);
        return ops.operand(new Input(index), new TensorType(DType.FLOAT32, shape), Layout.contiguous(shape));
    }

    /** A recurrence over so many times. */
    private static Graph recurrence(int times) {
        GraphBuilder ops = new GraphBuilder();
        int x = operand(ops, 0, times, 2, 3);
        int w = operand(ops, 1, 3, 3);
        int state = operand(ops, 2, 2, 3);
        for (int t = 0; t < times; t++) {
            int sum = ops.apply(new Add(), List.of(Mm.mm(ops, state, w), Select.select(ops, x, 0, t)));
            state = Tanh.tanh(ops, ops.apply(new Mul(), List.of(sum, ops.number(0.001))));
        }
        return ops.build(List.of(state, Neg.neg(ops, state)));
    }

    @Test
    void whatHardlyCountsInTheEndIsNotForgotten() {
        Graph graph = recurrence(200);
        Schedule schedule = Scheduler.forward(graph, Set.of()).schedule();
        prove(schedule, graph);
        List<Step> steps = new ArrayList<>(schedule.steps());
        // the second time reads the third element
        for (int i = 0; i < steps.size(); i++) {
            if (steps.get(i) instanceof Loop loop
                    && loop.inputs().stream().anyMatch(place -> isOf(place, schedule, 6))) {
                steps.set(
                        i,
                        Steps.moved(
                                loop,
                                place -> isOf(place, schedule, 6)
                                        ? new Place(place.slot(), place.layout().at(12))
                                        : place));
            }
        }
        Schedule wrong = with(schedule, steps);
        assertTrue(!wrong.steps().equals(schedule.steps()));
        assertEquals(results(schedule, graph, 1), results(wrong, graph, 1));
        assertThrows(IllegalStateException.class, () -> prove(wrong, graph));
    }

    private static boolean isOf(Place place, Schedule schedule, int offset) {
        Slot slot = schedule.slots().get(place.slot());
        return slot.kind() == Kind.INPUT && slot.index() == 0 && place.layout().offset() == offset;
    }

    @Test
    void aLoopOrReductionOfAnotherShapeIsRefuted() {
        int loops = 0;
        int reductions = 0;
        int types = 0;
        int graphs = GRAPHS / 4;
        for (long seed = 0; seed < graphs; seed++) {
            Graph graph = new RandomGraphs(seed, false).graph(1 + new Random(seed).nextInt(25));
            Schedule schedule = Scheduler.forward(graph, Set.of()).schedule();
            for (int i = 0; i < schedule.steps().size(); i++) {
                Step step = schedule.steps().get(i);
                if (step instanceof Loop loop && loop.shape().elements() > 1) {
                    refute(schedule, i, smaller(loop), graph);
                    loops++;
                } else if (step instanceof Reduce reduce) {
                    List<Boolean> reversed = new ArrayList<>(reduce.reduced());
                    Collections.reverse(reversed);
                    if (!reversed.equals(reduce.reduced()) && reduce.domain().elements() > 1) {
                        refute(schedule, i, reduced(reduce, reversed), graph);
                    }
                    List<Boolean> fewer = new ArrayList<>(reduce.reduced());
                    int first = fewer.indexOf(true);
                    if (first >= 0 && reduce.domain().size(first) > 1) {
                        fewer.set(first, false);
                        refute(schedule, i, reduced(reduce, fewer), graph);
                        reductions++;
                    }
                }
            }
            for (int i = 0; i < schedule.slots().size(); i++) {
                Slot slot = schedule.slots().get(i);
                if (slot.kind() != Kind.INPUT && slot.elements() > 0 && isUsed(schedule, i)) {
                    List<Slot> slots = new ArrayList<>(schedule.slots());
                    DType other = slot.dtype() == DType.INT32 ? DType.FLOAT32 : DType.INT32;
                    slots.set(i, new Slot(slot.kind(), slot.index(), other, slot.elements()));
                    Schedule wrong = new Schedule(slots, schedule.steps(), schedule.results());
                    assertThrows(IllegalStateException.class, () -> prove(wrong, graph), "seed " + seed);
                    types++;
                }
            }
        }
        String found = loops + " loops, " + reductions + " reductions, " + types + " slots";
        assertTrue(loops > graphs && reductions > 0 && types > graphs, found);
    }

    private static boolean isUsed(Schedule schedule, int slot) {
        return schedule.steps().stream()
                .flatMap(step -> step.places().stream())
                .anyMatch(place -> place.slot() == slot);
    }

    private static Loop smaller(Loop loop) {
        int[] sizes = loop.shape().sizes();
        int dimension = 0;
        while (sizes[dimension] == 1) {
            dimension++;
        }
        sizes[dimension]--;
        return new Loop(loop.kernel(), Shape.of(sizes), loop.inputs(), loop.outputs());
    }

    private static Reduce reduced(Reduce reduce, List<Boolean> dimensions) {
        return new Reduce(reduce.kernel(), reduce.domain(), dimensions, reduce.inputs(), reduce.output());
    }

    private static void refute(Schedule schedule, int at, Step step, Graph graph) {
        assertTrue(isRefuted(schedule, at, step, graph), () -> step + " in\n" + schedule);
    }

    private static boolean isRefuted(Schedule schedule, int at, Step step, Graph graph) {
        List<Step> steps = new ArrayList<>(schedule.steps());
        steps.set(at, step);
        try {
            prove(with(schedule, steps), graph);
            return false;
        } catch (IllegalStateException refuted) {
            return true;
        }
    }

    @Test
    void aPlaceThatMovesIsNotConstant() {
        Graph graph = recurrence(40);
        Schedule schedule = Scheduler.rolled(graph, new BitSet(), List.of(), true)
                .rolled(ForwardOutputs.of(2, List.of(), new BitSet()));
        prove(schedule, graph);
        int refuted = 0;
        for (int i = 0; i < schedule.repetitions().size(); i++) {
            Repetition repetition = schedule.repetitions().get(i);
            BitSet constant = repetition.constant();
            int slots = repetition.body().slots().size();
            for (int slot = constant.nextClearBit(0); slot < slots; slot = constant.nextClearBit(slot + 1)) {
                BitSet more = repetition.constant();
                more.set(slot);
                List<Repetition> repetitions = new ArrayList<>(schedule.repetitions());
                repetitions.set(i, withConstant(repetition, more));
                Schedule wrong =
                        new Schedule(schedule.slots(), schedule.steps(), schedule.results(), repetitions, true);
                assertThrows(IllegalStateException.class, () -> prove(wrong, graph));
                refuted++;
            }
        }
        assertTrue(refuted > 0);
    }

    private static Repetition withConstant(Repetition repetition, BitSet constant) {
        int[][] slots = new int[repetition.times()][repetition.body().slots().size()];
        int[][] offsets = new int[slots.length][slots[0].length];
        for (int time = 0; time < slots.length; time++) {
            for (int slot = 0; slot < slots[time].length; slot++) {
                slots[time][slot] = repetition.slot(time, slot);
                offsets[time][slot] = repetition.offset(time, slot);
            }
        }
        return new Repetition(repetition.first(), repetition.body(), slots, offsets, constant);
    }

    /** Products of a state with one matrix. */
    private static Graph products(int rows) {
        GraphBuilder ops = new GraphBuilder();
        int w = operand(ops, 0, 1024, 1024);
        int state = operand(ops, 1, rows, 1024);
        for (int t = 0; t < 100; t++) {
            state = Mm.mm(ops, state, w);
        }
        return ops.build(List.of(state));
    }

    @Test
    void elementsAreNotCounted() {
        Graph graph = products(1024);
        assertTimeout(
                Duration.ofSeconds(10),
                () -> prove(Scheduler.forward(graph, Set.of()).schedule(), graph));
    }

    /** The product of two products of an input's elements. */
    private static Graph grouped(int... order) {
        GraphBuilder ops = new GraphBuilder();
        int x = operand(ops, 0, 4, 3);
        int[] rows = new int[order.length];
        for (int i = 0; i < order.length; i++) {
            rows[i] = Select.select(ops, x, 0, order[i]);
        }
        int one = ops.apply(new Mul(), List.of(rows[0], rows[1]));
        int other = ops.apply(new Mul(), List.of(rows[2], rows[3]));
        return ops.build(List.of(ops.apply(new Mul(), List.of(one, other))));
    }

    @Test
    void operandsInAnotherOrderAreRefuted() {
        Graph graph = grouped(0, 1, 2, 3);
        Schedule schedule = Scheduler.forward(graph, Set.of()).schedule();
        prove(schedule, graph);
        for (int[] order : new int[][] {{0, 2, 1, 3}, {1, 0, 2, 3}, {2, 3, 0, 1}, {0, 1, 3, 2}, {3, 1, 2, 0}}) {
            assertThrows(IllegalStateException.class, () -> prove(schedule, grouped(order)));
        }
    }

    /** The sum of sums of a matrix, or of its transpose. */
    private static Graph sums(boolean transposed) {
        GraphBuilder ops = new GraphBuilder();
        int x = operand(ops, 0, 5, 5);
        int rows = Sum.sum(ops, transposed ? MatrixTranspose.t(ops, x) : x, List.of(1), false);
        return ops.build(List.of(Sum.sum(ops, rows, List.of(0), false)));
    }

    /** A product with the product of a matrix with itself. */
    private static Graph squares(boolean transposed) {
        GraphBuilder ops = new GraphBuilder();
        int x = operand(ops, 0, 5, 5);
        int left = transposed ? MatrixTranspose.t(ops, x) : x;
        return ops.build(List.of(Mm.mm(ops, Mm.mm(ops, left, left), left)));
    }

    @Test
    void aTransposedMatrixIsAnotherOne() {
        for (List<Graph> graphs : List.of(List.of(sums(false), sums(true)), List.of(squares(false), squares(true)))) {
            Schedule schedule = Scheduler.forward(graphs.get(0), Set.of()).schedule();
            prove(schedule, graphs.get(0));
            assertThrows(IllegalStateException.class, () -> prove(schedule, graphs.get(1)));
        }
    }

    @Test
    void resultsInAnotherOrderAreRefuted() {
        Graph graph = recurrence(3);
        Schedule schedule = Scheduler.forward(graph, Set.of()).schedule();
        List<Place> results = new ArrayList<>(schedule.results());
        Collections.reverse(results);
        assertThrows(IllegalStateException.class, () -> prove(withResults(schedule, results), graph));
    }

    @Test
    void aCopyInThePlaceOfAViewIsRefuted() {
        GraphBuilder ops = new GraphBuilder();
        int x = operand(ops, 0, 4, 3);
        Graph view = ops.build(List.of(Select.select(ops, x, 0, 2)));
        ops = new GraphBuilder();
        x = operand(ops, 0, 4, 3);
        Graph copy =
                ops.build(List.of(ops.apply(new dev.capstan.runtime.op.Clone(), List.of(Select.select(ops, x, 0, 2)))));
        Schedule viewed = Scheduler.forward(view, Set.of()).schedule();
        Schedule copied = Scheduler.forward(copy, Set.of()).schedule();
        prove(viewed, view);
        prove(copied, copy);
        assertThrows(IllegalStateException.class, () -> prove(copied, view));
        assertThrows(IllegalStateException.class, () -> prove(viewed, copy));
    }

    @Test
    void aWriteThatIsMadeTwiceIsRefuted() {
        GraphBuilder ops = new GraphBuilder();
        int x = operand(ops, 0, 5);
        Graph graph = ops.build(List.of(ops.apply(new Mul(), List.of(x, ops.number(3)))));
        Schedule schedule = Scheduler.forward(graph, Set.of(), new BitSet(), List.of(0), true)
                .schedule();
        prove(schedule, graph, new BitSet(), List.of(0));
        List<Step> twice = new ArrayList<>(schedule.steps());
        twice.addAll(schedule.steps());
        assertThrows(IllegalStateException.class, () -> prove(with(schedule, twice), graph, new BitSet(), List.of(0)));
        assertThrows(
                IllegalStateException.class, () -> prove(with(schedule, List.of()), graph, new BitSet(), List.of(0)));
    }

    @Test
    void stepsOfTwoRepetitionsAreRefuted() {
        Graph graph = recurrence(40);
        ForwardOutputs outputs = ForwardOutputs.of(2, List.of(), new BitSet());
        Schedule schedule =
                Scheduler.rolled(graph, new BitSet(), List.of(), true).rolled(outputs);
        prove(schedule, graph);
        List<Repetition> twice = new ArrayList<>(schedule.repetitions());
        assertTrue(!twice.isEmpty());
        twice.addAll(schedule.repetitions());
        Schedule wrong = new Schedule(schedule.slots(), schedule.steps(), schedule.results(), twice, true);
        assertThrows(IllegalStateException.class, () -> prove(wrong, graph));
    }
}
