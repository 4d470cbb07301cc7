// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import dev.capstan.F;
import dev.capstan.GradMode;
import dev.capstan.Tensor;
import dev.capstan.differential.RandomStep.State;
import dev.capstan.differential.RandomStep.Statement;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Statements of training steps: values, writes, what the tape does, and what Java does around it. */
final class RandomStatements {
    private final Random random;
    private final int size;
    private final RandomTape tape;

    RandomStatements(Random random, int size) {
        this.random = random;
        this.size = size;
        this.tape = new RandomTape(random, this::matrix);
    }

    /** Some expression of the variables. */
    record Value(String java, Function<State, Tensor> get) {}

    Statement next() {
        return switch (random.nextInt(23)) {
            case 0, 1, 2, 3, 4, 5 -> value();
            case 6, 7, 8, 9, 10 -> write();
            case 11, 12, 13, 14, 15 -> tape.pass();
            case 16 -> field();
            case 17 -> tape.derivative();
            case 18 -> tape.hook();
            case 19 -> set(random.nextInt(RandomStep.MATRICES), tape.function());
            default -> control();
        };
    }

    private Value matrix() {
        int i = random.nextInt(RandomStep.MATRICES);
        return new Value("v" + i, state -> state.matrices[i]);
    }

    private Value row() {
        int i = random.nextInt(RandomStep.ROWS);
        return new Value("r" + i, state -> state.rows[i]);
    }

    private static Statement set(int i, Value value) {
        return new Statement(
                "v" + i + " = " + value.java() + ";",
                state -> state.matrices[i] = value.get().apply(state));
    }

    private static Value apply(Value a, String java, Function<Tensor, Tensor> operator) {
        return new Value(a.java() + java, state -> operator.apply(a.get().apply(state)));
    }

    // ---- values

    private Statement value() {
        if (random.nextInt(6) == 0) {
            int i = random.nextInt(RandomStep.ROWS);
            Value part = part();
            return new Statement(
                    "r" + i + " = " + part.java() + ";",
                    state -> state.rows[i] = part.get().apply(state));
        }
        return set(random.nextInt(RandomStep.MATRICES), expression());
    }

    private Value part() {
        int dimension = random.nextInt(2);
        int index = random.nextInt(size);
        return apply(matrix(), ".select(" + dimension + ", " + index + ")", t -> t.select(dimension, index));
    }

    /** The last index first. */
    private static Tensor reversed(int size) {
        return Tensor.arange(size - 1, -1, -1);
    }

    private Value expression() {
        Value a = matrix();
        Value b = random.nextInt(4) == 0 ? row() : matrix();
        Value c = matrix();
        int choice = random.nextInt(RandomStep.CHOICES);
        return switch (random.nextInt(18)) {
            case 17 -> linear(a, c, random.nextBoolean() ? row() : null);
            case 14 -> apply(a, ".softmax(1)", t -> t.softmax(1));
            case 15 ->
                new Value(
                        a.java() + ".sub(" + c.java() + ".amax(true, 0))",
                        state -> a.get().apply(state).sub(c.get().apply(state).amax(true, 0)));
            case 16 -> apply(a, ".indexSelect(0, [size - 1, ..., 0])", t -> t.indexSelect(0, reversed(t.size(0))));
            case 12 -> apply(a, ".randLike()", Tensor::randLike);
            case 13 ->
                new Value(
                        "F.dropout(" + a.java() + ", 0.25, choice[" + choice + "] > 1)",
                        state -> F.dropout(a.get().apply(state), 0.25, state.choices[choice] > 1));
            case 0 -> apply(a, ".tanh()", Tensor::tanh);
            case 1 -> apply(a, ".relu()", Tensor::relu);
            case 2 -> apply(a, ".t()", Tensor::t);
            case 3 ->
                random.nextInt(3) == 0 ? apply(a, ".data()", Tensor::data) : apply(a, ".detach()", Tensor::detach);
            case 4 -> apply(a, ".copy()", Tensor::copy);
            case 5 ->
                new Value(
                        a.java() + ".add(" + b.java() + ")",
                        state -> a.get().apply(state).add(b.get().apply(state)));
            case 6, 7 ->
                new Value(
                        a.java() + ".mul(" + b.java() + ")",
                        state -> a.get().apply(state).mul(b.get().apply(state)));
            case 8 ->
                new Value(
                        a.java() + ".mm(" + c.java() + ")",
                        state -> a.get().apply(state).mm(c.get().apply(state)));
            case 9 ->
                new Value(
                        a.java() + ".mul(" + c.java() + ".sum())",
                        state -> a.get().apply(state).mul(c.get().apply(state).sum()));
            case 10 ->
                new Value(
                        a.java() + ".mul(0.5 * choice[" + choice + "])",
                        state -> a.get().apply(state).mul(0.5 * state.choices[choice]));
            default ->
                new Value(
                        a.java() + ".reshape(-1).reshape(" + size + ", " + size + ")",
                        state -> a.get().apply(state).reshape(-1).reshape(size, size));
        };
    }

