// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

import dev.capstan.Compile;
import dev.capstan.Tensor;
import dev.capstan.nn.Linear;
import dev.capstan.nn.LstmState;
import dev.capstan.nn.Module;

/**
 * A node of a tree: what stands in it and the states of its two children give its state. Each child has a forget gate of its
 * own.
 *
 * <p>Source: Tai, Socher and Manning, "Improved Semantic Representations From Tree-Structured Long Short-Term Memory
 * Networks", 2015, section 3.2, with two children.
 */
@Compile
public final class TreeLstmCell extends Module<TreeLstmCell.Input, LstmState> {
    private final int hidden;
    private final Linear ofSymbol;
    private final Linear ofLeft;
    private final Linear ofRight;

    /**
     * What a node takes.
     *
     * @param symbol what stands in it, {@code [1, symbols]}
     * @param left the state of the left child, {@code [1, hidden]}
     * @param right the state of the right child
     */
    public record Input(Tensor symbol, LstmState left, LstmState right) {}

    /** A cell for these sizes. */
    public TreeLstmCell(int symbols, int hidden) {
        this.hidden = hidden;
        ofSymbol = new Linear(symbols, 5 * hidden);
        ofLeft = new Linear(hidden, 5 * hidden, false);
        ofRight = new Linear(hidden, 5 * hidden, false);
    }

    @Override
    protected LstmState forward(Input in) {
        Tensor gates = ofSymbol.apply(in.symbol())
                .add(ofLeft.apply(in.left().hidden()))
                .add(ofRight.apply(in.right().hidden()));
        Tensor write = gate(gates, 0).sigmoid();
        Tensor keepLeft = gate(gates, 1).sigmoid();
        Tensor keepRight = gate(gates, 2).sigmoid();
        Tensor candidate = gate(gates, 3).tanh();
        Tensor read = gate(gates, 4).sigmoid();
        Tensor memory = write.mul(candidate)
                .add(keepLeft.mul(in.left().cell()))
                .add(keepRight.mul(in.right().cell()));
        return new LstmState(read.mul(memory.tanh()), memory);
    }

    private Tensor gate(Tensor gates, int index) {
        return gates.narrow(1, index * hidden, hidden);
    }
}
