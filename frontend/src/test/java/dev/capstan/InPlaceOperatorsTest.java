// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.capstan.runtime.type.DType;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each operator in place is the one that gives a new tensor, on whole tensors and on views. */
class InPlaceOperatorsTest {
    private static final Tensor OTHER = Tensor.of(new double[] {0.5, 1.5, -0.5, 2});

    static Stream<Arguments> operators() {
        return Stream.of(
                operator("neg", Tensor::neg, Tensor::neg_),
                operator("abs", Tensor::abs, Tensor::abs_),
                operator("sign", Tensor::sign, Tensor::sign_),
                operator("sqrt", Tensor::sqrt, Tensor::sqrt_),
                operator("exp", Tensor::exp, Tensor::exp_),
                operator("log", Tensor::log, Tensor::log_),
                operator("sin", Tensor::sin, Tensor::sin_),
                operator("cos", Tensor::cos, Tensor::cos_),
                operator("tanh", Tensor::tanh, Tensor::tanh_),
                operator("sigmoid", Tensor::sigmoid, Tensor::sigmoid_),
                operator("relu", Tensor::relu, Tensor::relu_),
                operator("square", Tensor::square, Tensor::square_),
                operator("pow", x -> x.pow(-1.5), x -> x.pow_(-1.5)),
                operator("clamp", x -> x.clamp(0.6, 1.2), x -> x.clamp_(0.6, 1.2)),
                operator("add", x -> x.add(OTHER), x -> x.add_(OTHER)),
                operator("sub", x -> x.sub(OTHER), x -> x.sub_(OTHER)),
                operator("mul", x -> x.mul(OTHER), x -> x.mul_(OTHER)),
                operator("div", x -> x.div(OTHER), x -> x.div_(OTHER)),
                operator("clampMin", x -> x.clampMin(OTHER), x -> x.clampMin_(OTHER)),
                operator("clampMax", x -> x.clampMax(OTHER), x -> x.clampMax_(OTHER)),
                operator("add number", x -> x.add(3), x -> x.add_(3)),
                operator("sub number", x -> x.sub(0.25), x -> x.sub_(0.25)),
                operator("mul number", x -> x.mul(3), x -> x.mul_(3)),
                operator("div number", x -> x.div(3), x -> x.div_(3)),
                operator("clampMin number", x -> x.clampMin(1), x -> x.clampMin_(1)),
                operator("clampMax number", x -> x.clampMax(1), x -> x.clampMax_(1)),
                operator("eq", x -> x.eq(OTHER).to(DType.FLOAT64), x -> x.eq_(OTHER)),
                operator("ne", x -> x.ne(OTHER).to(DType.FLOAT64), x -> x.ne_(OTHER)),
                operator("lt", x -> x.lt(OTHER).to(DType.FLOAT64), x -> x.lt_(OTHER)),
                operator("le", x -> x.le(OTHER).to(DType.FLOAT64), x -> x.le_(OTHER)),
                operator("gt", x -> x.gt(OTHER).to(DType.FLOAT64), x -> x.gt_(OTHER)),
                operator("ge", x -> x.ge(OTHER).to(DType.FLOAT64), x -> x.ge_(OTHER)),
                operator("eq number", x -> x.eq(1.5).to(DType.FLOAT64), x -> x.eq_(1.5)),
                operator("ne number", x -> x.ne(1.5).to(DType.FLOAT64), x -> x.ne_(1.5)),
                operator("lt number", x -> x.lt(1.5).to(DType.FLOAT64), x -> x.lt_(1.5)),
                operator("le number", x -> x.le(1.5).to(DType.FLOAT64), x -> x.le_(1.5)),
                operator("gt number", x -> x.gt(1.5).to(DType.FLOAT64), x -> x.gt_(1.5)),
                operator("ge number", x -> x.ge(1.5).to(DType.FLOAT64), x -> x.ge_(1.5)));
    }

    private static Arguments operator(String name, UnaryOperator<Tensor> plain, UnaryOperator<Tensor> inPlace) {
        return Arguments.of(name, plain, inPlace);
    }

    /** On a whole tensor and on a view of a larger one; twice, so that what was kept is not what is overwritten. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("operators")
    void everyOperatorIsTheOneThatGivesANewTensor(
            String name, UnaryOperator<Tensor> plain, UnaryOperator<Tensor> inPlace) {
        Tensor x = Tensor.of(new double[] {0.5, 1.25, 0.75, 1.5}).requiresGrad(true);
        Tensor expected = plain.apply(plain.apply(x.mul(1)).add(2));
        assertGradientsEqual(x, expected, inPlace.apply(inPlace.apply(x.mul(1)).add_(2)));

        Tensor base = Tensor.zeros(DType.FLOAT64, 4, 2);
        Tensor column = base.select(1, 1).copy_(x);
        assertGradientsEqual(x, expected, inPlace.apply(inPlace.apply(column).add_(2)));
        assertArrayEquals(expected.toDoubleArray(), base.select(1, 1).toDoubleArray());
    }

    private static void assertGradientsEqual(Tensor x, Tensor expected, Tensor actual) {
        assertArrayEquals(expected.toDoubleArray(), actual.toDoubleArray());
        if (expected.requiresGrad()) {
            assertArrayEquals(gradient(expected, x), gradient(actual, x));
        } else {
            assertArrayEquals(new double[4], gradient(actual, x));
        }
    }

    private static double[] gradient(Tensor of, Tensor x) {
        // adding 0 makes all zeros positive
        return Autograd.grad(of, List.of(x), OTHER, true, false).get(0).add(0).toDoubleArray();
    }

    @Test
    void productsAreAddedInPlace() {
        Tensor a = new Generator(1).normal(DType.FLOAT64, 2, 3).requiresGrad(true);
        Tensor b = new Generator(2).normal(DType.FLOAT64, 3, 4).requiresGrad(true);
        Tensor sum = Tensor.ones(2, 4).to(DType.FLOAT64);
        Tensor expected = sum.addmm(a, b);
        assertArrayEquals(expected.toDoubleArray(), sum.addmm_(a, b).toDoubleArray());
        assertArrayEquals(
                Autograd.grad(expected.sum(), List.of(a)).get(0).toDoubleArray(),
                Autograd.grad(sum.sum(), List.of(a)).get(0).toDoubleArray());
    }
}
