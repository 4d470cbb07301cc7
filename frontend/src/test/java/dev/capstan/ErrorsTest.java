// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.capstan.nn.Linear;
import dev.capstan.nn.Module;
import dev.capstan.nn.ReLU;
import dev.capstan.nn.Rnn;
import dev.capstan.nn.Sequential;
import dev.capstan.optim.Adam;
import dev.capstan.optim.SGD;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every refusal is one line: {@code operator: rule: operands at Class.method(File.java:line)}. */
class ErrorsTest {
    private static final Tensor MATRIX = Tensor.ones(2, 3);
    private static final Tensor COUNTS = Tensor.of(new long[] {1, 2});

    private static int lineOfCaller() {
        return StackWalker.getInstance()
                .walk(frames -> frames.skip(1).findFirst().orElseThrow().getLineNumber());
    }

    @Test
    void messageNamesOperatorRuleOperandsAndPlace() {
        Tensor weight = Tensor.ones(768, 10);
        Tensor input = Tensor.ones(32, 784);
        int line = lineOfCaller() + 1;
        CapstanException e = assertThrows(CapstanException.class, () -> input.matmul(weight));
        assertEquals(
                "matmul: inner dimensions differ: [32,784] x [768,10] (784 != 768) "
                        + "at ErrorsTest.messageNamesOperatorRuleOperandsAndPlace(ErrorsTest.java:" + line + ")",
                e.getMessage());
        assertEquals("matmul", e.operator());
        assertEquals("inner dimensions differ", e.rule());
        assertEquals("[32,784] x [768,10] (784 != 768)", e.operands());
    }

    private int lineInForward;

    private final class Wrong extends Module<Tensor, Tensor> {
        @Override
        protected Tensor forward(Tensor input) {
            lineInForward = lineOfCaller() + 1;
            return input.add(Tensor.ones(5));
        }
    }

    @Test
    void placeIsTheUsersForwardNotTheFrameworks() {
        Sequential model = new Sequential(new ReLU(), new Wrong());
        CapstanException e = assertThrows(CapstanException.class, () -> model.apply(MATRIX));
        assertEquals(
                "add: shapes do not broadcast: [2,3] and [5] (3 != 5 at dimension 1) "
                        + "at ErrorsTest$Wrong.forward(ErrorsTest.java:" + lineInForward + ")",
                e.getMessage());
    }

    @Test
    void placeOfAModulesErrorIsItsCaller() {
        Linear layer = new Linear(4, 2);
        int line = lineOfCaller() + 1;
        CapstanException e = assertThrows(CapstanException.class, () -> layer.apply(MATRIX));
        assertEquals(
                "linear: inner dimensions differ: [2,3] and [2,4] (3 != 4) "
                        + "at ErrorsTest.placeOfAModulesErrorIsItsCaller(ErrorsTest.java:" + line + ")",
                e.getMessage());
    }

    @Test
    void placeOfABackwardErrorIsTheCallOfBackward() {
        Tensor leaf = Tensor.ones(2).requiresGrad(true);
        Tensor result = leaf.exp();
        result.detach().add_(1);
        Tensor sum = result.sum();
        int line = lineOfCaller() + 1;
        CapstanException e = assertThrows(CapstanException.class, () -> sum.backward());
        assertEquals(
                "backward: a tensor needed for the gradient was modified in place: "
                        + "float32[2] of ExpBackward is at version 1, expected 0 "
                        + "at ErrorsTest.placeOfABackwardErrorIsTheCallOfBackward(ErrorsTest.java:" + line + ")",
                e.getMessage());
    }

    private static Arguments refused(String message, Executable call) {
        return Arguments.of(message, call);
    }

