// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.kernel;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.eager.ElementwiseExecutor;
import dev.capstan.runtime.eager.PreparedKernel;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.spi.Compilers;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.math.BigDecimal;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FunctionsTest {
    private static final double INFINITY = Double.POSITIVE_INFINITY;
    private static final double NAN = Double.NaN;

    /** The functions, what they are measured against, and the errors allowed in units in the last place. */
    enum Function {
        EXP(Functions::exp, StrictMath::exp, ExactFunctions::exp, 1, 1),
        EXPM1(Functions::expm1, StrictMath::expm1, ExactFunctions::expm1, 2, 2),
        TANH(Functions::tanh, StrictMath::tanh, ExactFunctions::tanh, 2, 2),
        SIGMOID(Functions::sigmoid, FunctionsTest::sigmoid, ExactFunctions::sigmoid, 2, 2),
        LOG(Functions::log, StrictMath::log, ExactFunctions::log, 1, 1),
        LOG1P(Functions::log1p, StrictMath::log1p, ExactFunctions::log1p, 2, 2),
        SIN(Functions::sin, StrictMath::sin, ExactFunctions::sin, 2.5, 2.5),
        COS(Functions::cos, StrictMath::cos, ExactFunctions::cos, 2.5, 2.5),
        ERF(Functions::erf, FunctionsTest::erf, ExactFunctions::erf, 2, 2);

        private final UnaryOperator<Expr> expression;
        private final DoubleUnaryOperator reference;
        private final UnaryOperator<BigDecimal> exact;
        private final double single;
        private final double twice;

        Function(
                UnaryOperator<Expr> expression,
                DoubleUnaryOperator reference,
                UnaryOperator<BigDecimal> exact,
                double single,
                double twice) {
            this.expression = expression;
            this.reference = reference;
            this.exact = exact;
            this.single = single;
            this.twice = twice;
        }

        private boolean isCircular() {
            return this == SIN || this == COS;
        }

        private PreparedKernel kernel(DType type) {
            return PreparedKernel.of(
                    Kernel.of(List.of(type), List.of(expression.apply(Expr.input(0, type)))), Compilers.NONE);
        }

        private NdArray apply(DType type, Object array, int count) {
            NdArray input = new NdArray(Storage.of(type, array), Layout.contiguous(Shape.of(count)));
            NdArray output = NdArray.zeros(type, Shape.of(count));
            ElementwiseExecutor.run(kernel(type), new NdArray[] {input}, new NdArray[] {output});
            return output;
        }
    }

    private static double sigmoid(double x) {
        double z = StrictMath.exp(-Math.abs(x));
        return (x < 0 ? z : 1) / (1 + z);
    }

    /** The series of {@link ExactFunctions#erf} in double, good enough for float32. */
    private static double erf(double x) {
        if (!(Math.abs(x) < 6)) {
            return Double.isNaN(x) ? x : Math.signum(x);
        }
        double term = x;
        double sum = x;
        for (int n = 3; Math.abs(term) > Math.abs(x) * 1e-17; n += 2) {
            term *= 2 * x * x / n;
            sum += term;
        }
        return 2 / Math.sqrt(Math.PI) * StrictMath.exp(-x * x) * sum;
    }

    /** The error in units in the last place of the exact result as a float; infinite if a special value differs. */
    private static double error(float actual, double exact) {
        float nearest = (float) exact;
        if (Float.floatToIntBits(actual) == Float.floatToIntBits(nearest) && !Float.isFinite(nearest)) {
            return 0;
        }
        if (!Double.isFinite(exact) || exact == 0) {
            return Float.floatToIntBits(actual) == Float.floatToIntBits(nearest) ? 0 : INFINITY;
        }
        double above = Float.isInfinite(actual) ? Math.copySign(0x1p128, actual) : actual;
        return Math.abs(above - exact) / Math.min(Math.ulp(nearest), 0x1p104);
    }

    private static void assertFloatsAreAccurate(Function function, int stride) {
        int count = 1 << 15;
        float[] x = new float[count];
        double worst = 0;
        float where = 0;
        for (long bits = Integer.MIN_VALUE; bits <= Integer.MAX_VALUE; bits += (long) stride * count) {
            for (int i = 0; i < count; i++) {
                x[i] = Float.intBitsToFloat((int) Math.min(bits + (long) i * stride, Integer.MAX_VALUE));
            }
            float[] y =
                    (float[]) function.apply(DType.FLOAT32, x, count).storage().array();
            for (int i = 0; i < count; i++) {
                if (function.isCircular() && Math.abs(x[i]) > 1e6f) {
                    assertTrue(Float.isFinite(x[i]) ? Math.abs(y[i]) <= 1 : Float.isNaN(y[i]));
                    continue;
                }
                double error = error(y[i], function.reference.applyAsDouble(x[i]));
                if (error > worst) {
                    worst = error;
                    where = x[i];
                }
            }
        }
        assertTrue(worst <= function.single, function + " is off by " + worst + " at " + where);
    }

    @ParameterizedTest
    @EnumSource
    void floatsAreAccurateOverTheWholeRange(Function function) {
        assertFloatsAreAccurate(function, 1999);
    }

    @ParameterizedTest
    @EnumSource
    @Tag("nightly")
    void nearlyAllFloatsAreAccurate(Function function) {
        assertFloatsAreAccurate(function, 7);
    }

    @ParameterizedTest
    @EnumSource
    void doublesAreAccurate(Function function) {
        Random random = new Random(11);
        int count = 900;
        double[] x = new double[count];
        for (int i = 0; i < count; i++) {
            double scale = switch (i % 3) {
                case 0 -> 4;
                case 1 -> function.isCircular() ? 1e13 : function == Function.ERF ? 6 : 700;
                default -> Math.scalb(1.0, -random.nextInt(60));
            };
            x[i] = (random.nextDouble() * 2 - 1) * scale;
            if (function == Function.LOG || function == Function.LOG1P && x[i] <= -1) {
                x[i] = i % 6 == 0
                        ? Double.longBitsToDouble(random.nextLong() & Long.MAX_VALUE >> 1)
                        : i % 2 == 0 ? 1 + x[i] * 1e-3 : Math.abs(x[i]);
            }
        }
        double[] y =
                (double[]) function.apply(DType.FLOAT64, x, count).storage().array();
        double worst = 0;
        double where = 0;
        for (int i = 0; i < count; i++) {
            BigDecimal exact = function.exact.apply(new BigDecimal(x[i]));
            BigDecimal difference = exact.subtract(new BigDecimal(y[i])).abs();
            double error = difference.doubleValue() / Math.ulp(exact.doubleValue());
            if (error > worst) {
                worst = error;
                where = x[i];
            }
        }
        assertTrue(worst <= function.twice, function + " is off by " + worst + " at " + where);
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "FLOAT64"})
    void specialValuesAreThoseOfJava(DType type) {
        double tiny = type == DType.FLOAT32 ? Float.MIN_VALUE : Double.MIN_VALUE;
        assertAll(
                () -> assertValues(Function.EXP, type, new double[][] {
                    {0, 1},
                    {-0.0, 1},
                    {INFINITY, INFINITY},
                    {-INFINITY, 0},
                    {NAN, NAN},
                    {800, INFINITY},
                    {-800, 0},
                    {tiny, 1}
                }),
                () -> assertValues(Function.EXPM1, type, new double[][] {
                    {0, 0},
                    {-0.0, -0.0},
                    {INFINITY, INFINITY},
                    {-INFINITY, -1},
                    {NAN, NAN},
                    {tiny, tiny},
                    {-tiny, -tiny}
                }),
                () -> assertValues(Function.TANH, type, new double[][] {
                    {0, 0},
                    {-0.0, -0.0},
                    {INFINITY, 1},
                    {-INFINITY, -1},
                    {NAN, NAN},
                    {tiny, tiny},
                    {-tiny, -tiny},
                    {30, 1}
                }),
                () -> assertValues(Function.SIGMOID, type, new double[][] {
                    {0, 0.5}, {-0.0, 0.5}, {INFINITY, 1}, {-INFINITY, 0}, {NAN, NAN}, {tiny, 0.5}, {-800, 0}, {800, 1}
                }),
                () -> assertValues(Function.LOG, type, new double[][] {
                    {0, -INFINITY},
                    {-0.0, -INFINITY},
                    {INFINITY, INFINITY},
                    {-INFINITY, NAN},
                    {NAN, NAN},
                    {-1, NAN},
                    {-tiny, NAN},
                    {1, 0}
                }),
                () -> assertValues(Function.LOG1P, type, new double[][] {
                    {0, 0},
                    {-0.0, -0.0},
                    {INFINITY, INFINITY},
                    {-INFINITY, NAN},
                    {NAN, NAN},
                    {-1, -INFINITY},
                    {-2, NAN},
                    {tiny, tiny},
                    {-tiny, -tiny}
                }),
                () -> assertValues(Function.SIN, type, new double[][] {
                    {0, 0}, {-0.0, -0.0}, {INFINITY, NAN}, {-INFINITY, NAN}, {NAN, NAN}, {tiny, tiny}, {-tiny, -tiny}
                }),
                () -> assertValues(Function.COS, type, new double[][] {
                    {0, 1}, {-0.0, 1}, {INFINITY, NAN}, {-INFINITY, NAN}, {NAN, NAN}, {tiny, 1}, {-tiny, 1}
                }),
                () -> assertValues(Function.ERF, type, new double[][] {
                    {0, 0}, {-0.0, -0.0}, {INFINITY, 1}, {-INFINITY, -1}, {NAN, NAN}, {tiny, tiny}, {-tiny, -tiny}
                }));
    }

    private static void assertValues(Function function, DType type, double[][] values) {
        for (double[] pair : values) {
            NdArray x = NdArray.zeros(type, Shape.of(1));
            x.set(0, pair[0]);
            NdArray y = function.apply(type, x.storage().array(), 1);
            assertEquals(pair[1], y.get(0), function + " of " + pair[0]);
        }
    }

    @Test
    void thereAreNoFunctionsOfIntegers() {
        Expr integer = Expr.input(0, DType.INT64);
        for (Function function : Function.values()) {
            assertThrows(IllegalArgumentException.class, () -> function.expression.apply(integer));
        }
    }
}
