// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * The products of a weight {@code [out, in / groups, kernel...]} with what a window shows of an input {@code [batch, in,
 * size...]} at each of its positions, and a bias {@code [out]} if there is one: {@code [batch, out, positions...]}. Channels
 * are split into groups that know nothing of one another.
 *
 * <p>Computed as one matrix product for each example, of the weight and a matrix that has a column for each position (K.
 * Chellapilla, S. Puri and P. Simard, High Performance Convolutional Neural Networks for Document Processing, 2006): the sum
 * runs over channels, then over the kernel's elements, and padding enters as zeros. Where the window shows single elements,
 * one after the other, the matrix is the input itself.
 *
 * @param stride for each dimension the distance of two positions
 * @param padding for each dimension how many zeros are put at either end
 * @param dilation for each dimension the distance of two elements that the window shows
 * @param groups how many groups there are
 */
public record Convolution(List<Integer> stride, List<Integer> padding, List<Integer> dilation, int groups)
        implements Composite {
    private static final int INPUT = 0;
    private static final int WEIGHT = 1;

    /**
     * Copies the lists.
     *
     * @throws CapstanException if they do not have an element for each dimension, or there is no group
     */
    public Convolution {
        stride = List.copyOf(stride);
        padding = List.copyOf(padding);
        dilation = List.copyOf(dilation);
        if (stride.isEmpty() || padding.size() != stride.size() || dilation.size() != stride.size() || groups < 1) {
            throw new CapstanException(
                    "convolution",
                    "stride, padding and dilation do not have an element for each dimension, or there is no group",
                    stride + ", " + padding + ", " + dilation + ", " + groups + " groups");
        }
    }

    @Override
    public boolean isOneNode() {
        return true;
    }

    @Override
    public TensorType infer(List<TensorType> operands) {
        TensorType input = operands.get(INPUT);
        TensorType weight = operands.get(WEIGHT);
        int rank = stride.size() + 2;
        if (!input.dtype().isFloating()) {
            throw new CapstanException(name(), "the elements are not floating", input.toString());
        }
        if (operands.stream().anyMatch(operand -> operand.dtype() != input.dtype())) {
            throw new CapstanException(name(), "element types differ", operands.toString());
        }
        if (input.shape().rank() != rank || weight.shape().rank() != rank) {
            throw new CapstanException(name(), "input and weight are not of rank " + rank, input + " and " + weight);
        }
        int out = weight.shape().size(0);
        if (weight.shape().size(1) * groups != input.shape().size(1) || out % groups != 0) {
            throw new CapstanException(
                    name(),
                    "the weight does not fit the input's channels in " + groups + " groups",
                    input + " and " + weight);
        }
        if (operands.size() > 2) {
            TensorType bias = operands.get(2);
            if (!bias.shape().equals(Shape.of(out))) {
                throw new CapstanException(
                        name(), "the bias is not one element for each channel", bias + " for " + out);
            }
        }
        Shape positions = Window.positions(name(), input.shape(), windows(weight.shape()));
        return new TensorType(input.dtype(), positions.with(1, out));
    }

    private List<Window> windows(Shape weight) {
        return IntStream.range(0, stride.size())
                .mapToObj(i -> new Window(weight.size(2 + i), stride.get(i), padding.get(i), dilation.get(i), false))
                .toList();
    }

    @Override
    public <T> T decompose(Ops<T> ops, List<T> operands) {
        T weight = operands.get(WEIGHT);
        TensorType result = infer(operands.stream().map(ops::type).toList());
        Shape kernel = ops.type(weight).shape();
        T product = Matmul.matmul(ops, matrix(ops, weight, kernel), columns(ops, operands.get(INPUT), kernel));
        T summed = Reshape.reshape(ops, product, result.shape());
        return operands.size() < 3
                ? summed
                : Add.add(ops, summed, Reshape.reshape(ops, operands.get(2), channelwise(result.shape())));
    }

    /** A shape whose elements go with the channels. */
    private static Shape channelwise(Shape result) {
        Shape shape = Shape.of(result.size(1));
        for (int i = 2; i < result.rank(); i++) {
            shape = shape.insert(i - 1, 1);
        }
        return shape;
    }

    /** A weight as a matrix for each group: {@code [groups, out / groups, inner]}, without a dimension for only one. */
    private <T> T matrix(Ops<T> ops, T weight, Shape kernel) {
        int inner = kernel.elements() / Math.max(1, kernel.size(0));
        return Reshape.reshape(
                ops,
                weight,
                groups == 1 ? Shape.of(kernel.size(0), inner) : Shape.of(groups, kernel.size(0) / groups, inner));
    }

    /** Something of {@code [batch, groups x rows, any...]} as a matrix for each example and group. */
    private <T> T matrices(Ops<T> ops, T channels, int rows, int columns) {
        int batch = ops.type(channels).shape().size(0);
        return Reshape.reshape(
                ops, channels, groups == 1 ? Shape.of(batch, rows, columns) : Shape.of(batch, groups, rows, columns));
    }

    /** What the window shows: a row for each channel and element of the kernel, a column for each position. */
    private <T> T columns(Ops<T> ops, T input, Shape kernel) {
        int dimensions = stride.size();
        T shown = Window.over(ops, input, windows(kernel), 0);
        Shape shape = ops.type(shown).shape();
        int positions = positions(shape);
        // [batch, channels, positions..., kernel...]
        T ordered = Permute.permute(ops, shown, exchanged(dimensions));
        return matrices(ops, ordered, kernel.elements() / Math.max(1, kernel.size(0)), positions);
    }

    /** How many positions there are in a shape that has their dimensions behind the channels. */
    private int positions(Shape shape) {
        return IntStream.range(0, stride.size()).map(i -> shape.size(2 + i)).reduce(1, (a, b) -> a * b);
    }

    /** The order that puts the second of two lists of dimensions first. */
    private static List<Integer> exchanged(int dimensions) {
        List<Integer> order = new ArrayList<>(List.of(0, 1));
        for (int i = 0; i < 2 * dimensions; i++) {
            order.add(2 + (i + dimensions) % (2 * dimensions));
        }
        return order;
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return operand == INPUT && needed.test(WEIGHT) || operand == WEIGHT && needed.test(INPUT);
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        Shape result = at.outputType().shape();
        Shape kernel = at.operandType(WEIGHT).shape();
        if (operand > WEIGHT) {
            List<Integer> others = new ArrayList<>(List.of(0));
            IntStream.range(2, result.rank()).forEach(others::add);
            return Sum.sum(ops, at.gradient(), others, false);
        }
        int positions = positions(result);
        T gradient = matrices(ops, at.gradient(), result.size(1) / groups, positions);
        if (operand == WEIGHT) {
            T columns = Transpose.transpose(ops, columns(ops, at.operand(INPUT), kernel), -2, -1);
            T product = Sum.sum(ops, Matmul.matmul(ops, gradient, columns), List.of(0), false);
            return Reshape.reshape(ops, product, kernel);
        }
        T weight = Transpose.transpose(ops, matrix(ops, at.operand(WEIGHT), kernel), -2, -1);
        return fold(
                ops, Matmul.matmul(ops, weight, gradient), at.operandType(INPUT).shape(), result, kernel);
    }

    /** What {@link #columns} gives, added where it came from. */
    private <T> T fold(Ops<T> ops, T columns, Shape input, Shape result, Shape kernel) {
        int dimensions = stride.size();
        int[] sizes = new int[2 + 2 * dimensions];
        sizes[0] = input.size(0);
        sizes[1] = input.size(1);
        for (int i = 0; i < dimensions; i++) {
            sizes[2 + i] = kernel.size(2 + i);
            sizes[2 + dimensions + i] = result.size(2 + i);
        }
        T shown = Permute.permute(ops, Reshape.reshape(ops, columns, Shape.of(sizes)), exchanged(dimensions));
        return Window.fold(ops, shown, windows(kernel), input);
    }
}
