// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Each part of a tensor, over its last dimensions, with its mean taken away and divided by its standard deviation; then
 * multiplied by a weight and added to a bias, if those are given (J. L. Ba, J. R. Kiros and G. E. Hinton, Layer
 * Normalization, 2016).
 *
 * @param normalized the sizes of a part, of the weight and of the bias
 * @param epsilon what is added to the variance
 * @param affine 0 if neither weight nor bias is given, 1 for a weight, 2 for both
 */
public record LayerNorm(Shape normalized, double epsilon, int affine) implements FloatingComposite {
    @Override
    public String gradientName() {
        return "NativeLayerNormBackward";
    }

    @Override
    public TensorType infer(List<TensorType> operands) {
        TensorType input = operands.get(0);
        int lead = input.shape().rank() - normalized.rank();
        boolean fits = lead >= 0 && normalized.rank() > 0;
        for (int i = 0; fits && i < normalized.rank(); i++) {
            fits = input.shape().size(lead + i) == normalized.size(i);
        }
        if (!fits) {
            throw new CapstanException(
                    name(), "the input does not end with the normalized shape", input + " and " + normalized);
        }
        for (TensorType affine : operands.subList(1, operands.size())) {
            if (!affine.shape().equals(normalized)) {
                throw new CapstanException(
                        name(), "weight or bias is not of the normalized shape", affine + " and " + normalized);
            }
            if (affine.dtype() != input.dtype()) {
                throw new CapstanException(name(), "element types differ", input + " and " + affine);
            }
        }
        if (!input.dtype().isFloating()) {
            throw new CapstanException(name(), "the elements are not floating", input.toString());
        }
        return new TensorType(input.dtype(), input.shape());
    }

    private List<Integer> dimensions() {
        List<Integer> dimensions = new ArrayList<>();
        for (int i = normalized.rank(); i > 0; i--) {
            dimensions.add(-i);
        }
        return dimensions;
    }

    /** What the distances from the mean are multiplied by. */
    private <T> T scale(Ops<T> ops, T distance) {
        T variance = Mean.mean(ops, Mul.mul(ops, distance, distance), dimensions(), true);
        return Rsqrt.rsqrt(ops, Add.add(ops, variance, ops.number(epsilon)));
    }

    private <T> T distance(Ops<T> ops, T x) {
        return Sub.sub(ops, x, Mean.mean(ops, x, dimensions(), true));
    }

    @Override
    public <T> T decompose(Ops<T> ops, List<T> operands) {
        T distance = distance(ops, operands.get(0));
        T result = Mul.mul(ops, distance, scale(ops, distance));
        if (affine > 0) {
            result = Mul.mul(ops, result, operands.get(1));
        }
        return affine > 1 ? Add.add(ops, result, operands.get(2)) : result;
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return operand == 0 && (needed.test(0) || needed.test(1)) || operand == 1 && needed.test(0);
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        if (operand == 2) {
            return Sum.sumTo(ops, at.gradient(), normalized);
        }
        T distance = distance(ops, at.operand(0));
        T scale = scale(ops, distance);
        T normal = Mul.mul(ops, distance, scale);
        if (operand == 1) {
            return Sum.sumTo(ops, Mul.mul(ops, at.gradient(), normal), normalized);
        }
        // with h the gradient of the normalized part n: scale (h - mean(h) - n mean(h n))
        T inner = affine > 0 ? Mul.mul(ops, at.gradient(), at.operand(1)) : at.gradient();
        T along = Mean.mean(ops, Mul.mul(ops, inner, normal), dimensions(), true);
        T centered = Sub.sub(ops, inner, Mean.mean(ops, inner, dimensions(), true));
        return Mul.mul(ops, scale, Sub.sub(ops, centered, Mul.mul(ops, normal, along)));
    }
}
