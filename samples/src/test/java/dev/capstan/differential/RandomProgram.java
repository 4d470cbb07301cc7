// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import dev.capstan.F;
import dev.capstan.Tensor;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;

/**
 * A program over tensors that a seed determines: operators on random operands, loops whose length and branches whose
 * direction each call chooses, branches on values. It runs on tensors, and prints itself as a Java method.
 */
final class RandomProgram {
    private static final int[] SIZES = {1, 2, 3, 5, 8, 16, 17};

    private final Random random;
    private final boolean writes;
    private final DType dtype;
    private final List<int[]> parameterShapes = new ArrayList<>();
    private final List<int[]> inputShapes = new ArrayList<>();
    private final List<Statement> statements = new ArrayList<>();
    private final List<int[]> shapes = new ArrayList<>();
    private final List<Integer> results = new ArrayList<>();
    private int choices;

    /** One line: how a new variable comes from those before it. */
    private record Statement(String java, Function<State, Tensor> run) {}

    /** The variables of one call, and what it chose. */
    private record State(List<Tensor> variables, int[] choices) {
        Tensor get(int variable) {
            return variables.get(variable);
        }
    }

    /**
     * The program of a seed.
     *
     * @param writes true for one that writes in place
     */
    RandomProgram(long seed, boolean writes) {
        this.writes = writes;
        random = new Random(seed);
        dtype = random.nextInt(4) == 0 ? DType.FLOAT64 : DType.FLOAT32;
        int inputs = 1 + random.nextInt(3);
        for (int i = 0; i < inputs; i++) {
            inputShapes.add(randomShape());
        }
        int parameters = random.nextInt(3);
        for (int i = 0; i < parameters; i++) {
            parameterShapes.add(randomShape());
        }
        shapes.addAll(inputShapes);
        shapes.addAll(parameterShapes);
        int length = 1 + random.nextInt(14);
        for (int i = 0; i < length; i++) {
            extend();
        }
        int wanted = 1 + random.nextInt(6);
        for (int i = 0; i < wanted; i++) {
            int last = shapes.size() - 1;
            results.add(i == 0 ? last : random.nextInt(shapes.size()));
        }
    }

    /** How many numbers from 0 to 3 each call chooses. */
    int choices() {
        return choices;
    }

    /** The element type of all inputs. */
    DType dtype() {
        return dtype;
    }

    /** The shapes of what each call passes. */
    List<int[]> inputShapes() {
        return inputShapes;
    }

    /** The shapes of what stays the same from call to call. */
    List<int[]> parameterShapes() {
        return parameterShapes;
    }

    /** Runs the program. */
    List<Tensor> run(List<Tensor> inputs, List<Tensor> parameters, int[] chosen) {
        List<Tensor> variables = new ArrayList<>(inputs);
        variables.addAll(parameters);
        State state = new State(variables, chosen);
        for (Statement statement : statements) {
            variables.add(statement.run().apply(state));
        }
        return results.stream().map(variables::get).toList();
    }

    private int[] randomShape() {
        return random.nextInt(8) == 0
                ? new int[] {size()}
                : random.nextInt(12) == 0 ? new int[] {2, size(), size()} : new int[] {size(), size()};
    }

    private int size() {
        return SIZES[random.nextInt(SIZES.length)];
    }

    private int pick() {
        // later variables more often, so that programs grow deep
        int count = shapes.size();
        return random.nextBoolean() ? count - 1 - random.nextInt(Math.min(3, count)) : random.nextInt(count);
    }

    private void add(int[] shape, String java, Function<State, Tensor> run) {
        shapes.add(shape);
        statements.add(new Statement(java, run));
    }

    private void extend() {
        int x = pick();
        switch (random.nextInt(writes ? 20 : 16)) {
            case 0, 1, 2 -> unary(x);
            case 3, 4, 5 -> binary(x);
            case 6, 7 -> product(x);
            case 8 -> reduction(x);
            case 9, 10 -> movement(x);
            case 11 -> join(x);
            case 12 -> loop(x);
            case 13 -> branch(x);
            case 14 -> number(x);
            case 15 -> special(x);
            default -> writes(x);
        }
    }

