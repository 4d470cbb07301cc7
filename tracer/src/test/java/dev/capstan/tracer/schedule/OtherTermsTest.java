// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.op.Add;
import dev.capstan.runtime.op.Amax;
import dev.capstan.runtime.op.Cast;
import dev.capstan.runtime.op.Cumsum;
import dev.capstan.runtime.op.Div;
import dev.capstan.runtime.op.Maximum;
import dev.capstan.runtime.op.Mm;
import dev.capstan.runtime.op.Mul;
import dev.capstan.runtime.op.Neg;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.op.Select;
import dev.capstan.runtime.op.Sub;
import dev.capstan.runtime.op.Sum;
import dev.capstan.runtime.op.Tanh;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Input;
import dev.capstan.tracer.graph.GraphBuilder;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Computations that are alike, but give other bits, have other terms. */
class OtherTermsTest {
    private static final int SIZE = 4;

    /** Something that is made of two matrices of inputs, and a third one. */
    private interface Expression {
        int of(GraphBuilder ops, int x, int y, int z);
    }

    private static int apply(GraphBuilder ops, Operator operator, int... operands) {
        List<Integer> all = new ArrayList<>();
        for (int operand : operands) {
            all.add(operand);
        }
        return ops.apply(operator, all);
    }

    private static int operand(GraphBuilder ops, int index, int... sizes) {
        Shape shape = Shape.of(sizes);
        return ops.operand(new Input(index), new TensorType(DType.FLOAT32, shape), Layout.contiguous(shape));
    }

    private static Graph graph(Expression expression) {
        GraphBuilder ops = new GraphBuilder();
        int x = operand(ops, 0, SIZE, SIZE);
        int y = operand(ops, 1, SIZE, SIZE);
        int z = operand(ops, 2, SIZE, SIZE);
        return ops.build(List.of(expression.of(ops, x, y, z)));
    }

    private static void prove(Schedule schedule, Graph graph) {
        ForwardOutputs outputs = ForwardOutputs.of(graph.outputs().size(), List.of(), new BitSet());
        new ScheduleProof(schedule, graph, Scheduler.simplified(graph, outputs, true), outputs, List.of()).prove();
    }

    /** Each is proved, and none is any other. */
    private static void differ(Expression... expressions) {
        List<Graph> graphs = new ArrayList<>();
        for (Expression expression : expressions) {
            graphs.add(graph(expression));
        }
        for (int i = 0; i < expressions.length; i++) {
            Schedule schedule = Scheduler.forward(graphs.get(i), Set.of()).schedule();
            for (int j = 0; j < expressions.length; j++) {
                Graph graph = graphs.get(j);
                if (i == j) {
                    prove(schedule, graph);
                } else {
                    assertThrows(
                            IllegalStateException.class,
                            () -> prove(schedule, graph),
                            () -> graph + " by\n" + schedule);
                }
            }
        }
    }

    @Test
    void otherOperations() {
        differ(
                (ops, x, y, z) -> apply(ops, new Add(), x, y),
                (ops, x, y, z) -> apply(ops, new Sub(), x, y),
                (ops, x, y, z) -> apply(ops, new Sub(), y, x),
                (ops, x, y, z) -> Neg.neg(ops, apply(ops, new Sub(), y, x)),
                (ops, x, y, z) -> apply(ops, new Div(), x, y),
                (ops, x, y, z) -> apply(ops, new Div(), y, x),
                (ops, x, y, z) -> apply(ops, new Mul(), x, y),
                (ops, x, y, z) -> apply(ops, new Maximum(), x, y),
                (ops, x, y, z) -> apply(ops, new Mul(), x, z),
                (ops, x, y, z) -> apply(ops, new Mul(), x, x));
    }

    @Test
    void otherGroups() {
        differ(
                (ops, x, y, z) -> apply(ops, new Add(), apply(ops, new Add(), x, y), z),
                (ops, x, y, z) -> apply(ops, new Add(), x, apply(ops, new Add(), y, z)),
                (ops, x, y, z) -> apply(ops, new Add(), apply(ops, new Add(), x, z), y),
                (ops, x, y, z) -> apply(ops, new Add(), z, apply(ops, new Add(), x, y)));
        differ(
                (ops, x, y, z) -> Mm.mm(ops, Mm.mm(ops, x, y), z),
                (ops, x, y, z) -> Mm.mm(ops, x, Mm.mm(ops, y, z)),
                (ops, x, y, z) -> Mm.mm(ops, Mm.mm(ops, y, x), z),
                (ops, x, y, z) -> Mm.mm(ops, Mm.mm(ops, x, z), y));
    }

    @Test
    void otherConstantsAndTypes() {
        differ(
                (ops, x, y, z) -> apply(ops, new Mul(), x, ops.number(3)),
                (ops, x, y, z) -> apply(ops, new Mul(), x, ops.number(Math.nextUp(3f))),
                (ops, x, y, z) -> apply(ops, new Mul(), x, ops.number(-3)),
                (ops, x, y, z) -> apply(ops, new Mul(), x, ops.number(0)),
                (ops, x, y, z) -> apply(ops, new Mul(), x, ops.number(1)));
        differ(
                (ops, x, y, z) -> apply(ops, new Add(), x, ops.number(0)),
                (ops, x, y, z) -> Neg.neg(ops, apply(ops, new Add(), Neg.neg(ops, x), ops.number(0))),
                (ops, x, y, z) -> apply(ops, new Cast(DType.FLOAT32), apply(ops, new Cast(DType.INT32), x)),
                (ops, x, y, z) -> apply(ops, new Cast(DType.FLOAT32), apply(ops, new Cast(DType.INT64), x)),
                (ops, x, y, z) -> apply(ops, new Cast(DType.FLOAT32), apply(ops, new Cast(DType.UINT8), x)));
    }

