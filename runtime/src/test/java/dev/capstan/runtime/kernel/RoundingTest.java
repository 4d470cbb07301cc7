// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.capstan.runtime.eager.ElementwiseExecutor;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Roundings give the bits of those in {@code java.lang.Math}. */
class RoundingTest {
    private static final int COUNT = 20_000;

    enum Direction {
        NEAREST(Functions::round, Math::rint),
        TOWARD_ZERO(Functions::trunc, x -> x < 0 ? Math.ceil(x) : Math.floor(x)),
        DOWN(Functions::floor, Math::floor),
        UP(Functions::ceil, Math::ceil);

        private final UnaryOperator<Expr> expression;
        private final DoubleUnaryOperator reference;

        Direction(UnaryOperator<Expr> expression, DoubleUnaryOperator reference) {
            this.expression = expression;
            this.reference = reference;
        }
    }

    @ParameterizedTest
    @EnumSource
    void roundingIsExact(Direction direction) {
        double[] special = {
            0, -0.0, 0.5, -0.5, 1.5, 2.5, -2.5, Double.NaN, Double.POSITIVE_INFINITY, -1e300, 0x1p23 - 0.5
        };
        for (DType type : List.of(DType.FLOAT32, DType.FLOAT64)) {
            Random random = new Random(3);
            NdArray x = NdArray.zeros(type, Shape.of(COUNT));
            NdArray y = NdArray.zeros(type, Shape.of(COUNT));
            for (int i = 0; i < COUNT; i++) {
                double size = Math.scalb(random.nextDouble() * 2 - 1, random.nextInt(56) - 2);
                x.set(i, i < special.length ? special[i] : i % 3 == 0 ? Math.rint(size) / 2 : size);
            }
            Kernel kernel = Kernel.of(List.of(type), List.of(direction.expression.apply(Expr.input(0, type))));
            ElementwiseExecutor.run(kernel, new NdArray[] {x}, new NdArray[] {y});
            for (int i = 0; i < COUNT; i++) {
                double expected = direction.reference.applyAsDouble(x.get(i));
                assertEquals(
                        Double.doubleToLongBits(expected),
                        Double.doubleToLongBits(y.get(i)),
                        direction + " of " + x.get(i) + " is " + y.get(i));
            }
        }
    }
}
