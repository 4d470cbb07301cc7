// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.op.Differentiation;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.op.Ops;
import dev.capstan.runtime.type.TensorType;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.IntPredicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The tape node of one operator: its saved tensors and its gradient rule. */
final class OperatorNode extends Node {
    private static final SavedTensor[] NONE = {};

    private final Operator operator;
    private final @Nullable Edge[] edges;
    private final TensorType[] types;
    /** By operand, null for those that the rule does not read; {@link #NONE} if it reads none. */
    private final SavedTensor[] operands;

    private TensorType outputType;
    private SavedTensor output;
    private boolean released;

    OperatorNode(long sequence, Operator operator, Tensor[] operands) {
        this(sequence, operator, operands, types(operands));
    }

    /** @param types those of the operands; the array is kept */
    OperatorNode(long sequence, Operator operator, Tensor[] operands, TensorType[] types) {
        super(sequence);
        this.operator = operator;
        this.types = types;
        this.edges = new Edge[operands.length];
        for (int i = 0; i < operands.length; i++) {
            edges[i] = operator.differentiable(i) ? operands[i].gradientEdge() : null;
        }
        this.operands = saved(operands);
    }

    private static TensorType[] types(Tensor[] operands) {
        TensorType[] types = new TensorType[operands.length];
        for (int i = 0; i < types.length; i++) {
            types[i] = operands[i].type();
        }
        return types;
    }

    private SavedTensor[] saved(Tensor[] all) {
        SavedTensor[] kept = NONE;
        IntPredicate needed = operand -> edges[operand] != null;
        for (int i = 0; i < all.length; i++) {
            if (operator.savesOperand(i, needed)) {
                kept = kept == NONE ? new SavedTensor[all.length] : kept;
                kept[i] = new SavedTensor(all[i]);
            }
        }
        return kept;
    }

    /** Connects the node with the result it stands for, which must carry it as its {@code gradFn}. */
    void produced(Tensor result) {
        outputType = result.type();
        if (operator.savesOutput()) {
            output = new SavedTensor(result);
        }
    }

    @Override
    public String name() {
        return operator.gradientName();
    }

    @Override
    @Nullable
    Edge[] edges() {
        return edges;
    }

    @Override
    void backward(@Nullable Tensor[] gradients, BackwardPass pass) {
        if (released) {
            throw walkedAgain();
        }
        Tensor gradient = gradients[0];
        if (gradient == null) {
            return;
        }
        Rule rule = new Rule(gradient);
        for (int i = 0; i < edges.length; i++) {
            if (edges[i] != null && pass.wants(edges[i])) {
                pass.contribute(edges[i], operator.gradient(rule, i));
            }
        }
    }

    @Override
    List<Tensor> saved() {
        return Stream.concat(Arrays.stream(operands), Stream.ofNullable(output))
                .filter(Objects::nonNull)
                .map(SavedTensor::tensor)
                .toList();
    }

    @Override
    void release() {
        // a node that saved nothing can be walked again, as in PyTorch
        released |= output != null || Arrays.stream(operands).anyMatch(Objects::nonNull);
        Arrays.fill(operands, null);
        output = null;
    }

    private final class Rule implements Differentiation<Tensor> {
        private final Tensor gradient;

        Rule(Tensor gradient) {
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
            return operands[index].unpack(name());
        }

        @Override
        public Tensor output() {
            return output.unpack(name());
        }

        @Override
        public TensorType operandType(int index) {
            return types[index];
        }

        @Override
        public TensorType outputType() {
            return outputType;
        }
    }
}
