// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.op.Amax;
import dev.capstan.runtime.op.Exp;
import dev.capstan.runtime.op.LayerNorm;
import dev.capstan.runtime.op.LogSoftmax;
import dev.capstan.runtime.op.MatrixTranspose;
import dev.capstan.runtime.op.Mm;
import dev.capstan.runtime.op.Mul;
import dev.capstan.runtime.op.Softmax;
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
import dev.capstan.tracer.schedule.Schedule.Kind;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Reduce;
import dev.capstan.tracer.schedule.Schedule.Rows;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What becomes of reductions over the last dimension. That the bits are right is for {@link RandomGraphTest} to say. */
class RowFusionTest {
    private final GraphBuilder ops = new GraphBuilder();
    private int inputs;

    private int input(int... sizes) {
        Shape shape = Shape.of(sizes);
        return ops.operand(new Input(inputs++), new TensorType(DType.FLOAT32, shape), Layout.contiguous(shape));
    }

    private Schedule forward(Integer... results) {
        return Scheduler.forward(ops.build(List.of(results)), Set.of()).schedule();
    }

    private Schedule backward(int result) {
        Graph graph = ops.build(List.of(result));
        Gradients.Result gradients = Gradients.of(graph, false);
        return Scheduler.backward(gradients.graph(), Scheduler.forward(graph, gradients.saved()));
    }

    /** The kinds of the steps, with those that keep to rows in parentheses. */
    private static String kinds(Schedule schedule) {
        return schedule.steps().stream()
                .map(step -> step instanceof Rows rows
                        ? "(" + kinds(rows.body()) + ")"
                        : step.getClass().getSimpleName())
                .collect(Collectors.joining(" "));
    }

    private static long arena(Schedule schedule) {
        return schedule.slots().stream()
                .filter(slot -> slot.kind() == Kind.ARENA)
                .mapToLong(Schedule.Slot::elements)
                .sum();
    }

    @Test
    void softmaxIsOneStep() {
        Schedule schedule = forward(Softmax.softmax(ops, input(20, 30), -1));
        assertEquals("(Reduce Loop Reduce Loop)", kinds(schedule));
        assertEquals(0, arena(schedule));
        assertEquals(1, schedule.steps().get(0).inputs().size());
    }

    @Test
    void softmaxOfColumnsIsSeveral() {
        assertEquals("Reduce Loop Reduce Loop", kinds(forward(Softmax.softmax(ops, input(20, 30), 0))));
    }

    @Test
    void logSoftmaxIsOneStepWithNumbersOfRowsBetween() {
        assertEquals(
                "(Reduce Loop Reduce Loop Loop)", kinds(forward(LogSoftmax.logSoftmax(ops, input(2, 20, 30), -1))));
    }

    @Test
    void gradientOfSoftmaxIsOneStep() {
        int y = input(20, 30);
        int weighted = Mul.mul(ops, y, input(20, 30));
        int sums = Sum.sum(ops, weighted, List.of(1), true);
        Schedule schedule = forward(Sub.sub(ops, weighted, Mul.mul(ops, y, sums)));
        assertEquals("(Loop Reduce Loop)", kinds(schedule));
        assertEquals(0, arena(schedule));
    }

    @Test
    void gradientOfItsPartsIsOneStep() {
        Schedule schedule = backward(Softmax.softmax(ops, input(20, 30), -1));
        assertEquals("(Reduce Loop Reduce Loop Reduce Loop Loop)", kinds(schedule));
        assertEquals(0, arena(schedule));
    }

    @Test
    void layerNormIsOneStep() {
        int result = ops.apply(new LayerNorm(Shape.of(30), 1e-5, 2), List.of(input(4, 5, 30), input(30), input(30)));
        Schedule schedule = forward(result);
        assertEquals("(Reduce Loop Reduce Loop Loop)", kinds(schedule));
        assertEquals(0, arena(schedule));
        assertEquals(1, ((Rows) schedule.steps().get(0)).rank());
    }

    @Test
    void whatComesBeforeAndAfterTheRowsGoesAlong() {
        int x = Tanh.tanh(ops, Mm.mm(ops, input(20, 8), input(8, 30)));
        int result = Mul.mul(ops, Softmax.softmax(ops, x, -1), input(20, 30));
        assertEquals("Multiply (Loop Reduce Loop Reduce Loop)", kinds(forward(result)));
    }

    @Test
    void whatOthersReadLeaves() {
        int x = input(20, 30);
        int highest = Amax.amax(ops, x, List.of(1), true);
        int powers = Exp.exp(ops, Sub.sub(ops, x, highest));
        Schedule schedule = forward(Sum.sum(ops, powers, List.of(1), false), powers, highest);
        assertEquals("(Reduce Loop Reduce)", kinds(schedule));
        assertEquals(3, schedule.steps().get(0).outputs().size());
    }

