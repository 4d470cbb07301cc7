// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.op.Abs;
import dev.capstan.runtime.op.AdaptiveAvgPool;
import dev.capstan.runtime.op.Add;
import dev.capstan.runtime.op.Addmm;
import dev.capstan.runtime.op.Amax;
import dev.capstan.runtime.op.Amin;
import dev.capstan.runtime.op.Arange;
import dev.capstan.runtime.op.Argmax;
import dev.capstan.runtime.op.Argmin;
import dev.capstan.runtime.op.AsStrided;
import dev.capstan.runtime.op.AvgPool;
import dev.capstan.runtime.op.Bmm;
import dev.capstan.runtime.op.Cast;
import dev.capstan.runtime.op.Cat;
import dev.capstan.runtime.op.Ceil;
import dev.capstan.runtime.op.ClampMax;
import dev.capstan.runtime.op.ClampMin;
import dev.capstan.runtime.op.Clone;
import dev.capstan.runtime.op.ConstantPad;
import dev.capstan.runtime.op.Convolution;
import dev.capstan.runtime.op.Cos;
import dev.capstan.runtime.op.Cumsum;
import dev.capstan.runtime.op.Detach;
import dev.capstan.runtime.op.Div;
import dev.capstan.runtime.op.Elu;
import dev.capstan.runtime.op.Embed;
import dev.capstan.runtime.op.Embedding;
import dev.capstan.runtime.op.Eq;
import dev.capstan.runtime.op.Erf;
import dev.capstan.runtime.op.Exp;
import dev.capstan.runtime.op.Expand;
import dev.capstan.runtime.op.Expm1;
import dev.capstan.runtime.op.Floor;
import dev.capstan.runtime.op.Formula;
import dev.capstan.runtime.op.Gather;
import dev.capstan.runtime.op.Ge;
import dev.capstan.runtime.op.Gelu;
import dev.capstan.runtime.op.Gt;
import dev.capstan.runtime.op.IndexAdd;
import dev.capstan.runtime.op.IndexSelect;
import dev.capstan.runtime.op.Isfinite;
import dev.capstan.runtime.op.Isinf;
import dev.capstan.runtime.op.Isnan;
import dev.capstan.runtime.op.LayerNorm;
import dev.capstan.runtime.op.Le;
import dev.capstan.runtime.op.LeakyRelu;
import dev.capstan.runtime.op.Linear;
import dev.capstan.runtime.op.Log;
import dev.capstan.runtime.op.Log1p;
import dev.capstan.runtime.op.LogSoftmax;
import dev.capstan.runtime.op.LogSumExp;
import dev.capstan.runtime.op.LogicalAnd;
import dev.capstan.runtime.op.LogicalNot;
import dev.capstan.runtime.op.LogicalOr;
import dev.capstan.runtime.op.LogicalXor;
import dev.capstan.runtime.op.Lt;
import dev.capstan.runtime.op.MaskedFill;
import dev.capstan.runtime.op.Matmul;
import dev.capstan.runtime.op.MatrixTranspose;
import dev.capstan.runtime.op.Max;
import dev.capstan.runtime.op.MaxPool;
import dev.capstan.runtime.op.Maximum;
import dev.capstan.runtime.op.Mean;
import dev.capstan.runtime.op.Min;
import dev.capstan.runtime.op.Minimum;
import dev.capstan.runtime.op.Mm;
import dev.capstan.runtime.op.MseLoss;
import dev.capstan.runtime.op.Mul;
import dev.capstan.runtime.op.Ne;
import dev.capstan.runtime.op.Neg;
import dev.capstan.runtime.op.Norm;
import dev.capstan.runtime.op.OneHot;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.op.Overwrite;
import dev.capstan.runtime.op.Permute;
import dev.capstan.runtime.op.Pow;
import dev.capstan.runtime.op.Reciprocal;
import dev.capstan.runtime.op.Relu;
import dev.capstan.runtime.op.Reshape;
import dev.capstan.runtime.op.Round;
import dev.capstan.runtime.op.Rsqrt;
import dev.capstan.runtime.op.ScatterAdd;
import dev.capstan.runtime.op.Select;
import dev.capstan.runtime.op.Sigmoid;
import dev.capstan.runtime.op.Sign;
import dev.capstan.runtime.op.Silu;
import dev.capstan.runtime.op.Sin;
import dev.capstan.runtime.op.Slice;
import dev.capstan.runtime.op.Softmax;
import dev.capstan.runtime.op.Softplus;
import dev.capstan.runtime.op.Sqrt;
import dev.capstan.runtime.op.Squeeze;
import dev.capstan.runtime.op.Stack;
import dev.capstan.runtime.op.Std;
import dev.capstan.runtime.op.Sub;
import dev.capstan.runtime.op.Sum;
import dev.capstan.runtime.op.Tanh;
import dev.capstan.runtime.op.Transpose;
import dev.capstan.runtime.op.Tril;
import dev.capstan.runtime.op.Triu;
import dev.capstan.runtime.op.Trunc;
import dev.capstan.runtime.op.Unfold;
import dev.capstan.runtime.op.Unsqueeze;
import dev.capstan.runtime.op.Var;
import dev.capstan.runtime.op.Where;
import dev.capstan.runtime.op.Window;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** Inputs for every operator: the tests take what they prove from here, so that no operator is forgotten. */
final class OperatorSamples {
    private final Generator generator = new Generator(1);
    private final List<Sample> samples = new ArrayList<>();

