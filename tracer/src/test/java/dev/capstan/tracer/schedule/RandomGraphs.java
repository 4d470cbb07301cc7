// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.op.Abs;
import dev.capstan.runtime.op.Add;
import dev.capstan.runtime.op.AsStrided;
import dev.capstan.runtime.op.Bmm;
import dev.capstan.runtime.op.Cast;
import dev.capstan.runtime.op.Cat;
import dev.capstan.runtime.op.Clone;
import dev.capstan.runtime.op.Detach;
import dev.capstan.runtime.op.Div;
import dev.capstan.runtime.op.Elementwise;
import dev.capstan.runtime.op.Embed;
import dev.capstan.runtime.op.Expand;
import dev.capstan.runtime.op.Le;
import dev.capstan.runtime.op.MatrixTranspose;
import dev.capstan.runtime.op.Maximum;
import dev.capstan.runtime.op.Mean;
import dev.capstan.runtime.op.Mm;
import dev.capstan.runtime.op.MseLoss;
import dev.capstan.runtime.op.Mul;
import dev.capstan.runtime.op.Neg;
import dev.capstan.runtime.op.Overwrite;
import dev.capstan.runtime.op.Permute;
import dev.capstan.runtime.op.Pow;
import dev.capstan.runtime.op.Relu;
import dev.capstan.runtime.op.Reshape;
import dev.capstan.runtime.op.Select;
import dev.capstan.runtime.op.Sigmoid;
import dev.capstan.runtime.op.Slice;
import dev.capstan.runtime.op.Squeeze;
import dev.capstan.runtime.op.Stack;
import dev.capstan.runtime.op.Sub;
import dev.capstan.runtime.op.Sum;
import dev.capstan.runtime.op.Tanh;
import dev.capstan.runtime.op.Transpose;
import dev.capstan.runtime.op.Unsqueeze;
import dev.capstan.runtime.op.Where;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Input;
import dev.capstan.tracer.graph.GraphBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Graphs at random, from a seed: operators of all families on tensors of a few elements. */
final class RandomGraphs {
    private static final int MOST_ELEMENTS = 150;
    private static final double[] VALUES = {-2, -1, -0.5, -0.0, 0.0, 0.25, 1, 2, 3};

    private final Random random;
    private final GraphBuilder builder = new GraphBuilder();
    private final boolean floatingOnly;
    private final List<Integer> values = new ArrayList<>();
    private int inputs;

    RandomGraphs(long seed, boolean floatingOnly) {
        this.random = new Random(seed);
        this.floatingOnly = floatingOnly;
    }

    /** A graph of some operators with some outputs. */
    Graph graph(int operators) {
        int count = 1 + random.nextInt(4);
        for (int i = 0; i < count; i++) {
            input();
        }
        int tries = 0;
        for (int done = 0; done < operators && tries < 50 * operators; tries++) {
            try {
                int value = operator();
                if (builder.type(value).shape().elements() <= MOST_ELEMENTS) {
                    values.add(value);
                    done++;
                }
            } catch (CapstanException | IndexOutOfBoundsException | IllegalArgumentException impossible) {
                // the operands drawn do not fit the operator drawn: draw again
                continue;
            }
        }
        List<Integer> outputs = new ArrayList<>();
        count = 1 + random.nextInt(4);
        for (int i = 0; i < count; i++) {
            outputs.add(random.nextInt(6) == 0 && i > 0 ? outputs.get(0) : late());
        }
        return builder.build(outputs);
    }

    /** Values for an operand: the layout's elements and, around them, others. */
    static NdArray fill(TensorType type, Layout layout, Random random) {
        int before = random.nextInt(3);
        NdArray storage = NdArray.zeros(type.dtype(), Shape.of(before + layout.extent() + 2));
        for (int i = 0; i < storage.shape().elements(); i++) {
            double value = random.nextInt(3) == 0 ? VALUES[random.nextInt(VALUES.length)] : random.nextGaussian();
            storage.set(i, type.dtype().category() == DType.Category.BOOL ? random.nextInt(2) : value);
        }
        return storage.view(Layout.of(layout.shape(), layout.strides(), before));
    }