    private void unary(int x) {
        switch (random.nextInt(10)) {
            case 7 -> add(shapes.get(x), "F.gelu(" + v(x) + ")", s -> F.gelu(s.get(x)));
            case 8 -> add(shapes.get(x), "F.silu(" + v(x) + ")", s -> F.silu(s.get(x)));
            case 9 -> normalized(x);
            case 0 -> add(shapes.get(x), v(x) + ".tanh()", s -> s.get(x).tanh());
            case 1 -> add(shapes.get(x), v(x) + ".relu()", s -> s.get(x).relu());
            case 2 -> add(shapes.get(x), v(x) + ".sigmoid()", s -> s.get(x).sigmoid());
            case 3 -> add(shapes.get(x), v(x) + ".neg()", s -> s.get(x).neg());
            case 4 -> add(shapes.get(x), v(x) + ".pow(2)", s -> s.get(x).pow(2));
            case 5 ->
                add(
                        shapes.get(x),
                        v(x) + ".abs().add(1).sqrt()",
                        s -> s.get(x).abs().add(1).sqrt());
            default ->
                add(shapes.get(x), v(x) + ".clamp(-0.5, 0.75)", s -> s.get(x).clamp(-0.5, 0.75));
        }
    }

    private void normalized(int x) {
        if (shapes.get(x).length == 0) {
            add(shapes.get(x), "F.softplus(" + v(x) + ")", s -> F.softplus(s.get(x)));
            return;
        }
        add(
                shapes.get(x),
                "F.layerNorm(" + v(x) + ", Shape.of(" + v(x) + ".size(-1)), null, null, 0.125)",
                s -> F.layerNorm(s.get(x), Shape.of(s.get(x).size(-1)), null, null, 0.125));
    }

    private void binary(int x) {
        int y = compatible(x);
        int[] shape = broadcast(shapes.get(x), shapes.get(y));
        switch (random.nextInt(6)) {
            case 0 -> add(shape, v(x) + ".add(" + v(y) + ")", s -> s.get(x).add(s.get(y)));
            case 1 -> add(shape, v(x) + ".sub(" + v(y) + ")", s -> s.get(x).sub(s.get(y)));
            case 2 -> add(shape, v(x) + ".mul(" + v(y) + ")", s -> s.get(x).mul(s.get(y)));
            case 3 ->
                add(
                        shape,
                        v(x) + ".div(" + v(y) + ".abs().add(1))",
                        s -> s.get(x).div(s.get(y).abs().add(1)));
            case 4 -> add(shape, v(x) + ".maximum(" + v(y) + ")", s -> s.get(x).maximum(s.get(y)));
            default ->
                add(
                        shape,
                        v(x) + ".where(" + v(x) + ".gt(" + v(y) + "), " + v(y) + ")",
                        s -> s.get(x).where(s.get(x).gt(s.get(y)), s.get(y)));
        }
    }

    /** A variable that broadcasts with x; x itself if there is no other. */
    private int compatible(int x) {
        for (int attempt = 0; attempt < 12; attempt++) {
            int y = pick();
            if (broadcast(shapes.get(x), shapes.get(y)) != null) {
                return y;
            }
        }
        return x;
    }

    private static int[] broadcast(int[] a, int[] b) {
        int[] result = new int[Math.max(a.length, b.length)];
        for (int i = 1; i <= result.length; i++) {
            int left = i <= a.length ? a[a.length - i] : 1;
            int right = i <= b.length ? b[b.length - i] : 1;
            if (left != right && left != 1 && right != 1) {
                return null;
            }
            result[result.length - i] = left == 1 ? right : left;
        }
        return result;
    }