    /**
     * An operator with operands in float64.
     *
     * @param step by how much an element is moved to measure a slope
     */
    record Sample(Operator operator, List<Tensor> operands, double step) {
        /** Operands of the same values that nothing was recorded of yet; floating ones require gradients. */
        List<Tensor> leaves() {
            List<Tensor> leaves = new ArrayList<>();
            for (int i = 0; i < operands.size(); i++) {
                Tensor leaf = operands.get(i).detach().copy();
                leaves.add(differentiable(i) ? leaf.requiresGrad(true) : leaf);
            }
            return leaves;
        }

        boolean differentiable(int operand) {
            return operands.get(operand).dtype().isFloating() && operator.differentiable(operand);
        }

        Tensor apply(List<Tensor> to) {
            return TensorOps.INSTANCE.apply(operator, to);
        }

        @Override
        public String toString() {
            return operator + " " + operands.stream().map(Tensor::type).toList();
        }
    }

    static Stream<Sample> all() {
        OperatorSamples made = new OperatorSamples();
        made.elementwise();
        made.reductions();
        made.movements();
        made.windows();
        made.indices();
        made.products();
        return made.samples.stream();
    }

    private void elementwise() {
        for (Operator operator : List.of(
                new Neg(),
                new Abs(),
                new Sign(),
                new Exp(),
                new Sin(),
                new Cos(),
                new Tanh(),
                new Sigmoid(),
                new Relu(),
                new Clone(),
                new Pow(0),
                new Pow(1),
                new Pow(2),
                new Pow(3),
                new Pow(-1),
                new Pow(-2),
                new Pow(7))) {
            add(operator, normal(3, 4));
            add(operator, normal());
        }
        for (Operator operator : List.of(
                new Erf(),
                new Gelu(false),
                new Gelu(true),
                new Silu(),
                new LeakyRelu(0.25),
                new Elu(1.5),
                new Softplus(1, 20),
                new Softplus(3, 0.2),
                new Expm1(),
                new Floor(),
                new Ceil(),
                new Round(),
                new Trunc(),
                new Isnan(),
                new Isinf(),
                new Isfinite(),
                new LogicalNot())) {
            add(operator, normal(3, 4));
            add(operator, normal());
        }
        for (Operator operator : List.of(new Rsqrt(), new Reciprocal(), new Log1p())) {
            add(operator, positive(3, 4));
        }
        for (Operator operator : List.of(new LogicalAnd(), new LogicalOr(), new LogicalXor())) {
            add(operator, normal(2, 3), normal(2, 3).gt(0).to(DType.FLOAT64));
            add(operator, normal(2, 1), normal(3));
        }
        add(new MaskedFill(), normal(2, 3), normal(2, 3).gt(0), normal());
        add(new MaskedFill(), normal(2, 1), normal(3).gt(0), normal());
        for (Operator operator :
                List.of(new Sqrt(), new Log(), new Pow(0.5), new Pow(-0.5), new Pow(2.5), new Pow(-1.5))) {
            add(operator, positive(3, 4));
        }
        for (Operator operator : List.of(
                new Add(),
                new Sub(),
                new Mul(),
                new Maximum(),
                new Minimum(),
                new ClampMin(),
                new ClampMax(),
                new Eq(),
                new Ne(),
                new Lt(),
                new Le(),
                new Gt(),
                new Ge())) {
            add(operator, normal(2, 3), normal(2, 3));
            add(operator, normal(2, 1, 3), normal(4, 1));
            add(operator, normal(), normal(3));
        }
        add(new Div(), normal(2, 3), positive(2, 3));
        add(new Div(), normal(2, 1, 3), positive(4, 1));
        Tensor condition = normal(2, 3).gt(0);
        add(new Where(), condition, normal(2, 3), normal(2, 3));
        add(new Where(), condition, normal(1, 3), normal());
        // eighths survive float32, so that the slope is exact
        samples.add(new Sample(new Cast(DType.FLOAT32), List.of(Tensor.of(new double[] {0.25, -1.5, 3})), 0.125));
        samples.add(new Sample(new Cast(DType.FLOAT64), List.of(Tensor.of(new float[] {0.25f, -1.5f, 3})), 0.125));
    }