    private void input() {
        DType dtype = floatingOnly || random.nextInt(4) > 0
                ? DType.FLOAT32
                : DType.values()[random.nextInt(DType.values().length)];
        int rank = random.nextInt(4);
        int[] sizes = IntStream.range(0, rank).map(i -> size()).toArray();
        Layout layout = Layout.contiguous(Shape.of(sizes));
        if (rank > 1 && random.nextInt(3) == 0) {
            layout = layout.permute(order(rank));
        } else if (rank > 0 && random.nextInt(4) == 0) {
            layout = Layout.contiguous(Shape.of(sizes).with(0, 2 * sizes[0]))
                    .slice(0, sizes[0] > 0 ? 1 : 0, sizes[0], 1);
        } else if (rank > 0 && random.nextInt(5) == 0) {
            layout = Layout.contiguous(Shape.of(sizes).with(0, 1)).expand(Shape.of(sizes));
        }
        values.add(builder.operand(new Input(inputs++), new TensorType(dtype, layout.shape()), layout));
    }

    private int size() {
        int rare = switch (random.nextInt(8)) {
            case 0 -> 0;
            case 1, 2 -> 16;
            default -> 2;
        };
        return new int[] {1, 2, 2, 3, 3, 4, 4, rare}[random.nextInt(8)];
    }

    private int[] order(int rank) {
        List<Integer> order = new ArrayList<>(IntStream.range(0, rank).boxed().toList());
        java.util.Collections.shuffle(order, random);
        return order.stream().mapToInt(Integer::intValue).toArray();
    }

    /** A value, recent ones more often. */
    private int late() {
        int back = Math.min(random.nextInt(values.size()), random.nextInt(values.size()));
        return values.get(values.size() - 1 - back);
    }

    private int operator() {
        int value = late();
        Shape shape = builder.type(value).shape();
        int rank = shape.rank();
        return switch (random.nextInt(24)) {
            case 0, 1 -> elementwise(unary(), List.of(value));
            case 2, 3, 4 -> elementwise(binary(), List.of(value, second(value)));
            case 5 ->
                elementwise(new Where(), List.of(Le.le(builder, value, builder.number(0.5)), value, second(value)));
            case 6 -> reduction(value, rank);
            case 7 -> Reshape.reshape(builder, value, regrouped(shape));
            case 8 ->
                Permute.permute(
                        builder, value, IntStream.of(order(rank)).boxed().toList());
            case 9 -> Select.select(builder, value, random.nextInt(rank), random.nextInt(2));
            case 10 -> slice(value, shape);
            case 11 -> Expand.expand(builder, value, stretched(shape));
            case 12 ->
                random.nextBoolean()
                        ? Unsqueeze.unsqueeze(builder, value, random.nextInt(rank + 1))
                        : Squeeze.squeeze(builder, value, random.nextInt(rank));
            case 13 -> Cat.cat(builder, several(value), random.nextInt(Math.max(rank, 1)));
            case 14 -> Stack.stack(builder, several(value), random.nextInt(rank + 1));
            case 15 -> embedded(value, shape);
            case 16 ->
                rank == 2 && random.nextBoolean() ? MatrixTranspose.t(builder, value) : Detach.detach(builder, value);
            case 17 -> steps(value, shape);
            case 18 -> AsStrided.asStrided(builder, value, part(shape));
            case 19, 20 -> overwritten(value, shape);
            case 21 -> filled(value, shape);
            default -> product(value, shape);
        };
    }

    /** Applies an operator if it has a kernel for these types, bool has no minus, for example. */
    private int elementwise(Elementwise operator, List<Integer> operands) {
        operator.kernel(operands.stream().map(builder::type).toList());
        return builder.apply(operator, operands);
    }

    private Elementwise unary() {
        List<Elementwise> all = List.of(
                new Neg(), new Relu(), new Tanh(), new Abs(), new Sigmoid(), new Clone(), new Pow(2), new Pow(1));
        int index = random.nextInt(all.size() + 1);
        return index < all.size() ? all.get(index) : new Cast(floatingOnly ? DType.FLOAT64 : DType.INT32);
    }

