// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.op.Add;
import dev.capstan.runtime.op.Mm;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph.Input;
import dev.capstan.tracer.graph.GraphBuilder;
import dev.capstan.tracer.schedule.Schedule.Kind;
import dev.capstan.tracer.schedule.Schedule.MultiplyAdd;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class AccumulationTest {
    private final GraphBuilder ops = GraphBuilder.forward();
    private int inputs;

    private int input(int... sizes) {
        Shape shape = Shape.of(sizes);
        return ops.operand(new Input(inputs++), new TensorType(DType.FLOAT32, shape), Layout.contiguous(shape));
    }

    private Schedule forward(Integer... results) {
        return Scheduler.forward(ops.build(List.of(results)), Set.of()).schedule();
    }

    private static String kinds(Schedule schedule) {
        return schedule.steps().stream()
                .map(step -> step.getClass().getSimpleName())
                .collect(Collectors.joining(" "));
    }

    @Test
    void productsAreAddedUpInOnePlace() {
        int sum = Mm.mm(ops, input(8, 4), input(4, 16));
        for (int time = 0; time < 3; time++) {
            sum = Add.add(ops, sum, Mm.mm(ops, input(8, 4), input(4, 16)));
        }
        Schedule schedule = forward(sum);
        assertEquals("Multiply MultiplyAdd MultiplyAdd MultiplyAdd", kinds(schedule));
        for (Step step : schedule.steps().subList(1, 4)) {
            MultiplyAdd addition = (MultiplyAdd) step;
            assertEquals(addition.addend(), addition.output());
        }
        assertTrue(schedule.slots().stream().noneMatch(slot -> slot.kind() == Kind.ARENA));
    }

    @Test
    void whatProductsAreAddedToStaysIfItIsOfOtherUse() {
        int other = Mm.mm(ops, input(8, 4), input(4, 16));
        int sum = Add.add(ops, other, Mm.mm(ops, input(8, 4), input(4, 16)));
        Schedule schedule = forward(sum, Mm.mm(ops, other, input(16, 16)));
        assertEquals("Multiply MultiplyAdd Multiply", kinds(schedule));
        MultiplyAdd addition = (MultiplyAdd) schedule.steps().get(1);
        assertNotEquals(addition.addend(), addition.output());
    }

    @Test
    void productsThatAreOfOtherUseStayApart() {
        int product = Mm.mm(ops, input(8, 4), input(4, 16));
        int sum = Add.add(ops, input(8, 16), product);
        assertEquals("Multiply Loop Multiply", kinds(forward(sum, Mm.mm(ops, product, input(16, 16)))));
    }

    @Test
    void resultsStayApart() {
        int product = Mm.mm(ops, input(8, 4), input(4, 16));
        assertEquals("Multiply Loop", kinds(forward(product, Add.add(ops, input(8, 16), product))));
    }

    @Test
    void broadcastAddendsStayApart() {
        int product = Mm.mm(ops, input(8, 4), input(4, 16));
        assertEquals("Multiply Loop", kinds(forward(Add.add(ops, input(16), product))));
    }

    @Test
    void longSumsStayApart() {
        int product = Mm.mm(ops, input(8, 257), input(257, 16));
        assertEquals("Multiply Loop", kinds(forward(Add.add(ops, input(8, 16), product))));
    }

    @Test
    void sumsThatAreReadInBetweenStayApart() {
        int addend = input(8, 8);
        int product = Mm.mm(ops, addend, input(8, 8));
        int square = Mm.mm(ops, addend, addend);
        int sum = Add.add(ops, Add.add(ops, addend, product), square);
        Schedule schedule = Scheduler.forward(ops.build(List.of(sum)), Set.of(), new BitSet(), List.of(0), true)
                .schedule();
        assertEquals("Multiply Multiply Loop", kinds(schedule));
    }

    @Test
    void factorsThatAreOverwrittenAreReadBefore() {
        int weight = input(8, 8);
        int grown = Add.add(ops, weight, Mm.mm(ops, weight, input(8, 8)));
        Schedule schedule = Scheduler.forward(ops.build(List.of(grown)), Set.of(), new BitSet(), List.of(0), true)
                .schedule();
        assertEquals("Multiply Loop", kinds(schedule));
    }
}