    private void reductions() {
        for (boolean keep : new boolean[] {false, true}) {
            for (List<Integer> dimensions : List.<List<Integer>>of(List.of(), List.of(1), List.of(-1, 0))) {
                add(new Sum(dimensions, keep), normal(2, 3, 4));
                add(new Mean(dimensions, keep), normal(2, 3, 4));
            }
        }
        for (boolean keep : new boolean[] {false, true}) {
            for (List<Integer> dimensions : List.<List<Integer>>of(List.of(), List.of(1), List.of(-1, 0))) {
                add(new Amax(dimensions, keep), normal(2, 3, 4));
                add(new Amin(dimensions, keep), normal(2, 3, 4));
                add(new LogSumExp(dimensions, keep), normal(2, 3, 4));
            }
        }
        for (boolean keep : new boolean[] {false, true}) {
            for (List<Integer> dimensions : List.<List<Integer>>of(List.of(), List.of(1), List.of(-1, 0))) {
                add(new Var(dimensions, 1, keep), normal(2, 3, 4));
                add(new Std(dimensions, 0, keep), normal(2, 3, 4));
                add(new Norm(dimensions, keep), normal(2, 3, 4));
            }
        }
        add(new Var(List.of(), 0, false), normal());
        add(new LayerNorm(Shape.of(4), 1e-5, 0), normal(2, 3, 4));
        add(new LayerNorm(Shape.of(4), 0.5, 1), normal(3, 4), normal(4));
        add(new LayerNorm(Shape.of(3, 4), 1e-5, 2), normal(2, 3, 4), normal(3, 4), normal(3, 4));
        for (boolean descends : new boolean[] {false, true}) {
            add(new Cumsum(0, descends), normal(3, 4));
            add(new Cumsum(-2, descends), normal(2, 3, 4));
            add(new Cumsum(-1, descends), normal());
        }
        add(new Max(), normal(2, 3));
        add(new Min(), normal());
        for (int dimension : new int[] {0, 1, -1}) {
            add(new Softmax(dimension), normal(2, 3, 4));
            add(new LogSoftmax(dimension), normal(2, 3, 4));
        }
        add(new Softmax(0), normal());
        add(new LogSoftmax(-1), normal(2, 0));
        add(new Sum(List.of(), false), normal());
        add(new Mean(List.of(0), true), normal());
        for (boolean averaged : new boolean[] {false, true}) {
            add(new MseLoss(averaged), normal(2, 3), normal(2, 3));
            add(new MseLoss(averaged), normal(2, 3), normal(3));
            add(new MseLoss(averaged), normal(1, 3), normal(2, 1));
        }
    }

