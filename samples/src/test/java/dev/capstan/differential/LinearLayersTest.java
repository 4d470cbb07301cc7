// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static dev.capstan.differential.BothModes.leaf;
import static dev.capstan.differential.BothModes.normal;
import static dev.capstan.differential.BothModes.under;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.capstan.Compiled;
import dev.capstan.F;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.autograd.GraphText;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Linear layers: a region queues each as one operator, the tape knows a product and a transposed weight. */
class LinearLayersTest {
    private final Compiled region = Compiled.region("LinearLayers", 1);
    private final Tensor weight = leaf(1, 3, 5);

    private static @Nullable Tensor bias(boolean isBiased) {
        return isBiased ? leaf(2, 3) : null;
    }

    private static Tensor input(int rank) {
        return rank == 2 ? normal(3, 4, 5) : normal(3, 2, 4, 5);
    }

    @ParameterizedTest
    @CsvSource({"2, true", "2, false", "3, true", "3, false"})
    void isOneEvent(int rank, boolean isBiased) {
        Tensor bias = bias(isBiased);
        under(Stance.COMPILED, () -> region.call(() -> F.linear(input(rank), weight, bias)));
        assertEquals(isBiased ? 4 : 3, region.report().get(0).events());
    }

    @ParameterizedTest
    @CsvSource({"2, true", "2, false", "3, true", "3, false"})
    void theTapeOfACallThatIsLeftIsThatOfEagerMode(int rank, boolean isBiased) {
        Tensor bias = bias(isBiased);
        Tensor x = input(rank);
        String expected = GraphText.of(F.linear(x, weight, bias)).tree();
        List<Tensor> escaped = new ArrayList<>();
        assertThrows(
                IllegalStateException.class,
                () -> under(
                        Stance.COMPILED,
                        () -> region.call(() -> {
                            escaped.add(F.linear(x, weight, bias));
                            throw new IllegalStateException();
                        })));
        assertEquals(expected, GraphText.of(escaped.get(0)).tree());
    }
}