    private void product(int x) {
        int[] a = shapes.get(x);
        for (int attempt = 0; a.length > 1 && attempt < 12; attempt++) {
            int y = pick();
            int[] b = shapes.get(y);
            if (a.length == 2 && b.length == 2 && b[0] == a[1]) {
                add(
                        new int[] {a[0], b[1]},
                        v(x) + ".mm(" + v(y) + ")",
                        s -> s.get(x).mm(s.get(y)));
                return;
            }
            if (b.length == 2 && b[1] == a[a.length - 1]) {
                linear(x, y, pick());
                return;
            }
        }
        if (a.length != 2) {
            unary(x);
            return;
        }
        add(
                new int[] {a[0], a[0]},
                v(x) + ".mm(" + v(x) + ".t())",
                s -> s.get(x).mm(s.get(x).t()));
    }

    /** With a bias if the last of these can be one. */
    private void linear(int x, int weight, int bias) {
        int[] result = shapes.get(x).clone();
        int features = shapes.get(weight)[0];
        result[result.length - 1] = features;
        int[] b = shapes.get(bias);
        boolean fits = b.length == 0 || b.length == 1 && (b[0] == 1 || b[0] == features);
        add(
                result,
                "F.linear(" + v(x) + ", " + v(weight) + ", " + (fits ? v(bias) : "null") + ")",
                s -> F.linear(s.get(x), s.get(weight), fits ? s.get(bias) : null));
    }

    private void reduction(int x) {
        int[] a = shapes.get(x);
        if (a.length == 0) {
            unary(x);
            return;
        }
        int dimension = random.nextInt(a.length);
        int[] kept = a.clone();
        kept[dimension] = 1;
        switch (random.nextInt(6)) {
            case 3 -> add(a, v(x) + ".softmax(" + dimension + ")", s -> s.get(x).softmax(dimension));
            case 4 ->
                add(kept, v(x) + ".amax(true, " + dimension + ")", s -> s.get(x).amax(true, dimension));
            case 5 ->
                add(
                        without(a, dimension),
                        v(x) + ".logSumExp(" + dimension + ")",
                        s -> s.get(x).logSumExp(dimension));
            case 0 ->
                add(kept, v(x) + ".sum(true, " + dimension + ")", s -> s.get(x).sum(true, dimension));
            case 1 ->
                add(
                        without(a, dimension),
                        v(x) + ".mean(" + dimension + ")",
                        s -> s.get(x).mean(dimension));
            default -> add(new int[0], v(x) + ".sum()", s -> s.get(x).sum());
        }
    }

    private static int[] without(int[] shape, int dimension) {
        int[] rest = new int[shape.length - 1];
        System.arraycopy(shape, 0, rest, 0, dimension);
        System.arraycopy(shape, dimension + 1, rest, dimension, rest.length - dimension);
        return rest;
    }

    private void movement(int x) {
        int[] a = shapes.get(x);
        if (a.length == 0) {
            add(new int[] {1}, v(x) + ".unsqueeze(0)", s -> s.get(x).unsqueeze(0));
            return;
        }
        int dimension = random.nextInt(a.length);
        int index = random.nextInt(a[dimension]);
        switch (random.nextInt(5)) {
            case 0 ->
                add(
                        without(a, dimension),
                        v(x) + ".select(" + dimension + ", " + index + ")",
                        s -> s.get(x).select(dimension, index));
            case 1 -> {
                int length = 1 + random.nextInt(a[dimension] - index);
                int[] shape = a.clone();
                shape[dimension] = length;
                add(
                        shape,
                        v(x) + ".narrow(" + dimension + ", " + index + ", " + length + ")",
                        s -> s.get(x).narrow(dimension, index, length));
            }
            case 2 -> {
                int[] shape = a.clone();
                shape[0] = a[a.length - 1];
                shape[a.length - 1] = a[0];
                add(shape, v(x) + ".transpose(0, -1)", s -> s.get(x).transpose(0, -1));
            }
            case 3 -> {
                int elements = 1;
                for (int size : a) {
                    elements *= size;
                }
                add(new int[] {elements}, v(x) + ".reshape(-1)", s -> s.get(x).reshape(-1));
            }
            default ->
                add(
                        a,
                        v(x) + ".detach().mul(" + v(x) + ")",
                        s -> s.get(x).detach().mul(s.get(x)));
        }
    }