    private void movements() {
        for (int diagonal : new int[] {0, 1, -2}) {
            add(new Tril(diagonal), normal(3, 4));
            add(new Triu(diagonal), normal(2, 4, 3));
        }
        add(new Reshape(Shape.of(4, 3)), normal(2, 6));
        add(new Reshape(Shape.of(1)), normal());
        add(new Expand(Shape.of(2, 3, 4)), normal(3, 1));
        add(new Expand(Shape.of(3)), normal());
        add(new Squeeze(1), normal(2, 1, 3));
        add(new Squeeze(-1), normal(2, 1, 3));
        add(new Squeeze(0), normal());
        add(new Unsqueeze(1), normal(2, 3));
        add(new Unsqueeze(-1), normal());
        add(new Transpose(0, -1), normal(2, 3, 4));
        add(new MatrixTranspose(), normal(2, 3));
        add(new MatrixTranspose(), normal(3));
        add(new Permute(List.of(2, 0, -2)), normal(2, 3, 4));
        add(new Select(1, 2), normal(2, 3, 4));
        add(new Select(-1, -4), normal(2, 3, 4));
        add(new Slice(1, 1, 2, 1), normal(2, 4));
        add(new Slice(-1, 1, 2, 2), normal(2, 4));
        add(new Slice(0, 2, 0, 1), normal(2, 4));
        add(new Detach(false), normal(2, 3));
        add(new Detach(true), normal(2, 3));
        List<DType> two = List.of(DType.FLOAT64, DType.FLOAT64);
        Expr rule =
                Expr.input(0, DType.FLOAT64).add(Expr.input(1, DType.FLOAT64).mul(Expr.input(0, DType.FLOAT64)));
        add(new Formula(Kernel.of(two, List.of(rule)), 0), normal(2, 3), normal(2, 3));
        add(new Cat(0), normal(2, 3), normal(1, 3), normal(0, 3));
        add(new Cat(-1), normal(2, 1), normal(2, 3));
        add(new Stack(1), normal(2, 3), normal(2, 3));
        add(new Stack(-1), normal(), normal());
        add(new Embed(Shape.of(2, 7), 1, 1, 2), normal(2, 3));
        add(new Embed(Shape.of(4, 3), 0, 3, 1), normal(1, 3));
        add(new AsStrided(Layout.of(Shape.of(3, 2), new int[] {1, 4}, 1)), normal(2, 4));
        add(new AsStrided(Layout.of(Shape.of(2, 3, 2), new int[] {0, 2, 0}, 1)), normal(2, 4));
        add(new AsStrided(Layout.of(Shape.SCALAR, new int[0], 3)), normal(2, 4));
        add(new AsStrided(Layout.of(Shape.of(0, 2), new int[] {2, 1}, 0)), normal(2, 4));
        add(new Overwrite(Layout.of(Shape.of(3, 2), new int[] {1, 4}, 1)), normal(2, 4), normal(3, 2));
        add(new Overwrite(Layout.of(Shape.of(2, 2), new int[] {4, 2}, 1)), normal(2, 4), normal(2, 2));
        add(new Overwrite(Layout.of(Shape.SCALAR, new int[0], 3)), normal(2, 4), normal());
        add(new Overwrite(Layout.contiguous(Shape.of(2, 4))), normal(2, 4), normal(2, 4));
        add(new Overwrite(Layout.contiguous(Shape.of(0))), normal(2, 4), normal(0));
    }

    private void windows() {
        add(new Unfold(1, 3, 2, 1), normal(2, 8, 2));
        add(new Unfold(-1, 2, 2, 1), normal(2, 5));
        add(new Unfold(0, 3, 1, 2), normal(6));
        add(new Unfold(0, 1, 1, 1), normal(2, 3));
        add(new ConstantPad(List.of(1, 2, 0, -1), 0.5), normal(2, 3));
        add(new ConstantPad(List.of(-1, 0), 0), normal(2, 3));
        add(new ConstantPad(List.of(), 1), normal());
        Window even = new Window(2, 2, 0, 1, false);
        Window padded = new Window(3, 2, 1, 1, true);
        Window dilated = new Window(2, 1, 0, 2, false);
        for (List<Window> windows :
                List.of(List.of(even, even), List.of(padded, even), List.of(dilated, padded), List.of(padded))) {
            add(new MaxPool(windows), normal(2, 5, 6));
            add(new AvgPool(windows, true, OptionalInt.empty()), normal(2, 5, 6));
            add(new AvgPool(windows, false, OptionalInt.empty()), normal(2, 5, 6));
            add(new AvgPool(windows, false, OptionalInt.of(3)), normal(2, 5, 6));
        }
        add(new AdaptiveAvgPool(List.of(2, 3)), normal(2, 5, 7));
        add(new AdaptiveAvgPool(List.of(1)), normal(2, 4));
        List<Integer> one = List.of(1);
        add(new Convolution(one, List.of(0), one, 1), normal(2, 3, 5), normal(4, 3, 2));
        add(new Convolution(List.of(2), one, List.of(2), 2), normal(2, 4, 7), normal(6, 2, 3), normal(6));
        List<Integer> ones = List.of(1, 1);
        add(new Convolution(ones, List.of(0, 0), ones, 1), normal(2, 3, 2, 3), normal(4, 3, 1, 1), normal(4));
        add(new Convolution(List.of(2, 1), List.of(1, 0), List.of(1, 2), 1), normal(1, 2, 4, 5), normal(3, 2, 3, 2));
        add(new Convolution(ones, ones, ones, 4), normal(2, 4, 3, 3), normal(4, 1, 3, 3), normal(4));
        add(new Convolution(ones, ones, ones, 1), normal(0, 2, 3, 3), normal(3, 2, 2, 2), normal(3));
    }