    private static Value linear(Value x, Value weight, @Nullable Value bias) {
        String added = bias == null ? "null" : bias.java();
        return new Value("F.linear(" + x.java() + ", " + weight.java() + ", " + added + ")", state -> {
            Tensor input = x.get().apply(state);
            Tensor factor = weight.get().apply(state);
            return F.linear(input, factor, bias == null ? null : bias.get().apply(state));
        });
    }

    // ---- writes

    private Statement write() {
        boolean ofRow = random.nextInt(4) == 0;
        Value target = ofRow ? row() : matrix();
        if (!ofRow && random.nextInt(5) == 0) {
            target = random.nextBoolean()
                    ? apply(target, ".t()", Tensor::t)
                    : apply(target, ".narrow(0, 0, 1)", t -> t.narrow(0, 0, 1));
        }
        Value source = ofRow || random.nextInt(4) == 0 ? row() : matrix();
        Statement statement = write(target, source);
        return random.nextInt(3) == 0 ? statement : inNoGrad(List.of(statement));
    }

    private Statement write(Value target, Value source) {
        String java = source.java() + ");";
        return switch (random.nextInt(7)) {
            case 0 -> on(target, ".mul_(0.5);", t -> t.mul_(0.5));
            case 1 -> on(target, ".tanh_();", Tensor::tanh_);
            case 2 -> on(target, ".fill_(0.25);", t -> t.fill_(0.25));
            case 3 ->
                new Statement(
                        target.java() + ".copy_(" + java,
                        state -> target.get().apply(state).copy_(source.get().apply(state)));
            case 4 ->
                new Statement(
                        target.java() + ".mul_(" + java,
                        state -> target.get().apply(state).mul_(source.get().apply(state)));
            default ->
                new Statement(
                        target.java() + ".sub_(" + java,
                        state -> target.get().apply(state).sub_(source.get().apply(state)));
        };
    }

    private static Statement on(Value target, String java, Consumer<Tensor> action) {
        return new Statement(
                target.java() + java, state -> action.accept(target.get().apply(state)));
    }

    private Statement field() {
        int f = random.nextInt(2);
        Value value = random.nextInt(3) == 0 ? matrix() : apply(matrix(), ".detach()", Tensor::detach);
        return new Statement(
                "f" + f + " = " + value.java() + ";",
                state -> state.fields[f] = value.get().apply(state));
    }

    // ---- what Java does

    private Statement control() {
        Value value = matrix();
        int choice = random.nextInt(RandomStep.CHOICES);
        return switch (random.nextInt(8)) {
            case 0 ->
                new Statement(
                        "log(" + value.java() + ".sum().item());",
                        state -> state.trace.text(
                                "item " + value.get().apply(state).sum().item()));
            case 1 ->
                guarded(
                        "if (" + value.java() + ".sum().item() > 0) ",
                        state -> value.get().apply(state).sum().item() > 0);
            case 2, 3 -> guarded("if (choice[" + choice + "] > 1) ", state -> state.choices[choice] > 1);
            case 4 ->
                new Statement("if (choice[" + choice + "] == 3) throw new Thrown();", state -> {
                    if (state.choices[choice] == 3) {
                        throw new RandomStep.Thrown();
                    }
                });
            case 5 -> {
                List<Statement> body = List.of(next(), next());
                yield block(
                        "inner.call(() -> { ",
                        body,
                        " })",
                        (state, run) -> state.inner.call(() -> {
                            run.run();
                            return null;
                        }));
            }
            case 6 -> inNoGrad(List.of(next(), next()));
            default ->
                block("try { ", List.of(next(), next()), " } catch (RuntimeException e) {}", (state, run) -> {
                    try {
                        run.run();
                    } catch (RuntimeException e) {
                        state.trace.text("caught " + TrainingCase.Trace.withoutPlace("" + e.getMessage()));
                    }
                });
        };
    }

    private Statement guarded(String java, Function<State, Boolean> condition) {
        return block(java + "{ ", List.of(next(), next()), " }", (state, run) -> {
            if (condition.apply(state)) {
                run.run();
            }
        });
    }

    private static Statement inNoGrad(List<Statement> body) {
        return block("noGrad { ", body, " }", (state, run) -> {
            try (GradMode.Scope off = GradMode.noGrad()) {
                run.run();
            }
        });
    }

    @FunctionalInterface
    private interface Around {
        void run(State state, Runnable body);
    }

    private static Statement block(String before, List<Statement> body, String after, Around around) {
        String inside = String.join(" ", body.stream().map(Statement::java).toList());
        return new Statement(
                before + inside + after,
                state -> around.run(
                        state, () -> body.forEach(statement -> statement.run().accept(state))));
    }
}
