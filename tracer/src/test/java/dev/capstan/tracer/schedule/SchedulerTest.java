// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.op.Add;
import dev.capstan.runtime.op.Le;
import dev.capstan.runtime.op.MatrixTranspose;
import dev.capstan.runtime.op.Mm;
import dev.capstan.runtime.op.Mul;
import dev.capstan.runtime.op.Neg;
import dev.capstan.runtime.op.Overwrite;
import dev.capstan.runtime.op.Relu;
import dev.capstan.runtime.op.Reshape;
import dev.capstan.runtime.op.Select;
import dev.capstan.runtime.op.Sum;
import dev.capstan.runtime.op.Tanh;
import dev.capstan.runtime.op.Where;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Gradient;
import dev.capstan.tracer.graph.Graph.Input;
import dev.capstan.tracer.graph.Graph.Saved;
import dev.capstan.tracer.graph.Graph.Source;
import dev.capstan.tracer.graph.GraphBuilder;
import dev.capstan.tracer.schedule.Schedule.Clear;
import dev.capstan.tracer.schedule.Schedule.Kind;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Multiply;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Reduce;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What becomes of typical graphs. That the bits are right is for {@link RandomGraphTest} to say. */
class SchedulerTest {
    private static Schedule forward(Graph graph) {
        return Scheduler.forward(graph, Set.of()).schedule();
    }

    private static Schedule backward(Graph graph) {
        Gradients.Result gradients = Gradients.of(graph, false);
        return Scheduler.backward(gradients.graph(), Scheduler.forward(graph, gradients.saved()));
    }

    private static int operand(GraphBuilder ops, Source source, int... sizes) {
        Shape shape = Shape.of(sizes);
        return ops.operand(source, new TensorType(DType.FLOAT32, shape), Layout.contiguous(shape));
    }

    /** The kinds of the steps, in order. */
    private static String kinds(Schedule schedule) {
        StringBuilder kinds = new StringBuilder();
        for (Step step : schedule.steps()) {
            kinds.append(kinds.isEmpty() ? "" : " ").append(step.getClass().getSimpleName());
        }
        return kinds.toString();
    }

    private static int arena(Schedule schedule) {
        return schedule.slots().stream()
                .filter(slot -> slot.kind() == Kind.ARENA)
                .mapToInt(Schedule.Slot::elements)
                .sum();
    }

    private static Kind kind(Schedule schedule, int result) {
        return schedule.slots().get(schedule.results().get(result).slot()).kind();
    }

    @Test
    void rowsAreComputedInTheTensorThatTheyAreWrittenTo() {
        GraphBuilder ops = new GraphBuilder();
        int base = Neg.neg(ops, operand(ops, new Input(0), 4, 8));
        Layout whole = Layout.contiguous(Shape.of(4, 8));
        for (int t = 0; t < 4; t++) {
            int row = Tanh.tanh(ops, operand(ops, new Input(1 + t), 8));
            base = Overwrite.overwrite(ops, base, row, whole.select(0, t));
        }
        Schedule schedule = forward(ops.build(List.of(base)));
        assertEquals("Loop Loop Loop Loop Loop", kinds(schedule));
        assertEquals(0, arena(schedule));
    }

    @Test
    void linearWithReluIsOneProductAndOneLoop() {
        assertEquals("Multiply Loop", kinds(forward(Models.linearRelu(10, 32, 16))));
    }

    @Test
    void comparisonsAreMadeWhereTheyAreUsed() {
        GraphBuilder ops = new GraphBuilder();
        int hidden = Relu.relu(ops, Mm.mm(ops, operand(ops, new Input(0), 4, 8), operand(ops, new Input(1), 8, 8)));
        int closed = Le.le(ops, hidden, ops.number(0));
        int gradient = Mm.mm(ops, hidden, operand(ops, new Input(2), 8, 8));
        Schedule schedule = forward(ops.build(List.of(Where.where(ops, closed, ops.number(0), gradient))));
        assertEquals("Multiply Loop Multiply Loop", kinds(schedule));
        assertTrue(schedule.slots().stream().noneMatch(slot -> slot.dtype() == DType.BOOL));
        Loop last = (Loop) schedule.steps().get(3);
        assertEquals(2, last.inputs().size());
    }

