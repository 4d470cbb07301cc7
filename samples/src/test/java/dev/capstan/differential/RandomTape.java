// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import dev.capstan.Autograd;
import dev.capstan.GradMode;
import dev.capstan.GradOptions;
import dev.capstan.GradientHook;
import dev.capstan.Tensor;
import dev.capstan.differential.RandomStatements.Value;
import dev.capstan.differential.RandomStep.State;
import dev.capstan.differential.RandomStep.Statement;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/** What random steps do with the tape: backward passes, gradients as tensors, hooks, functions with a rule of their own. */
final class RandomTape {
    private final Random random;
    private final Supplier<Value> matrices;

    RandomTape(Random random, Supplier<Value> matrices) {
        this.random = random;
        this.matrices = matrices;
    }

    /** A backward pass, or something done with what passes leave. */
    Statement pass() {
        int p = random.nextInt(2);
        int v = random.nextInt(RandomStep.MATRICES);
        boolean retained = random.nextBoolean();
        String grad = "if (p" + p + ".grad() != null) ";
        return switch (random.nextInt(9)) {
            case 0, 1, 2 ->
                ifOnTape(
                        v,
                        "tanh().sum().backward(null, " + retained + ");",
                        (state, tensor) -> tensor.tanh().sum().backward(null, retained));
            case 3 -> ifOnTape(v, "backward(q0);", (state, tensor) -> tensor.backward(state.buffers[0]));
            case 4, 5 ->
                new Statement("noGrad { " + grad + "p" + p + ".sub_(p" + p + ".grad().mul(0.1)); }", state -> {
                    try (GradMode.Scope off = GradMode.noGrad()) {
                        if (state.parameters[p].grad() != null) {
                            state.parameters[p].sub_(state.parameters[p].grad().mul(0.1));
                        }
                    }
                });
            case 6 -> new Statement("p" + p + ".setGrad(null);", state -> state.parameters[p].setGrad(null));
            case 7 ->
                new Statement(grad + "v" + v + " = p" + p + ".grad();", state -> {
                    if (state.parameters[p].grad() != null) {
                        state.matrices[v] = state.parameters[p].grad();
                    }
                });
            default ->
                new Statement(grad + "p" + p + ".grad().mul_(0.5);", state -> {
                    if (state.parameters[p].grad() != null) {
                        state.parameters[p].grad().mul_(0.5);
                    }
                });
        };
    }

    private static Statement ifOnTape(int v, String java, BiConsumer<State, Tensor> run) {
        return new Statement("if (v" + v + ".requiresGrad()) v" + v + "." + java, state -> {
            if (state.matrices[v].requiresGrad()) {
                run.accept(state, state.matrices[v]);
            }
        });
    }

    /** Gradients as a function, which may be differentiated again. */
    Statement derivative() {
        int p = random.nextInt(2);
        int v = random.nextInt(RandomStep.MATRICES);
        boolean recorded = random.nextInt(3) > 0;
        if (random.nextInt(3) == 0) {
            return ifOnTape(
                    v,
                    "tanh().sum().backward(null, true, " + recorded + ");",
                    (state, tensor) -> tensor.tanh().sum().backward(null, true, recorded));
        }
        int to = random.nextInt(RandomStep.MATRICES);
        GradOptions options = GradOptions.standard().withCreateGraph(recorded).withAllowUnused(true);
        String call = "grad(List.of(v" + v + ".tanh().sum()), List.of(p" + p + "), null, createGraph(" + recorded
                + ").withAllowUnused(true)).get(0)";
        return new Statement(
                "if (v" + v + ".requiresGrad()) { Tensor g = " + call + "; if (g != null) v" + to + " = g; }",
                state -> {
                    if (state.matrices[v].requiresGrad()) {
                        List<Tensor> outputs = List.of(state.matrices[v].tanh().sum());
                        Tensor found = Autograd.grad(outputs, List.of(state.parameters[p]), null, options)
                                .get(0);
                        state.matrices[to] = found == null ? state.matrices[to] : found;
                    }
                });
    }

    /** A hook, or a gradient that a result keeps. */
    Statement hook() {
        int v = random.nextInt(RandomStep.MATRICES);
        return switch (random.nextInt(4)) {
            case 0 -> ifOnTape(v, "registerHook(g -> g.mul(2));", (state, tensor) -> hook(tensor, g -> g.mul(2)));
            case 1 ->
                ifOnTape(
                        v,
                        "registerHook(g -> { log(g); return null; });",
                        (state, tensor) -> hook(tensor, gradient -> {
                            state.trace.tensor("hooked", gradient);
                            return null;
                        }));
            case 2 -> ifOnTape(v, "retainGrad();", (state, tensor) -> tensor.retainGrad());
            default ->
                new Statement("if (v" + v + ".retainsGrad()) log(v" + v + ".grad());", state -> {
                    if (state.matrices[v].retainsGrad()) {
                        state.trace.tensor("retained", state.matrices[v].grad());
                    }
                });
        };
    }

    private static void hook(Tensor tensor, GradientHook hook) {
        tensor.registerHook(hook);
    }

    /** A call of a function with a gradient rule of its own. */
    Value function() {
        Value a = matrices.get();
        Value b = matrices.get();
        return switch (random.nextInt(5)) {
            case 0, 1 ->
                new Value(
                        "new Product().apply(" + a.java() + ", " + b.java() + ")",
                        state -> new RandomFunctions.Product()
                                .apply(a.get().apply(state), b.get().apply(state)));
            case 2 ->
                new Value(
                        "new Squash().applyAll(" + a.java() + ").get(0)",
                        state -> new RandomFunctions.Squash()
                                .applyAll(a.get().apply(state))
                                .get(0));
            case 3 ->
                new Value(
                        "new ArrayTanh().apply(" + a.java() + ")",
                        state -> new RandomFunctions.ArrayTanh().apply(a.get().apply(state)));
            default ->
                new Value(
                        "new Doubled().apply(" + a.java() + ")",
                        state -> new RandomFunctions.Doubled().apply(a.get().apply(state)));
        };
    }
}