    private Elementwise binary() {
        List<Elementwise> all =
                List.of(new Add(), new Add(), new Sub(), new Mul(), new Mul(), new Div(), new Maximum());
        return all.get(random.nextInt(all.size()));
    }

    private int second(int value) {
        return switch (random.nextInt(5)) {
            case 0 -> builder.number(VALUES[random.nextInt(VALUES.length)]);
            case 1 -> value;
            default -> same(value);
        };
    }

    /** Another value of the same shape if there is one, else any. */
    private int same(int value) {
        List<Integer> fitting = values.stream()
                .filter(v -> v != value
                        && builder.type(v).shape().equals(builder.type(value).shape()))
                .toList();
        return fitting.isEmpty() || random.nextInt(4) == 0 ? late() : fitting.get(random.nextInt(fitting.size()));
    }

    private List<Integer> several(int value) {
        List<Integer> several = new ArrayList<>(List.of(value));
        for (int i = random.nextInt(3); i > 0; i--) {
            several.add(random.nextInt(4) == 0 ? value : same(value));
        }
        return several;
    }

    private int reduction(int value, int rank) {
        List<Integer> dimensions = random.nextBoolean() || rank == 0 ? List.of() : List.of(random.nextInt(rank));
        return switch (random.nextInt(3)) {
            case 0 -> Sum.sum(builder, value, dimensions, random.nextBoolean());
            case 1 -> Mean.mean(builder, value, dimensions, random.nextBoolean());
            default -> MseLoss.mseLoss(builder, value, same(value), random.nextBoolean());
        };
    }

    private Shape regrouped(Shape shape) {
        return switch (random.nextInt(3)) {
            case 0 -> Shape.of(shape.elements());
            case 1 -> shape.elements() % 2 == 0 ? Shape.of(2, shape.elements() / 2) : Shape.of(1, shape.elements());
            default ->
                shape.rank() > 1
                        ? shape.remove(0).with(0, shape.size(0) * shape.size(1))
                        : Shape.of(shape.elements(), 1);
        };
    }

    private int slice(int value, Shape shape) {
        int dimension = random.nextInt(shape.rank());
        int start = random.nextInt(shape.size(dimension) + 1);
        int step = 1 + random.nextInt(2);
        int most = (shape.size(dimension) - start + step - 1) / step;
        return Slice.slice(builder, value, dimension, start, most == 0 ? 0 : 1 + random.nextInt(most), step);
    }

