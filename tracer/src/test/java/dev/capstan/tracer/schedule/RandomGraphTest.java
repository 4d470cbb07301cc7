// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import dev.capstan.tracer.graph.Graph.Gradient;
import dev.capstan.tracer.graph.Graph.Input;
import dev.capstan.tracer.graph.Graph.Saved;
import dev.capstan.tracer.graph.Graph.Source;
import dev.capstan.tracer.graph.Graph.Total;
import dev.capstan.tracer.rewrite.LayoutAlgebra;
import dev.capstan.tracer.rewrite.Pass;
import dev.capstan.tracer.rewrite.Passes;
import dev.capstan.tracer.rewrite.Roles;
import dev.capstan.tracer.schedule.Schedule.Kind;
import dev.capstan.tracer.schedule.Schedule.Slot;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Schedules against graphs, bit for bit, on random graphs; a failure prints seed and graph. */
class RandomGraphTest {
    private static final int GRAPHS = Integer.getInteger("capstan.test.graphs", 400);

    @Test
    void forwardScheduleEqualsGraph() {
        for (long seed = 0; seed < GRAPHS; seed++) {
            Random random = new Random(seed);
            Graph graph = new RandomGraphs(seed, false).graph(1 + random.nextInt(25));
            Set<Integer> saved = new TreeSet<>();
            for (int i = random.nextInt(5); i > 0; i--) {
                int value = random.nextInt(graph.definitions().size());
                if (graph.definitions().get(value) instanceof Apply) {
                    saved.add(value);
                }
            }
            checked(seed, graph, () -> new Run(graph, saved, random).forward());
        }
    }

    @Test
    void backwardScheduleEqualsGraph() {
        for (long seed = 0; seed < GRAPHS; seed++) {
            Random random = new Random(seed);
            Graph graph = new RandomGraphs(seed, true).graph(1 + random.nextInt(20));
            Gradients.Result gradients = Gradients.of(graph, random.nextBoolean());
            checked(
                    seed,
                    graph,
                    () -> checked(0, gradients.graph(), () -> {
                        Run run = new Run(graph, gradients.saved(), random);
                        run.forward();
                        run.backward(gradients.graph());
                    }));
        }
    }

    @Test
    void everyPassKeepsTheBits() {
        for (long seed = 0; seed < GRAPHS; seed++) {
            Random random = new Random(seed);
            Graph graph = new RandomGraphs(seed, false).graph(1 + random.nextInt(25));
            checked(seed, graph, () -> {
                Map<Source, NdArray> operands = new HashMap<>();
                List<List<Number>> expected = outputs(graph, operands, random);
                for (Pass pass : Passes.EXACT.order()) {
                    Graph rewritten = pass.apply(graph, Roles.backward(graph));
                    assertEquals(expected, outputs(rewritten, operands, random), pass.name());
                }
            });
        }
    }

    private static List<List<Number>> outputs(Graph graph, Map<Source, NdArray> operands, Random random) {
        NdArray[] values = GraphInterpreter.run(
                graph,
                operand -> operands.computeIfAbsent(
                        operand.source(), unseen -> RandomGraphs.fill(operand.type(), operand.layout(), random)));
        return graph.outputs().stream().map(output -> elements(values[output])).toList();
    }

    private static void checked(long seed, Graph graph, Runnable check) {
        try {
            check.run();
        } catch (RuntimeException | AssertionError failure) {
            throw new AssertionError("seed " + seed + "\n" + graph, failure);
        }
    }

    /** One forward and perhaps one backward run, both ways. */
    private static final class Run {
        private final Graph graph;
        private final Random random;
        private final ForwardSchedule plan;
        private final Map<Source, NdArray> operands = new HashMap<>();
        private NdArray[] values;
        private ScheduleInterpreter forward;

        Run(Graph graph, Set<Integer> saved, Random random) {
            this.graph = graph;
            this.random = random;
            this.plan = Scheduler.forward(graph, saved);
        }

