// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

import dev.capstan.Compiled;
import dev.capstan.Generator;
import dev.capstan.Tensor;
import dev.capstan.autograd.GraphText;
import dev.capstan.runtime.type.DType;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The tape behind one step of a recurrent cell, {@code tanh(W_h h^T + W_x x^T)}: what each operator left on it, how its nodes
 * hang together, and the gradients that a walk back over it gives. In compiled mode the whole cell is one node.
 */
public final class Tape implements Program {
    private final Compiled region = Compiled.region("cell", 1);
    private final Map<String, Tensor> leaves = new LinkedHashMap<>();

    /**
     * All that the cell computes, in order.
     *
     * @param i2h from the input, {@code [20, 1]}
     * @param h2h from the state before, {@code [20, 1]}
     * @param nextH their sum
     * @param nextNextH the next state
     */
    public record Cell(Tensor i2h, Tensor h2h, Tensor nextH, Tensor nextNextH) {}

    Tape(Settings settings) {
        DType dtype = settings.dtype();
        Generator generator = settings.generator();
        Initial initial = settings.initial();
        leaves.put("x", initial.tensor("x", generator.normal(dtype, 1, 10)));
        leaves.put("W_x", initial.tensor("W_x", generator.normal(dtype, 20, 10)));
        leaves.put("h", initial.tensor("h", generator.normal(dtype, 1, 20)));
        leaves.put("W_h", initial.tensor("W_h", generator.normal(dtype, 20, 20)));
        leaves.values().forEach(leaf -> leaf.requiresGrad(true));
    }

    /** Computes the cell. */
    public Cell forward() {
        return region.call(() -> {
            Tensor i2h = leaves.get("W_x").mm(leaves.get("x").t());
            Tensor h2h = leaves.get("W_h").mm(leaves.get("h").t());
            Tensor nextH = h2h.add(i2h);
            return new Cell(i2h, h2h, nextH, nextH.tanh());
        });
    }

    /** The tensors that the cell is computed from, by name. */
    public Map<String, Tensor> leaves() {
        return leaves;
    }

    /** Computes the cell and walks back; the story of it as text. */
    public String tell() {
        Cell cell = forward();
        StringBuilder text = new StringBuilder("Values\n\n");
        append(text, "i2h = W_x x^T", cell.i2h());
        append(text, "h2h = W_h h^T", cell.h2h());
        append(text, "nextH = h2h + i2h", cell.nextH());
        append(text, "nextNextH = tanh(nextH)", cell.nextNextH());

        text.append("gradFn\n\n");
        leaves.forEach((name, leaf) ->
                text.append(name).append(": ").append(leaf.gradFn()).append('\n'));
        text.append("i2h: ").append(cell.i2h().gradFn()).append('\n');
        text.append("h2h: ").append(cell.h2h().gradFn()).append('\n');
        text.append("nextH: ").append(cell.nextH().gradFn()).append('\n');
        text.append("nextNextH: ").append(cell.nextNextH().gradFn()).append("\n\n");

        text.append("nextFunctions, from nextNextH on\n\n");
        text.append(graph(cell).tree()).append('\n');

        Tensor ones = cell.nextNextH().detach().onesLike();
        cell.nextNextH().backward(ones);
        text.append("Gradients of the sum of nextNextH\n\n");
        leaves.forEach((name, leaf) -> append(text, name, leaf.grad()));
        return text.toString();
    }

    private static void append(StringBuilder text, String name, Tensor tensor) {
        text.append(name).append('\n').append(tensor).append("\n\n");
    }

    /** The tape behind the cell's result, for Graphviz. */
    public String dot() {
        return graph(forward()).dot();
    }

    private GraphText graph(Cell cell) {
        return GraphText.of(cell.nextNextH()).withNames(leaves);
    }

    @Override
    public Compiled region() {
        return region;
    }
}