    private void indices() {
        OptionalLong none = OptionalLong.empty();
        Tensor vector = Tensor.of(new long[] {2, 0, 2, 1});
        for (OptionalLong ignored : List.of(none, OptionalLong.of(0), OptionalLong.of(-100))) {
            Tensor index = ignored.equals(OptionalLong.of(-100)) ? Tensor.of(new long[] {-100, 1, 2, 1}) : vector;
            Tensor matrix = Tensor.stack(List.of(index, index.flatten(0, -1)), 1);
            add(new IndexSelect(1, ignored), normal(2, 3), index);
            add(new IndexSelect(-2, ignored), normal(2, 3, 4), index);
            add(new IndexAdd(0, ignored), normal(3, 2), index, normal(4, 2));
            add(new Gather(0, ignored), normal(3, 3), matrix);
            add(new Gather(-1, ignored), normal(5, 3), matrix);
            add(new ScatterAdd(0, ignored), normal(3, 3), matrix, normal(4, 2));
            add(new ScatterAdd(1, ignored), normal(4, 3), matrix, normal(5, 2));
        }
        add(new IndexSelect(0, none), normal(), Tensor.of(new long[] {0}));
        add(new IndexSelect(0, none), normal(3, 2), Tensor.of(new long[] {1}).select(0, 0));
        add(new IndexSelect(0, none), normal(3, 2), vector.narrow(0, 0, 0));
        add(new IndexAdd(0, none), normal(), Tensor.of(new long[] {0}), normal());
        add(new Gather(0, none), normal(), Tensor.of(new long[] {0}).select(0, 0));
        add(new Gather(0, none), normal(3, 2), vector.narrow(0, 0, 0));
        add(new ScatterAdd(0, none), normal(3, 2), vector.narrow(0, 0, 0), normal(3, 2));
        add(new Embedding(none), normal(3, 5), vector);
        add(new Embedding(OptionalLong.of(3)), normal(4, 5), Tensor.stack(List.of(vector, vector), 0));
        add(new Embedding(none), normal(3, 5), vector.select(0, 1));
        add(new OneHot(3), vector);
        add(new OneHot(4), Tensor.stack(List.of(vector, vector), 0));
        add(new Arange(3));
        for (boolean keep : new boolean[] {false, true}) {
            for (Optional<Integer> dimension : List.of(Optional.<Integer>empty(), Optional.of(1), Optional.of(-1))) {
                add(new Argmax(dimension, keep), normal(2, 3, 4));
                add(new Argmin(dimension, keep), normal(2, 3, 4));
            }
        }
        add(new Argmax(Optional.of(0), false), normal());
    }

    private void products() {
        add(new Mm(), normal(2, 3), normal(3, 4));
        add(new Mm(), normal(1, 1), normal(1, 1));
        add(new Bmm(), normal(2, 3, 4), normal(2, 4, 2));
        add(new Addmm(), normal(4), normal(2, 3), normal(3, 4));
        add(new Addmm(), normal(2, 1), normal(2, 3), normal(3, 4));
        add(new Linear(), normal(2, 3), normal(4, 3));
        add(new Linear(), normal(2, 3), normal(4, 3), normal(4));
        add(new Linear(), normal(2, 3), normal(4, 3), normal(1));
        add(new Linear(), normal(2, 3, 2), normal(4, 2));
        add(new Linear(), normal(2, 1, 3, 2), normal(4, 2), normal(4));
        add(new Matmul(), normal(3), normal(3));
        add(new Matmul(), normal(3), normal(3, 2));
        add(new Matmul(), normal(2, 3), normal(3));
        add(new Matmul(), normal(2, 2, 3), normal(3, 4));
        add(new Matmul(), normal(2, 1, 2, 3), normal(4, 3, 2));
        add(new Matmul(), normal(3), normal(2, 3, 2));
        add(new Matmul(), normal(2, 2, 3), normal(3));
    }

    private void add(Operator operator, Tensor... operands) {
        samples.add(new Sample(operator, Arrays.asList(operands), 1e-6));
    }

    private Tensor normal(int... sizes) {
        return generator.normal(DType.FLOAT64, sizes);
    }

    private Tensor positive(int... sizes) {
        return generator.uniform(DType.FLOAT64, 0.5, 2, sizes);
    }
}
