// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.ArrayList;
import java.util.List;

/**
 * The means of parts into which the last dimensions are cut, as evenly as can be: of {@code n} parts of {@code l} elements
 * the part {@code i} begins at {@code floor(i l / n)} and ends before {@code ceil((i + 1) l / n)}, so that two may share an
 * element.
 *
 * @param sizes for each of the last dimensions into how many parts it is cut
 */
public record AdaptiveAvgPool(List<Integer> sizes) implements FloatingComposite {
    /**
     * Copies the list.
     *
     * @throws CapstanException if a size is below 1
     */
    public AdaptiveAvgPool {
        sizes = List.copyOf(sizes);
        if (sizes.isEmpty() || sizes.stream().anyMatch(size -> size < 1)) {
            throw new CapstanException("adaptiveAvgPool", "sizes are not all at least 1", sizes.toString());
        }
    }

    @Override
    public String gradientName() {
        return "AdaptiveAvgPool" + sizes.size() + "DBackward";
    }

    @Override
    public TensorType infer(List<TensorType> operands) {
        Shape shape = operands.get(0).shape();
        int lead = shape.rank() - sizes.size();
        boolean fits = lead >= 0;
        for (int i = 0; fits && i < sizes.size(); i++) {
            fits = shape.size(lead + i) > 0;
        }
        if (!fits) {
            throw new CapstanException(
                    name(),
                    "the input does not have " + sizes.size() + " dimensions that are not empty",
                    operands.get(0).toString());
        }
        return FloatingComposite.super.infer(operands);
    }

    private static int begin(int part, int parts, int length) {
        return (int) ((long) part * length / parts);
    }

    private static int end(int part, int parts, int length) {
        return (int) (((part + 1L) * length + parts - 1) / parts);
    }

    @Override
    public <T> T decompose(Ops<T> ops, List<T> operands) {
        T pooled = operands.get(0);
        int lead = ops.type(pooled).shape().rank() - sizes.size();
        for (int i = 0; i < sizes.size(); i++) {
            pooled = means(ops, pooled, lead + i, sizes.get(i));
        }
        return pooled;
    }

    private static <T> T means(Ops<T> ops, T operand, int dimension, int parts) {
        int length = ops.type(operand).shape().size(dimension);
        List<T> means = new ArrayList<>();
        for (int i = 0; i < parts; i++) {
            int begin = begin(i, parts, length);
            T part = Slice.slice(ops, operand, dimension, begin, end(i, parts, length) - begin, 1);
            means.add(Mean.mean(ops, part, List.of(dimension), true));
        }
        return means.size() == 1 ? means.get(0) : Cat.cat(ops, means, dimension);
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        Shape shape = at.operandType(0).shape();
        int lead = shape.rank() - sizes.size();
        T spread = at.gradient();
        for (int i = sizes.size() - 1; i >= 0; i--) {
            spread = spread(at.ops(), spread, lead + i, shape.size(lead + i));
        }
        return spread;
    }

    /** The gradient of {@link #means}. */
    private static <T> T spread(Ops<T> ops, T gradient, int dimension, int length) {
        Shape shape = ops.type(gradient).shape();
        int parts = shape.size(dimension);
        T sum = null;
        for (int i = 0; i < parts; i++) {
            int begin = begin(i, parts, length);
            int count = end(i, parts, length) - begin;
            T mean = Slice.slice(ops, gradient, dimension, i, 1, 1);
            T shared = Expand.expand(ops, Div.div(ops, mean, ops.number(count)), shape.with(dimension, count));
            T laid = Embed.embed(ops, shared, shape.with(dimension, length), dimension, begin, 1);
            sum = sum == null ? laid : Add.add(ops, sum, laid);
        }
        return sum;
    }
}