        void forward() {
            values = GraphInterpreter.run(
                    graph, operand -> external(operand.source(), operand.type(), operand.layout()));
            Map<Source, List<Number>> before = new HashMap<>();
            operands.forEach((source, array) -> before.put(source, elements(array)));
            forward = new ScheduleInterpreter(
                            plan.schedule(),
                            slot -> slot.kind() == Kind.KEPT ? null : whole(operands.get(new Input(slot.index()))))
                    .run();
            operands.forEach((source, array) -> assertEquals(before.get(source), elements(array)));
            for (int i = 0; i < graph.outputs().size(); i++) {
                NdArray expected = values[graph.outputs().get(i)];
                NdArray actual = forward.at(plan.schedule().results().get(i));
                assertSame("result " + i, expected, actual);
                if (expected.shape().elements() > 0 && !isAgain(i)) {
                    assertEquals(
                            LayoutAlgebra.compact(LayoutAlgebra.shifted(
                                    expected.layout(), -expected.layout().offset())),
                            LayoutAlgebra.compact(LayoutAlgebra.shifted(
                                    actual.layout(), -actual.layout().offset())),
                            "layout of result " + i);
                }
            }
            plan.saved().forEach((value, place) -> {
                assertNotEquals(
                        Kind.ARENA, plan.schedule().slots().get(place.slot()).kind());
                assertSame("saved " + value, values[value], forward.at(place));
            });
            storageIsSharedAsInEagerMode();
        }

        private void storageIsSharedAsInEagerMode() {
            for (int i = 0; i < graph.outputs().size(); i++) {
                for (int j = 0; j < i; j++) {
                    NdArray a = values[graph.outputs().get(i)];
                    NdArray b = values[graph.outputs().get(j)];
                    boolean copied = isAgain(i) || isAgain(j);
                    if (!copied && a.shape().elements() > 0 && b.shape().elements() > 0) {
                        boolean shared = forward.at(plan.schedule().results().get(i))
                                        .storage()
                                == forward.at(plan.schedule().results().get(j)).storage();
                        assertEquals(a.storage() == b.storage(), shared, "sharing of results " + j + " and " + i);
                    }
                }
            }
        }

        /** True for a value that was already a result before, which then is a copy. */
        private boolean isAgain(int result) {
            return graph.outputs().indexOf(graph.outputs().get(result)) < result;
        }

        void backward(Graph backward) {
            Schedule schedule = Scheduler.backward(backward, plan);
            NdArray[] expected = GraphInterpreter.run(
                    backward,
                    operand -> operand.source() instanceof Saved saved
                            ? values[saved.value()]
                            : external(operand.source(), operand.type(), operand.layout()));
            ScheduleInterpreter run = new ScheduleInterpreter(schedule, this::external).run();
            Set<Integer> slots = new TreeSet<>();
            for (int i = 0; i < backward.outputs().size(); i++) {
                Schedule.Place place = schedule.results().get(i);
                assertSame("gradient " + i, expected[backward.outputs().get(i)], run.at(place));
                assertEquals(Kind.RESULT, schedule.slots().get(place.slot()).kind());
                assertEquals(
                        true, place.layout().isContiguous() && place.layout().offset() == 0);
                assertEquals(true, slots.add(place.slot()), "each result has an array of its own");
            }
        }

        private NdArray external(Slot slot) {
            return switch (slot.kind()) {
                case INPUT -> whole(operands.get(new Input(slot.index())));
                case GRADIENT -> whole(operands.get(new Gradient(slot.index())));
                case TOTAL -> whole(operands.get(new Total(slot.index())));
                default -> {
                    Kind kind = slot.kind() == Kind.FORWARD_RESULT ? Kind.RESULT : slot.kind();
                    Slot written = new Slot(kind, slot.index(), slot.dtype(), slot.elements());
                    yield new NdArray(forward.storage(written), Layout.contiguous(Shape.of(slot.elements())));
                }
            };
        }

        private NdArray external(Source source, TensorType type, Layout layout) {
            return operands.computeIfAbsent(source, unseen -> RandomGraphs.fill(type, layout, random));
        }

        private static NdArray whole(NdArray array) {
            return array.view(ScheduleInterpreter.offset(array.layout().offset()));
        }
    }

    private static void assertSame(String what, NdArray expected, NdArray actual) {
        assertEquals(expected.type(), actual.type(), what);
        assertEquals(elements(expected), elements(actual), what);
    }

    /** The elements as boxed numbers, for which equal is same bits, with any NaN like any other. */
    private static List<Number> elements(NdArray array) {
        return java.util.Arrays.stream(array.positions())
                .mapToObj(position -> Scalars.get(array, position))
                .toList();
    }
}
