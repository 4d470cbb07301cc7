// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import dev.capstan.samples.programs.Expression;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** The cell of {@link Trees}. */
final class LibtorchTreeCell {
    private final List<Tensor> parameters;
    private final List<Tensor> symbols = new ArrayList<>();
    private final State nothing = new State(torch.zeros(1, Trees.HIDDEN), torch.zeros(1, Trees.HIDDEN));

    /** What a node hands to the one above. */
    record State(Tensor hidden, Tensor memory) {}

    LibtorchTreeCell(List<Tensor> parameters) {
        this.parameters = parameters;
        Tensor identity = torch.eye(Trees.SYMBOLS);
        IntStream.range(0, Trees.SYMBOLS).forEach(symbol -> symbols.add(identity.narrow(0, symbol, 1)));
    }

    /** Of the root of an expression. */
    State state(Expression expression) {
        Tensor symbol = symbols.get(expression.symbol().ordinal());
        if (expression instanceof Expression.Pair pair) {
            return next(symbol, state(pair.left()), state(pair.right()));
        }
        return next(symbol, nothing, nothing);
    }

    private State next(Tensor symbol, State left, State right) {
        TensorVector gates = Libtorch.linear(symbol, parameters, 0)
                .add(torch.linear(left.hidden(), parameters.get(2)))
                .add(torch.linear(right.hidden(), parameters.get(3)))
                .chunk(5, 1);
        Tensor written = gates.get(0).sigmoid().mul(gates.get(3).tanh());
        Tensor memory = written.add(gates.get(1).sigmoid().mul(left.memory()))
                .add(gates.get(2).sigmoid().mul(right.memory()));
        return new State(gates.get(4).sigmoid().mul(memory.tanh()), memory);
    }
}
