// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.op.Ops;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import dev.capstan.tracer.graph.Graph.Constant;
import dev.capstan.tracer.graph.Graph.Definition;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A new graph in the making, out of an old one: a pass says of each old value, in order, which new value stands for
 * it. As {@link Ops} it adds definitions of which the old graph knew nothing.
 */
final class Rewriting implements Ops<Integer> {
    private static final int DROPPED = -1;

    private final Graph old;
    private final List<Definition> definitions;
    private final int[] values;

    Rewriting(Graph old) {
        this.old = old;
        this.values = new int[old.definitions().size()];
        this.definitions = new ArrayList<>(values.length);
        Arrays.fill(values, DROPPED);
    }

    /** An old definition with its operands replaced by what stands for them now; not yet part of the new graph. */
    Definition renewed(int value) {
        Definition definition = old.definitions().get(value);
        if (!(definition instanceof Apply apply)) {
            return definition;
        }
        List<Integer> operands = apply.operands();
        Integer[] renewed = null;
        for (int i = 0; i < operands.size(); i++) {
            int operand = operands.get(i);
            int now = now(operand);
            if (now != operand) {
                renewed = renewed == null ? operands.toArray(new Integer[0]) : renewed;
                renewed[i] = now;
            }
        }
        return renewed == null ? apply : new Apply(apply.operator(), List.of(renewed), apply.type());
    }

    /** Takes an old value over as it is. */
    void keep(int value) {
        values[value] = add(renewed(value));
    }

    /** Lets a new value stand for an old one. */
    void replace(int value, int by) {
        values[value] = by;
    }

    /** Which new value stands for an old one. */
    int now(int value) {
        if (values[value] == DROPPED) {
            throw new IllegalStateException("value " + value + " was dropped but is used");
        }
        return values[value];
    }

    /** Adds a definition. */
    int add(Definition definition) {
        definitions.add(definition);
        return definitions.size() - 1;
    }

    /** A definition of the new graph. */
    Definition definition(int value) {
        return definitions.get(value);
    }

    @Override
    public Integer apply(Operator operator, List<Integer> operands) {
        return add(new Apply(operator, operands, operator.infer(types(operands))));
    }

    @Override
    public TensorType type(Integer value) {
        return definitions.get(value).type();
    }

    @Override
    public Integer number(double value) {
        return add(new Constant(value, new TensorType(DType.FLOAT64, Shape.SCALAR, true)));
    }

    /** The new graph, with the outputs of the old one; the old one if nothing is new. */
    Graph graph() {
        if (isUnchanged()) {
            return old;
        }
        return new Graph(definitions, old.outputs().stream().map(this::now).toList());
    }

    private boolean isUnchanged() {
        if (definitions.size() != values.length) {
            return false;
        }
        for (int value = 0; value < values.length; value++) {
            if (values[value] != value
                    || definitions.get(value) != old.definitions().get(value)) {
                return false;
            }
        }
        return true;
    }
}