    private void join(int x) {
        int[] a = shapes.get(x);
        int y = x;
        for (int attempt = 0; attempt < 8; attempt++) {
            int other = pick();
            if (java.util.Arrays.equals(shapes.get(other), a)) {
                y = other;
            }
        }
        int z = y;
        int[] stacked = new int[a.length + 1];
        System.arraycopy(a, 0, stacked, 1, a.length);
        stacked[0] = 2;
        if (a.length == 0 || a.length < 3 && random.nextBoolean()) {
            add(
                    stacked,
                    "Tensor.stack(List.of(" + v(x) + ", " + v(z) + "), 0)",
                    s -> Tensor.stack(List.of(s.get(x), s.get(z)), 0));
        } else {
            int dimension = random.nextInt(a.length);
            int[] joined = a.clone();
            joined[dimension] *= 2;
            add(
                    joined,
                    "Tensor.cat(List.of(" + v(x) + ", " + v(z) + "), " + dimension + ")",
                    s -> Tensor.cat(List.of(s.get(x), s.get(z)), dimension));
        }
    }

    private void loop(int x) {
        int choice = choices++;
        int y = compatible(x);
        boolean same = java.util.Arrays.equals(broadcast(shapes.get(x), shapes.get(y)), shapes.get(x));
        int z = same ? y : x;
        add(shapes.get(x), "repeat(choice[" + choice + "], " + v(x) + ", x -> x.mul(" + v(z) + ").tanh())", s -> {
            Tensor value = s.get(x);
            for (int i = 0; i < s.choices()[choice]; i++) {
                value = value.mul(s.get(z)).tanh();
            }
            return value;
        });
    }

    private void branch(int x) {
        switch (random.nextInt(5)) {
            case 0 ->
                add(
                        shapes.get(x),
                        v(x) + ".requiresGrad() ? " + v(x) + ".sigmoid() : " + v(x) + ".add(1)",
                        s -> s.get(x).requiresGrad()
                                ? s.get(x).sigmoid()
                                : s.get(x).add(1));
            case 1, 2 -> {
                int choice = choices++;
                add(
                        shapes.get(x),
                        "choice[" + choice + "] > 1 ? " + v(x) + ".sigmoid() : " + v(x) + ".add(1)",
                        s -> s.choices()[choice] > 1
                                ? s.get(x).sigmoid()
                                : s.get(x).add(1));
            }
            default ->
                add(shapes.get(x), v(x) + ".sum().item() > 0 ? " + v(x) + ".neg() : " + v(x) + ".mul(2)", s -> {
                    boolean positive = s.get(x).sum().item() > 0;
                    return positive ? s.get(x).neg() : s.get(x).mul(2);
                });
        }
    }

    private void number(int x) {
        int choice = choices++;
        add(
                shapes.get(x),
                v(x) + ".mul(0.25 * choice[" + choice + "])",
                s -> s.get(x).mul(0.25 * s.choices()[choice]));
    }

    private void special(int x) {
        if (random.nextBoolean()) {
            int choice = choices++;
            add(
                    shapes.get(x),
                    "F.dropout(" + v(x) + ", 0.25, choice[" + choice + "] > 1)",
                    s -> F.dropout(s.get(x), 0.25, s.choices()[choice] > 1));
            return;
        }
        if (shapes.get(x).length > 0 && random.nextBoolean()) {
            selection(x);
            return;
        }
        int y = compatible(x);
        add(new int[0], "F.mseLoss(" + v(x) + ", " + v(y) + ")", s -> F.mseLoss(s.get(x), s.get(y)));
    }