    @Test
    void numbersThatBelongToColumnsAreNotReadAsThoseOfRows() {
        int x = input(30, 30);
        int sums = Sum.sum(ops, x, List.of(1), false);
        assertEquals("Reduce Loop", kinds(forward(Sub.sub(ops, x, sums))));
    }

    /** Of a graph of which the last outputs are the new contents of inputs. */
    private Schedule writing(int input, Integer... outputs) {
        return Scheduler.forward(ops.build(List.of(outputs)), Set.of(), new BitSet(), List.of(input), true)
                .schedule();
    }

    @Test
    void contentOfAnInputIsComputedThereRowByRow() {
        int x = input(20, 30);
        input(20, 30);
        Schedule schedule = writing(1, Softmax.softmax(ops, x, -1));
        assertEquals("(Reduce Loop Reduce Loop)", kinds(schedule));
        assertEquals(0, arena(schedule));
    }

    @Test
    void rowsAreReplacedWhenAllAreDone() {
        int x = input(20, 30);
        assertEquals("(Reduce Loop) Loop", kinds(writing(0, Mul.mul(ops, x, Sum.sum(ops, x, List.of(1), true)))));
    }

    @Test
    void columnsOfWhatRowsAreMadeOfComeLater() {
        int powers = Softmax.softmax(ops, input(30, 30), -1);
        int result = Mul.mul(ops, powers, MatrixTranspose.t(ops, powers));
        assertEquals("(Reduce Loop Reduce Loop) Loop", kinds(forward(result)));
    }

    @Test
    void rowsThatLieAcrossMemoryStayApart() {
        int x = MatrixTranspose.t(ops, input(30, 20));
        assertEquals("Reduce Loop", kinds(forward(Sub.sub(ops, x, Sum.sum(ops, x, List.of(1), true)))));
    }

    @Test
    void whatWaitsForAProductOfTheRowsIsAnotherStep() {
        int x = Softmax.softmax(ops, input(30, 30), -1);
        int y = Softmax.softmax(ops, Mul.mul(ops, x, Mm.mm(ops, x, x)), -1);
        assertEquals("(Reduce Loop Reduce Loop) Multiply (Loop Reduce Loop Reduce Loop)", kinds(forward(y)));
    }

    @Test
    void rowsThatReadOtherRowsAreRefused() {
        int x = input(30, 30);
        Schedule schedule = forward(Sub.sub(ops, x, Sum.sum(ops, x, List.of(1), true)));
        Rows rows = (Rows) schedule.steps().get(0);
        Step crossing = Steps.moved(rows.body().steps().get(1), place -> {
            boolean broadcast =
                    place.layout().shape().rank() == 2 && place.layout().stride(1) == 0;
            return broadcast ? new Place(place.slot(), place.layout().permute(new int[] {1, 0})) : place;
        });
        assertTrue(isValid(schedule, rows));
        Step first = rows.body().steps().get(0);
        assertTrue(first instanceof Reduce);
        Schedule wrong = new Schedule(rows.body().slots(), List.of(first, crossing), List.of());
        Rows refused = new Rows(wrong, rows.rank(), rows.inputs(), rows.outputs());
        assertThrows(IllegalStateException.class, () -> isValid(schedule, refused));
    }

    @Test
    void rowsThatReadWhatIsNotComputedYetAreRefused() {
        int x = input(30, 30);
        int sums = Sum.sum(ops, x, List.of(1), true);
        Schedule schedule = forward(Sub.sub(ops, x, sums), sums);
        Rows rows = (Rows) schedule.steps().get(0);
        List<Step> steps = new ArrayList<>(rows.body().steps());
        Collections.reverse(steps);
        Rows reversed = new Rows(
                new Schedule(rows.body().slots(), steps, List.of()), rows.rank(), rows.inputs(), rows.outputs());
        assertTrue(isValid(schedule, rows));
        assertThrows(IllegalStateException.class, () -> isValid(schedule, reversed));
    }

    private static boolean isValid(Schedule schedule, Rows step) {
        Schedule changed = new Schedule(schedule.slots(), List.of(step), schedule.results());
        return ScheduleVerifier.isValid(changed, EnumSet.of(Kind.RESULT, Kind.ARENA), List.of(), List.of());
    }

    @Test
    void textShowsTheKernelsOfRows() {
        String text = forward(Softmax.softmax(ops, input(20, 30), -1)).toString();
        assertTrue(text.contains("0  rows  input0[20,30] -> result0[20,30]\n       reduce k0[20,30] over [_,+]"), text);
    }
}