    @Test
    void comparisonsThatAreResultsAreKept() {
        GraphBuilder ops = new GraphBuilder();
        int x = Neg.neg(ops, operand(ops, new Input(0), 4, 8));
        int closed = Le.le(ops, x, ops.number(0));
        Schedule schedule = forward(ops.build(List.of(closed, Where.where(ops, closed, ops.number(0), x))));
        assertEquals("Loop", kinds(schedule));
        assertEquals(2, ((Loop) schedule.steps().get(0)).outputs().size());
    }

    @Test
    void rnnStepIsTwoProductsAndOneLoop() {
        assertEquals("Multiply Multiply Loop", kinds(forward(Models.rnnStep(10, 4, 32))));
    }

    @Test
    void lstmStepReadsTheGatesInPlace() {
        Schedule schedule = forward(Models.lstmStep(4, 8, 16));
        assertEquals("Multiply Multiply Loop Loop Loop Loop", kinds(schedule));
        assertTrue(arena(schedule) <= 2 * 4 * 64 + 4 * 16);
    }

    @Test
    void meanSquaredErrorIsOneReduction() {
        assertEquals("Reduce", kinds(forward(Models.meanSquaredError(10, 5))));
    }

    @Test
    void meanSquaredErrorBackwardIsOneLoop() {
        Schedule schedule = backward(Models.meanSquaredError(10, 5));
        assertEquals("Loop", kinds(schedule));
        Loop loop = (Loop) schedule.steps().get(0);
        assertEquals(3, loop.inputs().size());
        assertEquals(2, loop.outputs().size());
    }

    @Test
    void timeStepsAreMultipliedAtOnceExceptForTheRecurrence() {
        Schedule schedule = forward(Models.rnn(30, 10, 4, 32, 2, false));
        long products = schedule.steps().stream()
                .filter(step -> step instanceof Multiply)
                .count();
        assertEquals(1 + 30 + 1, products);
        assertEquals(30 + 1, schedule.steps().size() - products);
    }

    @Test
    void statesAreComputedWhereTheyAreStacked() {
        Schedule schedule = forward(Models.rnn(5, 10, 4, 32, 2, false));
        Multiply last = (Multiply) schedule.steps().get(schedule.steps().size() - 2);
        assertEquals(Shape.of(50, 32), last.left().layout().shape());
        long writers = schedule.steps().stream()
                .filter(step -> step instanceof Loop loop
                        && loop.outputs().stream()
                                .anyMatch(place -> place.slot() == last.left().slot()
                                        && place.layout().shape().equals(Shape.of(10, 32))
                                        && place.layout().stride(0) == 5 * 32))
                .count();
        assertEquals(5, writers);
    }

    /** How many elements all steps together write. */
    private static long work(Schedule schedule) {
        return schedule.steps().stream()
                .flatMap(step -> step.outputs().stream())
                .mapToLong(place -> place.layout().shape().elements())
                .sum();
    }

    @Test
    void gradientOfSelectionsIsLinearInTheirNumber() {
        long ten = work(backward(Models.selections(10)));
        long forty = work(backward(Models.selections(40)));
        assertTrue(forty <= 6 * ten, forty + " for 40, " + ten + " for 10");
    }

    @Test
    void gradientOfAllSelectionsNeedsNoClearing() {
        Schedule schedule = backward(Models.selections(6));
        assertTrue(schedule.steps().stream().noneMatch(step -> step instanceof Clear));
    }

    @Test
    void memoryOfAChainDoesNotGrowWithItsLength() {
        assertEquals(arena(forward(chain(5))), arena(forward(chain(50))));
    }

    private static Graph chain(int length) {
        GraphBuilder ops = new GraphBuilder();
        int weight = operand(ops, new Input(0), 8, 8);
        int x = operand(ops, new Input(1), 4, 8);
        for (int i = 0; i < length; i++) {
            x = Tanh.tanh(ops, Mm.mm(ops, x, weight));
        }
        return ops.build(List.of(x));
    }

    @Test
    void aLoopOverwritesAnInputThatDies() {
        Loop loop = (Loop) forward(chain(3)).steps().get(1);
        assertEquals(loop.inputs(), loop.outputs());
    }

    @Test
    void gradientOfATransposedWeightIsNotTransposedByALoop() {
        Schedule schedule = backward(Models.linearRelu(10, 32, 16));
        assertEquals("Loop Reduce Multiply Multiply", kinds(schedule));
    }

