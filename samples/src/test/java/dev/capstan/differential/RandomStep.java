// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import dev.capstan.Compiled;
import dev.capstan.Generator;
import dev.capstan.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;

/**
 * A training step that a seed determines: statements over square matrices in a few variables, parameters, buffers, and
 * fields that outlive the call. Any statement can be left out, so a step that fails can be made small. It prints itself as
 * a Java method.
 */
final class RandomStep {
    static final int CALLS = 4;
    static final int MATRICES = 7;
    static final int ROWS = 2;
    static final int CHOICES = 4;

    private final long seed;
    private final int size;
    private final int aliased;
    private final boolean readsFields;
    private final List<Statement> statements;

    /**
     * One statement.
     *
     * @param java how it is written in Java
     */
    record Statement(String java, Consumer<State> run) {}

    /** What a statement sees. */
    static final class State {
        final Tensor[] matrices = new Tensor[MATRICES];
        final Tensor[] rows = new Tensor[ROWS];
        final Tensor[] parameters;
        final Tensor[] buffers;
        final Tensor[] fields;
        final int[] choices;
        final Compiled inner;
        final TrainingCase.Trace trace;

        State(Tensor[][] kept, Tensor input, int[] choices, Compiled inner, TrainingCase.Trace trace) {
            this.parameters = kept[0];
            this.buffers = kept[1];
            this.fields = kept[2];
            this.choices = choices;
            this.inner = inner;
            this.trace = trace;
            Tensor[] begin = {input, parameters[0], parameters[1], buffers[0], buffers[1], fields[0], fields[1]};
            System.arraycopy(begin, 0, matrices, 0, MATRICES);
            rows[0] = matrices[0].select(0, 0);
            rows[1] = matrices[3].select(1, 0);
        }
    }

    /** What a step throws on purpose. */
    static final class Thrown extends RuntimeException {
        private static final long serialVersionUID = 1;

        Thrown() {
            super("thrown");
        }
    }

    private RandomStep(long seed, int size, int aliased, boolean readsFields, List<Statement> statements) {
        this.seed = seed;
        this.size = size;
        this.aliased = aliased;
        this.readsFields = readsFields;
        this.statements = List.copyOf(statements);
    }

    /** The step of a seed. */
    static RandomStep of(long seed) {
        Random random = new Random(seed);
        int size = 1 + random.nextInt(3);
        int aliased = random.nextInt(6);
        boolean readsFields = random.nextBoolean();
        RandomStatements source = new RandomStatements(random, size);
        List<Statement> statements = new ArrayList<>();
        int length = 2 + random.nextInt(12);
        for (int i = 0; i < length; i++) {
            statements.add(source.next());
        }
        return new RandomStep(seed, size, aliased, readsFields, statements);
    }

    /** True if a statement takes random numbers. */
    boolean draws() {
        return statements.stream().map(Statement::java).anyMatch(java -> java.matches(".*(rand|dropout).*"));
    }

    int length() {
        return statements.size();
    }

    RandomStep without(int statement) {
        List<Statement> fewer = new ArrayList<>(statements);
        fewer.remove(statement);
        return new RandomStep(seed, size, aliased, readsFields, fewer);
    }

    /** Some calls, and what they leave. */
    void run(Compiled step, TrainingCase.Trace trace) {
        Generator generator = new Generator(seed);
        Generator.manualSeed(seed);
        Random random = new Random(seed + 1);
        Compiled inner = Compiled.region("inner", 1);
        Tensor[] parameters = {
            generator.normal(size, size).requiresGrad(true),
            generator.normal(size, size).requiresGrad(true)
        };
        Tensor[] buffers = {generator.normal(size, size), null};
        buffers[1] = switch (aliased) {
            case 0 -> buffers[0].t();
            case 1 -> buffers[0].detach();
            case 2 -> parameters[0].detach();
            default -> generator.normal(size, size);
        };
        Tensor[][] kept = {parameters, buffers, {generator.normal(size, size), generator.normal(size, size)}};
        boolean required = random.nextInt(4) == 0;
        int[] usual = random.ints(CHOICES, 0, 4).toArray();
        for (int call = 0; call < CALLS; call++) {
            Tensor input = generator.normal(size, size).requiresGrad(required);
            int[] choices = usual.clone();
            if (call == 2) {
                choices[random.nextInt(CHOICES)] = random.nextInt(4);
            }
            trace.text("call " + call + ", stream at " + Generator.standard().state());
            trace.error(() -> trace.tensor("result", step.call(() -> {
                State state = new State(kept, input, choices, inner, trace);
                statements.forEach(statement -> statement.run().accept(state));
                return state.matrices[0];
            })));
            trace.leaves(parameters);
            trace.leaves(buffers);
            trace.leaves(input);
            if (readsFields) {
                trace.tensor("f0", kept[2][0]);
                trace.tensor("f1", kept[2][1]);
            }
        }
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("// matrices of " + size + " x " + size + "; q1 is "
                + List.of("q0.t()", "q0.detach()", "p0.detach()", "apart").get(Math.min(3, aliased))
                + (readsFields ? "; f0, f1 are read after each call" : "") + "\n");
        text.append("Tensor step(Tensor v0, int[] choice) { // parameters p0, p1, buffers q0, q1, fields f0, f1\n");
        text.append("    Tensor v1 = p0, v2 = p1, v3 = q0, v4 = q1, v5 = f0, v6 = f1;\n");
        text.append("    Tensor r0 = v0.select(0, 0), r1 = v3.select(1, 0);\n");
        for (Statement statement : statements) {
            text.append("    ").append(statement.java()).append('\n');
        }
        return text.append("    return v0;\n}\n").toString();
    }
}
