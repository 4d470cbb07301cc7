// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.capstan.runtime.type.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Programs of views and writes at random against the same programs without either: there a tensor is a list of 0-d tensors,
 * a view is a choice of them, and a write puts others in their place.
 */
class RandomWritesTest {
    private static final int PROGRAMS = Integer.getInteger("capstan.test.programs", 300);

    @Test
    void valuesAndGradientsAreThoseOfTheFunctionalProgram() {
        for (long seed = 0; seed < PROGRAMS; seed++) {
            Program program = new Program(seed);
            try {
                program.run();
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed + ":\n" + String.join("\n", program.text), e);
            }
        }
    }

    /** Storage without writes: an element is replaced, not changed. */
    private record Model(Tensor[] elements, int[] positions) {
        Model choose(Tensor indices) {
            long[] chosen = indices.toLongArray();
            return new Model(
                    elements,
                    Arrays.stream(chosen).mapToInt(i -> positions[(int) i]).toArray());
        }

        /** The elements in row-major order, as a vector. */
        Tensor vector() {
            return Tensor.stack(
                    IntStream.of(positions)
                            .mapToObj(position -> elements[position])
                            .toList(),
                    0);
        }

        void write(Tensor vector) {
            for (int i = 0; i < positions.length; i++) {
                elements[positions[i]] = vector.select(0, i);
            }
        }

        static Model of(Tensor vector) {
            int size = vector.numel();
            Tensor[] elements =
                    IntStream.range(0, size).mapToObj(i -> vector.select(0, i)).toArray(Tensor[]::new);
            return new Model(elements, IntStream.range(0, size).toArray());
        }
    }

    /** A tensor, the model of it, and whether it may be written to. */
    private record Variable(Tensor tensor, Model model, boolean writable) {}

    private static final class Program {
        private final Random random;
        private final Tensor leaf;
        private final Tensor twin;
        private final List<Variable> variables = new ArrayList<>();
        final List<String> text = new ArrayList<>();

        Program(long seed) {
            random = new Random(seed);
            leaf = new Generator(seed).normal(DType.FLOAT64, 3, 4).requiresGrad(true);
            twin = leaf.detach().copy().requiresGrad(true);
        }

        void run() {
            fresh(leaf.mul(2), twin.mul(2).reshape(-1), "leaf.mul(2)");
            Tensor plain = new Generator(99).normal(DType.FLOAT64, 2, 6);
            fresh(plain, plain.copy().reshape(-1), "plain");
            for (int i = 4 + random.nextInt(12); i > 0; i--) {
                switch (random.nextInt(6)) {
                    case 0, 1 -> view(pick());
                    case 2 -> compute(pick());
                    default -> write(pick());
                }
            }
            compare();
        }

        private void fresh(Tensor tensor, Tensor vector, String line) {
            text.add("v" + variables.size() + " = " + line + " : " + tensor.shape());
            variables.add(new Variable(tensor, Model.of(vector), true));
        }

        private int pick() {
            return random.nextInt(variables.size());
        }

        private void view(int number) {
            Variable of = variables.get(number);
            int[] shape = of.tensor().shape().sizes();
            // what the view does to elements, the same view does to their numbers
            Tensor numbers = Tensor.of(
                    IntStream.range(0, of.tensor().numel()).asLongStream().toArray(), shape);
            String line;
            Tensor view;
            Tensor chosen;
            boolean writable = of.writable();
            if (shape.length == 0 || random.nextInt(6) == 0) {
                view = of.tensor().unsqueeze(0);
                chosen = numbers.unsqueeze(0);
                line = ".unsqueeze(0)";
            } else {
                int dimension = random.nextInt(shape.length);
                int index = random.nextInt(shape[dimension]);
                int step = 1 + random.nextInt(2);
                switch (random.nextInt(6)) {
                    case 0 -> {
                        view = of.tensor().select(dimension, index);
                        chosen = numbers.select(dimension, index);
                        line = ".select(" + dimension + ", " + index + ")";
                    }
                    case 1 -> {
                        view = of.tensor().slice(dimension, index, shape[dimension], step);
                        chosen = numbers.slice(dimension, index, shape[dimension], step);
                        line = ".slice(" + dimension + ", " + index + ", " + shape[dimension] + ", " + step + ")";
                    }
                    case 2 -> {
                        view = of.tensor().transpose(0, dimension);
                        chosen = numbers.transpose(0, dimension);
                        line = ".transpose(0, " + dimension + ")";
                    }
                    case 3 -> {
                        view = of.tensor().squeeze(dimension);
                        chosen = numbers.squeeze(dimension);
                        line = ".squeeze(" + dimension + ")";
                    }
                    case 4 -> {
                        view = of.tensor().unsqueeze(0).expand(stretched(shape));
                        chosen = numbers.unsqueeze(0).expand(stretched(shape));
                        writable = false;
                        line = ".unsqueeze(0).expand(2, ...)";
                    }
                    default -> {
                        if (of.tensor().values().layout().isContiguous()) {
                            view = of.tensor().reshape(-1, 1);
                            chosen = numbers.reshape(-1, 1);
                            line = ".reshape(-1, 1)";
                        } else {
                            return;
                        }
                    }
                }
            }
            text.add("v" + variables.size() + " = v" + number + line + " : " + view.shape());
            variables.add(new Variable(view, of.model().choose(chosen), writable));
        }

        private static int[] stretched(int[] shape) {
            int[] result = new int[shape.length + 1];
            result[0] = 2;
            System.arraycopy(shape, 0, result, 1, shape.length);
            return result;
        }

        private void compute(int number) {
            Variable of = variables.get(number);
            fresh(of.tensor().copy().sin(), of.model().vector().sin(), "v" + number + ".copy().sin()");
        }

        private void write(int number) {
            Variable to = variables.get(number);
            if (!to.writable()) {
                to.tensor().fill_(0.5);
                to.model().write(Tensor.full(DType.FLOAT64, 0.5, to.tensor().numel()));
                text.add("v" + number + ".fill_(0.5)");
                return;
            }
            int other = same(number);
            Variable source = variables.get(other);
            Tensor before = to.model().vector();
            Tensor operand = source.model().vector();
            String line;
            switch (random.nextInt(8)) {
                case 0 -> {
                    to.tensor().tanh_();
                    to.model().write(before.tanh());
                    line = ".tanh_()";
                }
                case 1 -> {
                    to.tensor().mul_(-1.5);
                    to.model().write(before.mul(-1.5));
                    line = ".mul_(-1.5)";
                }
                case 2 -> {
                    to.tensor().mul_(source.tensor().copy());
                    to.model().write(before.mul(operand));
                    line = ".mul_(v" + other + ".copy())";
                }
                case 3 -> {
                    to.tensor().sub_(source.tensor());
                    to.model().write(before.sub(operand));
                    line = ".sub_(v" + other + ")";
                }
                case 4, 5 -> {
                    to.tensor().copy_(source.tensor());
                    to.model().write(operand);
                    line = ".copy_(v" + other + ")";
                }
                case 6 -> {
                    to.tensor().fill_(0.25);
                    to.model().write(before.mul(0).add(0.25));
                    line = ".fill_(0.25)";
                }
                default -> {
                    try (GradMode.Scope off = GradMode.noGrad()) {
                        to.tensor().add_(1);
                    }
                    to.model().write(before.add(1));
                    line = ".add_(1) in noGrad";
                }
            }
            text.add("v" + number + line);
        }

        /** A variable of the same shape, the same one if there is no other. */
        private int same(int number) {
            int[] fitting = IntStream.range(0, variables.size())
                    .filter(i -> variables
                            .get(i)
                            .tensor()
                            .shape()
                            .equals(variables.get(number).tensor().shape()))
                    .toArray();
            return fitting[random.nextInt(fitting.length)];
        }

        private void compare() {
            Tensor loss = leaf.sum();
            Tensor expected = twin.sum();
            for (int i = 0; i < variables.size(); i++) {
                Variable variable = variables.get(i);
                Tensor vector = variable.model().vector();
                assertArrayEquals(vector.toDoubleArray(), variable.tensor().toDoubleArray(), 1e-9, "v" + i);
                Tensor weights = new Generator(i).normal(DType.FLOAT64, vector.numel());
                expected = expected.add(vector.mul(weights).sum());
                loss = loss.add(
                        variable.tensor().copy().reshape(-1).mul(weights).sum());
            }
            loss.backward();
            expected.backward();
            assertArrayEquals(twin.grad().toDoubleArray(), leaf.grad().toDoubleArray(), 1e-7, "gradient");
        }
    }
}