    /** Parts at indices that each call brings. */
    private void selection(int x) {
        int[] a = shapes.get(x);
        int choice = choices++;
        long size = a[0];
        int[] parts = a.clone();
        parts[0] = 3;
        add(
                parts,
                v(x) + ".indexSelect(0, indices(choice[" + choice + "], " + size + "))",
                s -> s.get(x).indexSelect(0, indices(s.choices()[choice], size)));
        if (a.length == 2) {
            int rows = shapes.size() - 1;
            add(
                    new int[] {3, 2},
                    v(rows) + ".gather(1, columns(choice[" + choice + "], " + a[1] + "))",
                    s -> s.get(rows).gather(1, columns(s.choices()[choice], a[1])));
            int gathered = shapes.size() - 1;
            add(
                    parts,
                    v(rows) + ".scatterAdd(1, columns(choice[" + choice + "], " + a[1] + "), " + v(gathered) + ")",
                    s -> s.get(rows).scatterAdd(1, columns(s.choices()[choice], a[1]), s.get(gathered)));
            add(new int[] {3, 2, a[1]}, "F.embedding(stack(indices, indices, 1), " + v(rows) + ")", s -> {
                Tensor index = indices(s.choices()[choice], 3);
                return F.embedding(index.unsqueeze(1).expand(3, 2), s.get(rows));
            });
            add(
                    new int[0],
                    "F.crossEntropy(" + v(rows) + ", indices)",
                    s -> F.crossEntropy(s.get(rows), indices(s.choices()[choice], a[1])));
        }
    }

    private static Tensor indices(int first, long size) {
        return Tensor.of(new long[] {first % size, 0, (first + 5) % size});
    }

    /** Two places in each of three rows; places may occur twice. */
    private static Tensor columns(int first, long size) {
        return Tensor.stack(List.of(indices(first, size), indices(3 * first, size)), 1);
    }

    /** A copy that is written to, whole and through views, between uses of it and of the views. */
    private void writes(int x) {
        int[] a = shapes.get(x);
        int copy = shapes.size();
        add(a, v(x) + ".copy()", s -> s.get(x).copy());
        int viewed = copy;
        for (int i = random.nextInt(3); i > 0; i--) {
            movement(viewed);
            viewed = shapes.size() - 1;
        }
        int view = viewed;
        if (random.nextBoolean()) {
            add(shapes.get(view), v(view) + ".add(1)", s -> s.get(view).add(1));
        }
        for (int i = random.nextInt(3); i >= 0; i--) {
            write(copy + random.nextInt(shapes.size() - copy));
        }
        add(a, v(copy) + ".mul(1)", s -> s.get(copy).mul(1));
    }

    private void write(int target) {
        int[] a = shapes.get(target);
        int source = compatible(target);
        boolean fits = java.util.Arrays.equals(broadcast(a, shapes.get(source)), a);
        String at = v(target);
        switch (random.nextInt(5)) {
            case 0 -> add(a, at + ".mul_(0.5)", s -> s.get(target).mul_(0.5));
            case 1 -> add(a, at + ".tanh_()", s -> s.get(target).tanh_());
            case 2 -> add(a, at + ".fill_(0.25)", s -> s.get(target).fill_(0.25));
            case 3 -> {
                int other = fits ? source : target;
                add(a, at + ".sub_(" + v(other) + ")", s -> s.get(target).sub_(s.get(other)));
            }
            default -> {
                int other = fits ? source : target;
                add(a, at + ".copy_(" + v(other) + ")", s -> s.get(target).copy_(s.get(other)));
            }
        }
    }

    private static String v(int variable) {
        return "v" + variable;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("List<Tensor> program(");
        int variable = 0;
        for (int[] shape : inputShapes) {
            text.append(variable == 0 ? "" : ", ").append("Tensor v").append(variable++);
            text.append(" /* input ").append(java.util.Arrays.toString(shape)).append(" */");
        }
        for (int[] shape : parameterShapes) {
            text.append(", Tensor v").append(variable++);
            text.append(" /* parameter ")
                    .append(java.util.Arrays.toString(shape))
                    .append(" */");
        }
        text.append(") { // ").append(dtype).append('\n');
        for (Statement statement : statements) {
            text.append("    Tensor v")
                    .append(variable++)
                    .append(" = ")
                    .append(statement.java())
                    .append(";\n");
        }
        String list = String.join(", ", results.stream().map(RandomProgram::v).toList());
        return text.append("    return List.of(").append(list).append(");\n}\n").toString();
    }
}
