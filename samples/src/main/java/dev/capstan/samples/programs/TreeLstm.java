// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

import dev.capstan.Tensor;
import dev.capstan.nn.Linear;
import dev.capstan.nn.LstmState;
import dev.capstan.nn.Module;
import dev.capstan.runtime.type.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Judges expressions: logits of false and true for each, {@code [expressions, 2]}. The network follows their trees. */
public final class TreeLstm extends Module<List<Expression>, Tensor> {
    private final TreeLstmCell cell;
    private final Linear out;
    private final List<Tensor> symbols;
    private final LstmState nothing;

    /** A network for this width. */
    public TreeLstm(DType dtype, int hidden) {
        int count = Expression.Symbol.values().length;
        cell = new TreeLstmCell(count, hidden);
        out = new Linear(hidden, 2);
        symbols = Arrays.stream(Expression.Symbol.values())
                .map(symbol -> one(dtype, symbol.ordinal(), count))
                .toList();
        nothing = new LstmState(Tensor.zeros(dtype, 1, hidden), Tensor.zeros(dtype, 1, hidden));
        to(dtype);
    }

    /** A one among zeros, {@code [1, count]}. */
    private static Tensor one(DType dtype, int index, int count) {
        float[] ones = new float[count];
        ones[index] = 1;
        return Tensor.of(ones, 1, count).to(dtype);
    }

    @Override
    protected Tensor forward(List<Expression> expressions) {
        List<Tensor> roots = new ArrayList<>();
        for (Expression expression : expressions) {
            roots.add(state(expression).hidden());
        }
        return out.apply(Tensor.cat(roots, 0));
    }

    private LstmState state(Expression expression) {
        Tensor symbol = symbols.get(expression.symbol().ordinal());
        if (expression instanceof Expression.Pair pair) {
            return cell.apply(new TreeLstmCell.Input(symbol, state(pair.left()), state(pair.right())));
        }
        return cell.apply(new TreeLstmCell.Input(symbol, nothing, nothing));
    }

    /** The cell, which is what is compiled where no two steps are alike. */
    public TreeLstmCell cell() {
        return cell;
    }
}