    @Test
    void otherSums() {
        differ(
                (ops, x, y, z) -> Sum.sum(ops, x, List.of(0, 1), false),
                (ops, x, y, z) -> Sum.sum(ops, Sum.sum(ops, x, List.of(0), false), List.of(0), false),
                (ops, x, y, z) -> Sum.sum(ops, Sum.sum(ops, x, List.of(1), false), List.of(0), false),
                (ops, x, y, z) -> Amax.amax(ops, x, List.of(0, 1), false),
                (ops, x, y, z) -> Sum.sum(ops, apply(ops, new Mul(), x, y), List.of(0, 1), false));
        differ(
                (ops, x, y, z) -> Cumsum.cumsum(ops, x, 0),
                (ops, x, y, z) -> Cumsum.cumsum(ops, x, 1),
                (ops, x, y, z) -> Cumsum.cumsum(ops, y, 1),
                (ops, x, y, z) -> apply(ops, new Cumsum(1, true), x));
    }

    /** So many times, one of which reads another row than it should. */
    private static Graph recurrence(int times, int wrong, int row) {
        return graph((ops, x, y, z) -> {
            int state = Select.select(ops, z, 0, 0);
            for (int t = 0; t < times; t++) {
                int now = Select.select(ops, x, 0, t == wrong ? row : t % SIZE);
                state = Tanh.tanh(ops, apply(ops, new Add(), apply(ops, new Mul(), state, now), now));
            }
            return state;
        });
    }

    @Test
    void otherTimes() {
        int times = 40;
        Graph graph = recurrence(times, 0, 0);
        Schedule schedule = Scheduler.forward(graph, Set.of()).schedule();
        prove(schedule, graph);
        for (int other : new int[] {times - 1, times + 1, times + SIZE}) {
            assertThrows(IllegalStateException.class, () -> prove(schedule, recurrence(other, 0, 0)));
        }
        for (int wrong = 0; wrong < times; wrong++) {
            Graph other = recurrence(times, wrong, (wrong + 1) % SIZE);
            assertThrows(IllegalStateException.class, () -> prove(schedule, other));
        }
    }

    @Test
    void theSameElementEachTime() {
        Graph graph = graph((ops, x, y, z) -> apply(ops, new Mul(), x, y));
        Schedule schedule = Scheduler.forward(graph, Set.of()).schedule();
        Loop loop = (Loop) schedule.steps().get(0);
        for (int input = 0; input < 2; input++) {
            for (int dimension = 0; dimension < loop.shape().rank(); dimension++) {
                List<Place> inputs = new ArrayList<>(loop.inputs());
                inputs.set(input, withStrideZero(loop.inputs().get(input), dimension));
                Step wrong = new Loop(loop.kernel(), loop.shape(), inputs, loop.outputs());
                assertThrows(IllegalStateException.class, () -> prove(with(schedule, wrong), graph));
            }
        }
    }

    /** What is written last need not be the last that is written when work is divided. */
    @Test
    void aStepWritesNoElementTwice() {
        Graph graph = graph((ops, x, y, z) ->
                apply(ops, new Mul(), Select.select(ops, x, 0, SIZE - 1), Select.select(ops, y, 0, SIZE - 1)));
        Schedule schedule = Scheduler.forward(graph, Set.of()).schedule();
        prove(schedule, graph);
        Loop loop = (Loop) schedule.steps().get(0);
        Layout all = Layout.contiguous(Shape.of(SIZE, SIZE));
        List<Place> inputs = new ArrayList<>();
        loop.inputs().forEach(place -> inputs.add(new Place(place.slot(), all)));
        Place output = loop.outputs().get(0);
        Place over = new Place(output.slot(), output.layout().expand(all.shape()));
        Step wrong = new Loop(loop.kernel(), all.shape(), inputs, List.of(over));
        assertThrows(IllegalStateException.class, () -> prove(with(schedule, wrong), graph));
    }

    private static Place withStrideZero(Place place, int dimension) {
        int[] strides = place.layout().strides().clone();
        strides[dimension] = 0;
        Layout layout = place.layout();
        return new Place(place.slot(), Layout.of(layout.shape(), strides, layout.offset()));
    }

    private static Schedule with(Schedule schedule, Step only) {
        assertEquals(1, schedule.steps().size());
        return new Schedule(schedule.slots(), List.of(only), schedule.results());
    }

    /** Sums of elements whose positions differ as 0, 1, 2 and 3 do from 1, 0, 1 and 4 are others. */
    @Test
    void coefficientsAreNotLinear() {
        int small = 0;
        int ids = 1000;
        for (int i = 0; i < ids; i++) {
            long id = Terms.mixed(i, 5, 7);
            long ends = Residues.add(Terms.coefficient(id, 0), Terms.coefficient(id, 3));
            long inside = Residues.add(Terms.coefficient(id, 1), Terms.coefficient(id, 2));
            long difference = Residues.subtract(ends, inside);
            small += Math.min(difference, Residues.subtract(0, difference)) < 1L << 40 ? 1 : 0;
        }
        assertTrue(small < 2, "so many of " + ids + " are small: " + small);
    }
}
