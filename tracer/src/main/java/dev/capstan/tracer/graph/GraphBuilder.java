// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.graph;

import dev.capstan.runtime.op.Composite;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.op.Ops;
import dev.capstan.runtime.op.View;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph.Apply;
import dev.capstan.tracer.graph.Graph.Constant;
import dev.capstan.tracer.graph.Graph.Definition;
import dev.capstan.tracer.graph.Graph.Operand;
import dev.capstan.tracer.graph.Graph.Source;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a graph definition by definition; composites are decomposed. Views, numbers and operands that are equal are
 * written once. Other equal definitions are not, unless {@linkplain #distinguish told}: two of them are separate storage in
 * eager mode, and both may leave the region.
 */
public final class GraphBuilder implements Ops<Integer> {
    private final List<Definition> definitions = new ArrayList<>();
    private final Map<Definition, Integer> known = new HashMap<>();
    private boolean distinctResults = true;

    /** An empty graph. */
    public GraphBuilder() {}

    /** Whether each computation from now on is a tensor of its own, or equal ones are shared. */
    void distinguish(boolean results) {
        distinctResults = results;
    }

    /** A value from outside; the same source gives the same value. */
    public int operand(Source source, TensorType type, Layout layout) {
        Layout relative = Layout.of(layout.shape(), layout.strides(), 0);
        return define(new Operand(source, type, relative));
    }

    /** The definition of a value. */
    Definition definition(int value) {
        return definitions.get(value);
    }

    @Override
    public Integer apply(Operator operator, List<Integer> operands) {
        if (operator instanceof Composite composite) {
            return composite.decompose(this, operands);
        }
        TensorType type = operator.infer(types(operands));
        return define(new Apply(operator, operands, type));
    }

    @Override
    public TensorType type(Integer value) {
        return definitions.get(value).type();
    }

    @Override
    public Integer number(double value) {
        return define(new Constant(value, new TensorType(DType.FLOAT64, Shape.SCALAR, true)));
    }

    /** The graph so far, with these outputs. */
    public Graph build(List<Integer> outputs) {
        return new Graph(definitions, outputs);
    }

    private int define(Definition definition) {
        if (distinctResults && definition instanceof Apply apply && !(apply.operator() instanceof View)) {
            definitions.add(definition);
            return definitions.size() - 1;
        }
        return known.computeIfAbsent(definition, added -> {
            definitions.add(added);
            return definitions.size() - 1;
        });
    }
}
