// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.form;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.op.Select;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.tracer.form.TandemRepeats.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FamilyTest {
    private record Line(String name, Object content) {}

    private static Optional<Family<Object>> family(LongFunction<List<Object>> sequence, long one, long other) {
        return Family.of(Object.class, Rolled.of(sequence.apply(one)), one, Rolled.of(sequence.apply(other)), other);
    }

    /** Asserts that two members tell all others. */
    private static void assertPredicts(LongFunction<List<Object>> sequence, long... others) {
        Family<Object> family = family(sequence, 10, 20).orElseThrow();
        for (long other : others) {
            assertEquals(sequence.apply(other), family.at(other).orElseThrow().items());
            assertTrue(family.has(sequence.apply(other), other));
        }
    }

    private static List<Object> loop(long times) {
        List<Object> items = new ArrayList<>(List.of("begin"));
        for (int time = 0; time < times; time++) {
            items.add(new Line("select", new Select(0, time)));
            items.add(new Line("operands", List.of(3 * time, (int) (7 * times) - time)));
        }
        items.add("end");
        return items;
    }

    @Test
    void whatIsRepeatedComesAsOftenAsTheParameterSays() {
        assertPredicts(FamilyTest::loop, 30, 7, 1, 1000);
        Family<Object> family = family(FamilyTest::loop, 10, 20).orElseThrow();
        assertEquals(List.of(new Run(1, 2, 33)), family.at(33).orElseThrow().runs());
    }

    @Test
    void nothingIsRepeatedLessThanNever() {
        Family<Object> family = family(FamilyTest::loop, 10, 20).orElseThrow();
        assertTrue(family.at(0).orElseThrow().runs().isEmpty());
        assertTrue(family.at(-1).isEmpty());
    }

    @Test
    void numbersInsideOfValuesAreLinear() {
        assertPredicts(
                n -> List.of(
                        Shape.of((int) n, 3),
                        new Line("layout", Layout.of(Shape.of(2, (int) n), new int[] {(int) n, 1}, (int) (5 * n))),
                        List.of(1, new Line("long", 1L << 20 | n))),
                30,
                7);
    }

    @Test
    void operandsInEqualStepsAreAsManyAsTheParameterSays() {
        LongFunction<List<Object>> stack = n -> {
            List<Integer> operands = new ArrayList<>(List.of(5));
            IntStream.range(0, (int) n).forEach(i -> operands.add(100 + 14 * i));
            return List.of(operands);
        };
        assertPredicts(stack, 30, 12);
    }

    @Test
    void divisorsOfMeansAreNumbers() {
        LongFunction<List<Object>> mean = n -> List.of(
                kernel(DType.FLOAT32, 24.0 * n),
                kernel(DType.FLOAT64, 2.0 / (21 * n)),
                kernel(DType.FLOAT32, 2.0 / (21 * n)),
                kernel(DType.FLOAT32, -0.0),
                kernel(DType.FLOAT32, 0.044715),
                kernel(DType.FLOAT32, Double.NEGATIVE_INFINITY),
                kernel(DType.FLOAT64, Double.NaN));
        assertPredicts(mean, 30, 7, 1001);
    }

    private static Kernel kernel(DType type, double constant) {
        return Kernel.of(
                List.of(type),
                List.of(Expr.apply(
                        dev.capstan.runtime.kernel.Primitive.MUL, Expr.input(0, type), Expr.constant(type, constant))));
    }

    @ParameterizedTest
    @ValueSource(longs = {10, 20, 30, 31})
    void aSequenceThatDeviatesIsNoMember(long length) {
        Family<Object> family = family(FamilyTest::loop, 10, 20).orElseThrow();
        for (int place = 0; place < loop(length).size(); place++) {
            List<Object> other = new ArrayList<>(loop(length));
            other.set(place, new Line("select", new Select(0, 77)));
            assertFalse(family.has(other, length), "a change at " + place);
        }
        assertFalse(family.has(loop(length).subList(0, (int) length), length));
    }

    @Test
    void squaresAreNoFamily() {
        Family<Object> family = family(n -> List.of((int) (n * n)), 10, 20).orElseThrow();
        assertFalse(family.has(List.of(900), 30));
    }

    @Test
    void aSizeThatVariesBecomesOneByChance() {
        Family<Object> family = family(n -> List.of(Shape.of((int) n - 4, 1), (int) n - 4), 10, 20)
                .orElseThrow();
        assertFalse(family.at(6).orElseThrow().broadcasts());
        assertTrue(family.at(5).orElseThrow().broadcasts());
        assertTrue(family.at(4).isEmpty());
    }

    @Test
    void numbersStayWholeAndSmall() {
        Family<Object> family = family(n -> List.of((int) n / 2), 10, 20).orElseThrow();
        assertTrue(family.at(30).isPresent());
        assertTrue(family.at(31).isEmpty());
        assertTrue(family.at(1L << 40).isEmpty());
    }

    @Test
    void otherMouldsAreOtherForms() {
        assertTrue(family(n -> List.of(n == 10 ? "a" : "b"), 10, 20).isEmpty());
        assertTrue(family(n -> List.of(n == 10 ? Shape.of(3) : Shape.of(3, 3)), 10, 20)
                .isEmpty());
        assertTrue(family(n -> n == 10 ? List.of(1) : List.of(1, 2), 10, 20).isEmpty());
        assertTrue(family(FamilyTest::loop, 10, 10).isEmpty());
    }
}