    static Stream<Arguments> refusals() {
        Tensor leaf = Tensor.ones(2, 3).requiresGrad(true);
        Tensor plain = Tensor.ones(2, 3);
        Linear linear = new Linear(3, 2);
        return Stream.of(
                refused(
                        "add: shapes do not broadcast: [2,3] and [2] (3 != 2 at dimension 1)",
                        () -> MATRIX.add(Tensor.ones(2))),
                refused(
                        "mm: operands are not [m,k] x [k,n]: [2] x [2,3]",
                        () -> Tensor.ones(2).mm(MATRIX)),
                refused(
                        "mm: element types differ: float32[2,3] x float64[3,2]",
                        () -> MATRIX.mm(Tensor.zeros(DType.FLOAT64, 3, 2))),
                refused(
                        "bmm: numbers of matrices differ: [2,3,4] x [3,4,2]",
                        () -> Tensor.ones(2, 3, 4).bmm(Tensor.ones(3, 4, 2))),
                refused(
                        "matmul: a 0-d tensor has no matrix product: [] x [2,3]",
                        () -> Tensor.scalar(1f).matmul(MATRIX)),
                refused(
                        "addmm: the bias is larger than the product: float32[4,2,2] + float32[2,2]",
                        () -> Tensor.ones(4, 2, 2).addmm(MATRIX, Tensor.ones(3, 2))),
                refused(
                        "linear: inner dimensions differ: [2,3] and [4,2] (3 != 2)",
                        () -> F.linear(MATRIX, Tensor.ones(4, 2), null)),
                refused(
                        "linear: element types differ: float32[2,3] x float64[4,3]",
                        () -> F.linear(MATRIX, Tensor.zeros(DType.FLOAT64, 4, 3), null)),
                refused(
                        "linear: the bias is larger than the product: float32[4] + float32[2,1]",
                        () -> F.linear(MATRIX, Tensor.ones(1, 3), Tensor.ones(4))),
                refused(
                        "linear: the bias is not [n]: [2,4]",
                        () -> F.linear(MATRIX, Tensor.ones(4, 3), Tensor.ones(2, 4))),
                refused(
                        "sub: bool elements are not numbers: bool[2,3]",
                        () -> MATRIX.gt(0).sub(1)),
                refused("mean: the elements are not floating: int64[2]", () -> COUNTS.mean()),
                refused(
                        "mseLoss: the elements are not floating: int64[2] and int64[2]",
                        () -> F.mseLoss(COUNTS, COUNTS)),
                refused("sum: a dimension appears twice: [0, -2]", () -> MATRIX.sum(0, -2)),
                refused("sum: dimension out of range: 2 for [2,3] (expected -2 to 1)", () -> MATRIX.sum(2)),
                refused("pow: the exponent is not a multiple of 0.5 between -64 and 64: 0.3", () -> MATRIX.pow(0.3)),
                refused("pow: integers have no negative powers: int64^-1.0", () -> COUNTS.pow(-1)),
                refused("where: the condition is not bool: int64[2]", () -> COUNTS.where(COUNTS, COUNTS)),
                refused("reshape: number of elements differs: [2,3] to [4,2]", () -> MATRIX.reshape(4, 2)),
                refused("reshape: a size is negative, other than one -1: [-1, -1]", () -> MATRIX.reshape(-1, -1)),
                refused("reshape: no size fits in place of -1: [2,3] to [4, -1]", () -> MATRIX.reshape(4, -1)),
                refused("expand: only sizes of 1 stretch: [2,3] to [4,3]", () -> MATRIX.expand(4, 3)),
                refused(
                        "permute: the order does not name each dimension once: [0, 0] for [2,3]",
                        () -> MATRIX.permute(0, 0)),
                refused(
                        "t: more than two dimensions: [1,1,1]",
                        () -> Tensor.ones(1, 1, 1).t()),
                refused(
                        "transpose: dimension out of range: -3 for [2,3] (expected -2 to 1)",
                        () -> MATRIX.transpose(0, -3)),
                refused("select: index out of range: 3 for dimension 1 of [2,3]", () -> MATRIX.select(1, 3)),
                refused(
                        "slice: range out of bounds: start 1, length 3, step 1 for dimension 1 of [2,3]",
                        () -> MATRIX.narrow(1, 1, 3)),
                refused("unsqueeze: dimension out of range: 4 for [2,3]", () -> MATRIX.unsqueeze(4)),
                refused("flatten: the first dimension comes after the last: 1 > 0", () -> MATRIX.flatten(1, 0)),
                refused("cat: no operands: []", () -> Tensor.cat(List.of(), 0)),
                refused("stack: shapes differ: [2,3] and [2]", () -> Tensor.stack(List.of(MATRIX, COUNTS), 0)),
                refused("size: dimension out of range: 2 for [2,3] (expected -2 to 1)", () -> MATRIX.size(2)),
                refused(
                        "tensor: number of elements differs from the shape: 2 for [3]",
                        () -> Tensor.of(new float[] {1, 2}, 3)),
                refused("shape: a size is negative: [2, -1]", () -> Tensor.zeros(2, -1)),
                refused("dtype: unknown element type: float16", () -> DType.of("float16")),
                refused("item: the tensor does not have exactly one element: float32[2,3]", () -> MATRIX.item()),
                refused(
                        "requiresGrad: only floating tensors have gradients: int64[2]",
                        () -> Tensor.of(new long[] {1, 2}).requiresGrad(true)),
                refused(
                        "requiresGrad: only a leaf can be changed: float32[2,3] made by ExpBackward",
                        () -> leaf.exp().requiresGrad(false)),
                refused(
                        "setGrad: the gradient has another type: float32[2] for float32[2,3]",
                        () -> leaf.setGrad(Tensor.ones(2))),
                refused(
                        "setData: not a leaf of the same shape: float32[2] for float32[2,3]",
                        () -> leaf.setData(Tensor.ones(2))),
                refused(
                        "add_: the result does not fit into the first operand: float32[2,3] into float32[3]",
                        () -> Tensor.ones(3).add_(MATRIX)),
                refused(
                        "mul_: the result's element type cannot be stored in the first operand: float32[2] into int64[2]",
                        () -> Tensor.of(new long[] {1, 2}).mul_(0.5)),
                refused(
                        "copy_: shapes do not broadcast: [2,3] and [2] (3 != 2 at dimension 1)",
                        () -> plain.copy_(Tensor.ones(2))),
                refused(
                        "mul_: a view of a leaf that requires a gradient is changed in place outside of noGrad: "
                                + "float32[3]",
                        () -> leaf.select(0, 1).mul_(2)),
                refused(
                        "zero_: a leaf that requires a gradient is changed in place outside of noGrad: float32[2,3]",
                        () -> leaf.zero_()),
                refused(
                        "mul_: several elements of the written tensor are one place in memory; copy it first: "
                                + "float32[4,2,3]",
                        () -> plain.expand(4, 2, 3).mul_(2)),
                refused(
                        "grad: an input does not require a gradient: float32[2,3]",
                        () -> Autograd.grad(leaf.sum(), List.of(plain))),
                refused(
                        "grad: the output does not depend on an input: float32[]",
                        () -> Autograd.grad(
                                leaf.sum(), List.of(Tensor.scalar(1f).requiresGrad(true)))),
                refused(
                        "optimizer: a parameter is not a leaf that requires a gradient: [2,3]",
                        () -> new SGD(List.of(plain))),
                refused(
                        "optimizer: lr is not a finite number from 0 on: -1.0",
                        () -> new Adam(linear.parameters()).lr(-1)),
                refused(
                        "optimizer: momentum is not from 0 to below 1: 1.0",
                        () -> new SGD(linear.parameters()).momentum(1)),
                refused(
                        "optimizer: beta2 is not from 0 to below 1: NaN",
                        () -> new Adam(linear.parameters()).betas(0.9, Double.NaN)),
                refused(
                        "loadStateDict: names differ: missing [bias, weight], unexpected [w]",
                        () -> linear.loadStateDict(Map.of("w", MATRIX))),
                refused(
                        "rnn: the input is not [time, batch, 4]: [2,3]",
                        () -> new Rnn(4, 2).apply(new Rnn.Input(MATRIX, null))),
                refused(
                        "rnn: the state is not [1,2,2]: [2,3]",
                        () -> new Rnn(3, 2).apply(new Rnn.Input(Tensor.ones(4, 2, 3), MATRIX))),
                refused(
                        "rnn: the sequence has no time step: [0,2,3]",
                        () -> new Rnn(3, 2).apply(new Rnn.Input(Tensor.ones(0, 2, 3), null))));
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void rulesAreNamed(String message, Executable call) {
        CapstanException e = assertThrows(CapstanException.class, call);
        String unnumbered = e.getMessage().replaceAll(":\\d+\\)$", "");
        assertEquals(message + " at ErrorsTest.refusals(ErrorsTest.java", unnumbered);
    }
}