    @Test
    void transposedProductsAreAddedRowByRow() {
        GraphBuilder ops = new GraphBuilder();
        int sum = -1;
        for (int i = 0; i < 3; i++) {
            int x = operand(ops, new Input(2 * i), 5, 7);
            int y = operand(ops, new Input(2 * i + 1), 5, 6);
            int product = MatrixTranspose.t(ops, Mm.mm(ops, MatrixTranspose.t(ops, x), y));
            sum = sum < 0 ? product : Add.add(ops, sum, product);
        }
        Schedule schedule =
                Scheduler.backward(ops.build(List.of(sum)), Scheduler.forward(Models.meanSquaredError(1), Set.of()));
        assertEquals("Multiply Multiply Multiply Loop", kinds(schedule));
        assertEquals(Shape.of(42), ((Loop) schedule.steps().get(3)).shape());
    }

    @Test
    void aReductionTakesInWhatOnlyItReads() {
        GraphBuilder ops = new GraphBuilder();
        int x = operand(ops, new Input(0), 3, 4);
        int square = Mul.mul(ops, Tanh.tanh(ops, x), x);
        assertEquals("Reduce", kinds(forward(ops.build(List.of(Sum.sum(ops, square, List.of(1), false))))));
    }

    @Test
    void aReductionLeavesWhatOthersRead() {
        GraphBuilder ops = new GraphBuilder();
        int y = Tanh.tanh(ops, operand(ops, new Input(0), 3, 4));
        Schedule schedule = forward(ops.build(List.of(Sum.sum(ops, y, List.of(0), false), y)));
        assertEquals("Loop Reduce", kinds(schedule));
        assertEquals(1, ((Reduce) schedule.steps().get(1)).inputs().size());
    }

    @Test
    void aReductionOfOneElementIsFused() {
        GraphBuilder ops = new GraphBuilder();
        int x = operand(ops, new Input(0), 1, 4);
        int sum = Sum.sum(ops, Tanh.tanh(ops, x), List.of(0), false);
        assertEquals("Loop", kinds(forward(ops.build(List.of(Neg.neg(ops, sum))))));
    }

    @Test
    void outerProductsAreFusedWithTheirSum() {
        GraphBuilder ops = new GraphBuilder();
        int sum = operand(ops, new Input(0), 5, 6);
        for (int i = 0; i < 3; i++) {
            int column = operand(ops, new Input(2 * i + 1), 5, 1);
            int row = operand(ops, new Input(2 * i + 2), 1, 6);
            sum = Add.add(ops, sum, Mm.mm(ops, column, row));
        }
        Schedule schedule = forward(ops.build(List.of(sum)));
        assertEquals("Loop", kinds(schedule));
        assertEquals(0, arena(schedule));
    }

    @Test
    void aKernelIsBounded() {
        GraphBuilder ops = new GraphBuilder();
        int sum = operand(ops, new Input(0), 4);
        for (int i = 1; i < 40; i++) {
            sum = Add.add(ops, sum, operand(ops, new Input(i), 4));
        }
        Schedule schedule = forward(ops.build(List.of(sum)));
        assertEquals(4, schedule.steps().size());
        schedule.steps().forEach(step -> assertTrue(step.places().size() <= 12));
    }

    @Test
    void aViewOfAnInputStaysInIt() {
        GraphBuilder ops = new GraphBuilder();
        int x = operand(ops, new Input(0), 3, 4);
        Schedule schedule = forward(ops.build(List.of(Select.select(ops, x, 0, 1), x)));
        assertEquals(0, schedule.steps().size());
        assertEquals(Kind.INPUT, kind(schedule, 0));
        assertEquals(4, schedule.results().get(0).layout().offset());
        assertEquals(Kind.INPUT, kind(schedule, 1));
    }

    @Test
    void viewsOfOneComputationShareAnArrayAndTheSameComputationTwiceDoesNot() {
        GraphBuilder ops = new GraphBuilder();
        int y = Neg.neg(ops, operand(ops, new Input(0), 3, 4));
        List<Integer> results = List.of(Select.select(ops, y, 0, 1), y, Select.select(ops, y, 0, 2), y);
        List<Place> places = forward(ops.build(results)).results();
        assertEquals(places.get(0).slot(), places.get(1).slot());
        assertEquals(places.get(0).slot(), places.get(2).slot());
        assertNotEquals(places.get(0).slot(), places.get(3).slot());
    }

