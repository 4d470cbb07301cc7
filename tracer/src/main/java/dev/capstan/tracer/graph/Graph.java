// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.graph;

import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.TensorType;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A computation over tensors without control flow: definitions in order, each of one value, and the values that are
 * wanted. A value is the index of its definition.
 *
 * @param definitions in order; operands refer to earlier ones
 * @param outputs the wanted values
 */
public record Graph(List<Definition> definitions, List<Integer> outputs) {
    /** Copies the lists and checks that operands come before their use. */
    public Graph {
        definitions = List.copyOf(definitions);
        outputs = List.copyOf(outputs);
        for (int i = 0; i < definitions.size(); i++) {
            if (definitions.get(i) instanceof Apply apply) {
                List<Integer> operands = apply.operands();
                for (int k = 0; k < operands.size(); k++) {
                    int operand = operands.get(k);
                    if (operand < 0 || operand >= i) {
                        throw new IllegalArgumentException("value " + i + " uses value " + operand);
                    }
                }
            }
        }
        for (int output : outputs) {
            if (output < 0 || output >= definitions.size()) {
                throw new IllegalArgumentException("no value " + output);
            }
        }
    }

    /** How one value comes about. */
    public sealed interface Definition {
        /** Element type and sizes of the value. */
        TensorType type();
    }

    /**
     * A value from outside.
     *
     * @param source where it comes from
     * @param type its type
     * @param layout where its elements lie relative to the first one (offset 0)
     */
    public record Operand(Source source, TensorType type, Layout layout) implements Definition {}

    /**
     * A number that a gradient rule or decomposition brought along.
     *
     * @param value the number
     * @param type a wrapped 0-d type
     */
    public record Constant(double value, TensorType type) implements Definition {}

    /**
     * The result of an operator; never a composite, which is in the graph by its decomposition.
     *
     * @param operator the operator
     * @param operands the values it applies to
     * @param type the type of the result
     */
    public record Apply(Operator operator, List<Integer> operands, TensorType type) implements Definition {
        /** Copies the operands. */
        public Apply {
            operands = List.copyOf(operands);
        }
    }

    /** Where a value from outside comes from. */
    public sealed interface Source {}

    /**
     * An input of the region.
     *
     * @param index in order of first use
     */
    public record Input(int index) implements Source {}

    /**
     * A value of the forward graph, in a backward graph.
     *
     * @param value its number in the forward graph; never an {@link Operand} or a {@link Constant} there
     */
    public record Saved(int value) implements Source {}

    /**
     * The gradient of an output of the region, in a backward graph.
     *
     * @param output the position among the forward graph's outputs
     */
    public record Gradient(int output) implements Source {}

    /**
     * The sum so far of an input's gradient contributions, in a backward graph.
     *
     * @param input in order of first use
     */
    public record Total(int input) implements Source {}

    /** The type of a value. */
    public TensorType type(int value) {
        return definitions.get(value).type();
    }

    /** The types of some values. */
    public List<TensorType> types(List<Integer> values) {
        TensorType[] types = new TensorType[values.size()];
        for (int i = 0; i < types.length; i++) {
            types[i] = type(values.get(i));
        }
        return List.of(types);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < definitions.size(); i++) {
            text.append("%")
                    .append(i)
                    .append(" = ")
                    .append(text(definitions.get(i)))
                    .append('\n');
        }
        return text.append(outputs.stream().map(o -> "%" + o).collect(Collectors.joining(", ", "return ", "\n")))
                .toString();
    }

    private static String text(Definition definition) {
        if (definition instanceof Operand operand) {
            return text(operand.source()) + " : " + operand.type().dtype() + operand.layout();
        }
        if (definition instanceof Constant constant) {
            return Double.toString(constant.value());
        }
        Apply apply = (Apply) definition;
        return EventText.application(apply.operator(), apply.operands(), apply.type());
    }

    private static String text(Source source) {
        if (source instanceof Input input) {
            return "input " + input.index();
        }
        if (source instanceof Saved saved) {
            return "saved %" + saved.value();
        }
        if (source instanceof Gradient gradient) {
            return "gradient of output " + gradient.output();
        }
        return "gradient so far of input " + ((Total) source).input();
    }
}
