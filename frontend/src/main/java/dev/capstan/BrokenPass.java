// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.Queued.Input;
import dev.capstan.Queued.Operation;
import dev.capstan.runtime.op.Differentiation;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.op.Ops;
import dev.capstan.runtime.spi.Walk;
import dev.capstan.runtime.type.TensorType;
import java.util.BitSet;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A backward pass through a segment of which not all is there any more. Where it will be refused at one of the operators, those
 * that were created later have handed on their gradients by then in eager mode, and leaves behind them have theirs: this
 * does as much, and no more. It knows nothing of recorded writes: a pass that meets one does nothing.
 */
final class BrokenPass {
    private final Walk walk;
    private final int refusing;
    private final @Nullable Tensor[] values;
    private final @Nullable Tensor[] gradients;
    /** The values from which gradients lead to an input that the pass is after. */
    private final BitSet leading = new BitSet();

    private final BitSet walked = new BitSet();

    /**
     * Does nothing yet.
     *
     * @param refusing the number of the operator that will refuse, {@link Walk#NONE} if none will
     * @param values of inputs and operators that come after it, as far as gradients need them
     * @param targets the inputs, in order of first use, that the pass is after; null for all
     */
    BrokenPass(Walk walk, int refusing, @Nullable Tensor[] values, @Nullable BitSet targets) {
        this.walk = walk;
        this.refusing = refusing;
        this.values = values;
        this.gradients = new Tensor[values.length];
        for (int value = 0; value < values.length; value++) {
            leading.set(value, leads(value, targets));
        }
    }

    private boolean leads(int value, @Nullable BitSet targets) {
        Object event = walk.event(value).note();
        if (event instanceof Input input) {
            return targets == null || targets.get(input.place());
        }
        return !(event instanceof Operation operation)
                || IntStream.range(0, operation.operands().length).anyMatch(operand -> passesTo(operation, operand));
    }

    /** Adds to the gradient of a value. */
    void contribute(int value, Tensor gradient) {
        Tensor before = gradients[value];
        gradients[value] = before == null ? gradient : before.add(gradient);
    }

    /** Adds to the gradient of an input. */
    void contributeToInput(int place, Tensor gradient) {
        for (int value = 0; value < gradients.length; value++) {
            if (walk.event(value).note() instanceof Input input && input.place() == place) {
                contribute(value, gradient);
            }
        }
    }

    /**
     * Visits the operators after the one that refuses, all if none does, and hands on what only those contribute to at the
     * inputs.
     *
     * @param arrival takes the edge of such an input, and its whole gradient
     * @return false if a value is not known any more, or a recorded write is on the way; then nothing has happened
     */
    boolean run(@Nullable Edge[] edges, BiConsumer<Edge, Tensor> arrival) {
        BitSet reached = reached();
        if (reached == null || !visit()) {
            return false;
        }
        for (int value = 0; value < gradients.length; value++) {
            if (gradients[value] != null
                    && walk.event(value).note() instanceof Input input
                    && edges[input.place()] != null
                    && !reached.get(value)) {
                arrival.accept(edges[input.place()], gradients[value]);
            }
        }
        return true;
    }

    private boolean visit() {
        for (int value = gradients.length - 1; value > refusing; value--) {
            if (gradients[value] != null && walk.event(value).note() instanceof Operation operation) {
                if (!isKnown(value, operation)) {
                    return false;
                }
                visit(value, operation);
                walked.set(value);
            }
        }
        return true;
    }

    private boolean isKnown(int value, Operation operation) {
        Operator operator = operation.operator();
        boolean known = !operator.savesOutput() || values[value] != null;
        for (int i = 0; i < operation.operands().length; i++) {
            boolean saved = operator.savesOperand(i, asking -> passesTo(operation, asking));
            known &= !saved || values[operation.operands()[i]] != null;
        }
        return known;
    }

    /** The operators that handed on gradients. */
    BitSet walked() {
        return walked;
    }

    /** The values to which the refusing operator, or what comes before it, would still contribute; null where there are writes. */
    private @Nullable BitSet reached() {
        BitSet reached = new BitSet();
        BitSet open = new BitSet();
        for (int value = gradients.length - 1; value >= 0; value--) {
            boolean visited = reached.get(value)
                    || gradients[value] != null && walk.event(value).requiresGradient();
            if (visited
                    && !(walk.event(value).note() instanceof Operation
                            || walk.event(value).note() instanceof Input)) {
                return null;
            }
            if (visited && walk.event(value).note() instanceof Operation operation) {
                for (int i = 0; i < operation.operands().length; i++) {
                    int operand = operation.operands()[i];
                    if (passesTo(operation, i)) {
                        reached.set(operand);
                        open.set(operand, open.get(operand) || value <= refusing);
                    }
                }
            }
        }
        return open;
    }

    private boolean passesTo(Operation operation, int operand) {
        return operation.operator().differentiable(operand)
                && walk.event(operation.operands()[operand]).requiresGradient()
                && leading.get(operation.operands()[operand]);
    }

    private void visit(int value, Operation operation) {
        Operator operator = operation.operator();
        Rule rule = new Rule(value, operation, gradients[value]);
        for (int i = 0; i < operation.operands().length; i++) {
            if (passesTo(operation, i)) {
                contribute(operation.operands()[i], operator.gradient(rule, i));
            }
        }
    }

    private final class Rule implements Differentiation<Tensor> {
        private final int value;
        private final Operation operation;
        private final Tensor gradient;

        Rule(int value, Operation operation, Tensor gradient) {
            this.value = value;
            this.operation = operation;
            this.gradient = gradient;
        }

        @Override
        public Ops<Tensor> ops() {
            return TensorOps.INSTANCE;
        }

        @Override
        public Tensor gradient() {
            return gradient;
        }

        @Override
        public Tensor operand(int index) {
            return values[operation.operands()[index]];
        }

        @Override
        public Tensor output() {
            return values[value];
        }

        @Override
        public TensorType operandType(int index) {
            return walk.event(operation.operands()[index]).type();
        }

        @Override
        public TensorType outputType() {
            return walk.event(value).type();
        }
    }
}