    @Test
    void aGradientThatIsPassedOnIsCopied() {
        GraphBuilder ops = new GraphBuilder();
        int gradient = operand(ops, new Gradient(0), 3, 4);
        Graph graph = ops.build(List.of(gradient, gradient, Reshape.reshape(ops, gradient, Shape.of(12))));
        Schedule schedule = Scheduler.backward(graph, Scheduler.forward(Models.meanSquaredError(1), Set.of()));
        assertEquals("Loop Loop", kinds(schedule));
        assertEquals(3, schedule.results().stream().map(Place::slot).distinct().count());
    }

    @Test
    void aValueThatWasNotSavedIsRefused() {
        GraphBuilder ops = new GraphBuilder();
        Graph graph = ops.build(List.of(operand(ops, new Saved(2), 3)));
        ForwardSchedule forward = Scheduler.forward(Models.meanSquaredError(3), Set.of());
        assertThrows(IllegalArgumentException.class, () -> Scheduler.backward(graph, forward));
    }

    @Test
    void aLoopIsOneRepetitionAtEveryLength() {
        Schedule few = forward(Models.rnn(230, 10, 4, 32, 2, true));
        Schedule many = forward(Models.rnn(288, 10, 4, 32, 2, true));
        assertTrue(few.rolled() && many.rolled());
        assertEquals(
                58, many.repetitions().get(0).times() - few.repetitions().get(0).times());
    }

    @Test
    void aFewStepsAreNoLoop() {
        assertEquals(List.of(), forward(Models.rnn(3, 10, 4, 32, 2, true)).repetitions());
    }

    @Test
    void theSameGraphGivesTheSameSchedule() {
        Graph graph = Models.rnn(4, 3, 2, 5, 2, true);
        assertEquals(backward(graph), backward(Models.rnn(4, 3, 2, 5, 2, true)));
        assertEquals(forward(graph).toString(), forward(graph).toString());
    }

    /** A layer, the loop after it, and what reads that. */
    private static Schedule hidden(int batch, int size, boolean reducesRows) {
        GraphBuilder ops = new GraphBuilder();
        int weight = operand(ops, new Input(1), size, 8);
        int product = Mm.mm(ops, operand(ops, new Input(0), batch, 8), MatrixTranspose.t(ops, weight));
        int hidden = Relu.relu(ops, Add.add(ops, product, operand(ops, new Input(2), size)));
        int next = Mm.mm(ops, hidden, operand(ops, new Input(3), size, 32));
        int sum = Sum.sum(ops, hidden, List.of(reducesRows ? 1 : 0), false);
        return forward(ops.build(List.of(next, sum)));
    }

    private static Layout layoutOfProduct(Schedule schedule) {
        return ((Multiply) schedule.steps().get(0)).output().layout();
    }

    @Test
    void aProductOfWhichTheRowsEndWithinAVectorLiesTransposed() {
        Schedule schedule = hidden(64, 20, false);
        assertEquals(Shape.of(20, 64), layoutOfProduct(schedule).shape());
        assertEquals(Shape.of(20, 64), ((Loop) schedule.steps().get(1)).shape());
        assertEquals(Shape.of(64, 20), layoutOfProduct(hidden(64, 20, true)).shape());
        assertEquals(Shape.of(30, 20), layoutOfProduct(hidden(30, 20, false)).shape());
        assertEquals(Shape.of(64, 48), layoutOfProduct(hidden(64, 48, false)).shape());
        assertEquals(Shape.of(64, 300), layoutOfProduct(hidden(64, 300, false)).shape());
    }

    @Test
    void aScheduleReadsStepByStep() {
        GraphBuilder ops = new GraphBuilder();
        int x = operand(ops, new Input(0), 2, 3);
        int product = Mm.mm(ops, x, MatrixTranspose.t(ops, operand(ops, new Input(1), 4, 3)));
        int y = Neg.neg(ops, Add.add(ops, product, operand(ops, new Input(2), 4)));
        assertEquals("""
            slots
              input0     float32[6]
              input1     float32[12]
              input2     float32[4]
              result0    float32[8]
              arena0     float32[16]
            steps
              0  multiply  input0[2,3]  input1[3,4]/[1,3] -> arena0[2,4]
              1  loop k0[2,4]  arena0[2,4]  input2[2,4]/[0,1] -> result0[2,4]
            results
              result0[2,4]
            k0(float32, float32)
              %0 = in0:float32
              %1 = in1:float32
              %2 = %0 + %1
              %3 = neg %2
              -> %3
            """, forward(ops.build(List.of(y))).toString());
    }
}