    private Shape stretched(Shape shape) {
        int[] sizes = shape.sizes();
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = sizes[i] == 1 ? 1 + random.nextInt(3) : sizes[i];
        }
        return random.nextBoolean() ? Shape.of(sizes) : Shape.of(sizes).insert(0, 1 + random.nextInt(2));
    }

    /** Some pieces of one shape in places that are often disjoint, added. */
    private int embedded(int value, Shape shape) {
        int dimension = random.nextInt(shape.rank());
        int piece = shape.size(dimension);
        int parts = 1 + random.nextInt(3);
        Shape whole = shape.with(dimension, parts * piece + random.nextInt(2));
        int sum = random.nextInt(4) == 0 ? same(value) : -1;
        for (int i = 0; i < parts; i++) {
            int source = same(value);
            source = builder.type(source).equals(builder.type(value)) ? source : value;
            int start = random.nextInt(5) == 0 ? 0 : i * piece;
            int embedded = Embed.embed(builder, source, whole, dimension, start, 1);
            sum = sum < 0 || !builder.type(sum).shape().equals(whole) ? embedded : Add.add(builder, sum, embedded);
        }
        return sum;
    }

    /** Where a view of a contiguous tensor lies. */
    private Layout part(Shape shape) {
        Layout part = Layout.contiguous(shape);
        for (int i = random.nextInt(4); i > 0 && part.shape().rank() > 0; i--) {
            int dimension = random.nextInt(part.shape().rank());
            int size = part.shape().size(dimension);
            int start = random.nextInt(size);
            int step = 1 + random.nextInt(2);
            part = switch (random.nextInt(4)) {
                case 0 -> part.select(dimension, start);
                case 1 -> part.permute(order(part.shape().rank()));
                case 2 -> part.unsqueeze(dimension);
                default -> part.slice(dimension, start, 1 + random.nextInt((size - start + step - 1) / step), step);
            };
        }
        return part;
    }

    /** One or two writes to views of a value: of a function of what was there, or of anything of the same shape. */
    private int overwritten(int value, Shape shape) {
        int whole = value;
        for (int i = random.nextInt(2); i >= 0; i--) {
            Layout place = part(shape);
            int before = AsStrided.asStrided(builder, random.nextBoolean() ? whole : value, place);
            int written = switch (random.nextInt(3)) {
                case 0 -> elementwise(unary(), List.of(before));
                case 1 -> same(before);
                default -> lengthened(before, -1);
            };
            whole = Overwrite.overwrite(builder, whole, written, place);
            values.add(whole);
            values.add(AsStrided.asStrided(builder, whole, random.nextBoolean() ? place : part(shape)));
        }
        return random.nextInt(3) == 0 ? lengthened(whole, 1) : whole;
    }

    /** A value with an index of zeros in front, its last ones left out if it gets shorter. */
    private int lengthened(int value, int by) {
        Shape shape = builder.type(value).shape();
        int length = shape.size(0) + Math.min(by, 0);
        int part = elementwise(unary(), List.of(Slice.slice(builder, value, 0, 0, length, 1)));
        return Embed.embed(builder, part, shape.with(0, length + 1), 0, 1, 1);
    }

    /** A time loop that writes what it computes into a tensor, one index after another. */
    private int filled(int value, Shape shape) {
        int steps = 1 + random.nextInt(4);
        Layout whole = Layout.contiguous(shape.insert(0, steps));
        int zero = Cast.cast(builder, builder.number(0), builder.type(value).dtype());
        int filled = Expand.expand(builder, zero, whole.shape());
        int step = value;
        for (int t = 0; t < steps; t++) {
            step = elementwise(unary(), List.of(step));
            filled = Overwrite.overwrite(builder, filled, step, whole.select(0, t));
        }
        return filled;
    }

    /** What a time loop over a dimension does: the same to each index, then a stack or a sum of all. */
    private int steps(int any, Shape any3) {
        int value = any3.rank() == 3 ? any : Reshape.reshape(builder, any, Shape.of(2, 2, any3.elements() / 4));
        Shape shape = builder.type(value).shape();
        int dimension = random.nextInt(3);
        int factor = builder.number(0.5);
        boolean multiply = dimension < 2 && random.nextBoolean();
        if (multiply) {
            int source = Reshape.reshape(builder, value, Shape.of(shape.size(0) * shape.size(1), shape.size(2)));
            factor = MatrixTranspose.t(builder, source);
        }
        int shared = random.nextBoolean() ? late() : builder.number(2);
        List<Integer> parts = new ArrayList<>();
        boolean sum = random.nextInt(4) == 0;
        for (int t = 0; t < shape.size(dimension); t++) {
            int part = Select.select(builder, value, dimension, t);
            part = multiply && builder.type(part).dtype().isFloating() ? Mm.mm(builder, part, factor) : part;
            if (random.nextInt(20) > 0) {
                part = elementwise(new Add(), List.of(part, shared));
            }
            parts.add(sum ? Sum.sum(builder, part, List.of(0), random.nextInt(30) == 0) : part);
            values.add(part);
        }
        return Stack.stack(builder, parts, random.nextInt(sum ? 2 : 3));
    }

    private int product(int any, Shape shape) {
        int value = builder.type(any).dtype().isFloating() ? any : Cast.cast(builder, any, DType.FLOAT32);
        if (shape.rank() == 2) {
            List<Integer> fitting = values.stream()
                    .filter(v -> builder.type(v).shape().rank() == 2
                            && builder.type(v).shape().size(0) == shape.size(1))
                    .toList();
            return fitting.isEmpty()
                    ? Mm.mm(builder, MatrixTranspose.t(builder, value), value)
                    : Mm.mm(builder, value, fitting.get(random.nextInt(fitting.size())));
        }
        return Bmm.bmm(builder, value, Transpose.transpose(builder, same(value), 1, 2));
    }
}
