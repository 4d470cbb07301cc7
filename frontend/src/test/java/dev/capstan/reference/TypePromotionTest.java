// SPDX-License-Identifier: Apache-2.0
package dev.capstan.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.capstan.Tensor;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Operators on operands of all types and kinds of rank, against PyTorch: result type and values. */
class TypePromotionTest {
    private static final double TOLERANCE = 1e-6;

    /** Operator and kind of operands of the cases that use what this framework does not have, with their number. */
    private static final Map<String, Integer> SKIPPED = Map.of("pow t_0d", 36, "cumsum unary", 3);

    static Stream<ReferenceCase> cases() {
        return ReferenceData.of(ReferenceData.TYPE_PROMOTION).filter(c -> !SKIPPED.containsKey(group(c)));
    }

    private static String group(ReferenceCase c) {
        return c.operator() + " " + c.kind();
    }

    @Test
    void skippedCasesAreExactlyTheListedOnes() {
        Map<String, Integer> unsupported = new TreeMap<>();
        ReferenceData.of(ReferenceData.TYPE_PROMOTION).forEach(c -> {
            try {
                OperatorCalls.call(c.operator(), c.arguments());
            } catch (Arguments.Unsupported e) {
                unsupported.merge(group(c), 1, Integer::sum);
            } catch (CapstanException e) {
                assertEquals(true, c.raises(), () -> c + ": " + e.getMessage());
            }
        });
        assertEquals(new TreeMap<>(SKIPPED), unsupported);
    }

    /** The reference mixes whole numbers only; PyTorch takes a fraction as its default type, float32. */
    @Test
    void fractionsPromoteAcrossCategoriesOnly() {
        for (DType dtype : DType.values()) {
            DType expected = dtype == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
            Tensor vector = Tensor.full(dtype, 1, 2);
            Tensor scalar = Tensor.full(dtype, 1);
            assertEquals(expected, vector.mul(1.5).dtype());
            assertEquals(expected, scalar.mul(1.5).dtype());
            assertEquals(expected, vector.clampMin(1.5).dtype());
            assertArrayEquals(new double[] {2.5, 2.5}, vector.add(1.5).toDoubleArray());
            assertEquals(DType.BOOL, vector.lt(1.5).dtype());
            assertArrayEquals(new long[] {1, 1}, vector.lt(1.5).toLongArray());
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void typeAndValuesArePyTorchs(ReferenceCase c) {
        if (c.raises()) {
            assertThrows(CapstanException.class, () -> OperatorCalls.call(c.operator(), c.arguments()), c::message);
            return;
        }
        Tensor result = OperatorCalls.call(c.operator(), c.arguments());
        assertEquals(c.outputType(), result.dtype().label());
        Closeness.assertClose(c.expected(), result, TOLERANCE, c.toString());
    }
}
