// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.eager.OperatorExecutor;
import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.op.Assembly;
import dev.capstan.runtime.op.Composite;
import dev.capstan.runtime.op.Contraction;
import dev.capstan.runtime.op.Elementwise;
import dev.capstan.runtime.op.Indexed;
import dev.capstan.runtime.op.Opaque;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.op.OperatorVisitor;
import dev.capstan.runtime.op.Reduction;
import dev.capstan.runtime.op.Scan;
import dev.capstan.runtime.op.View;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import dev.capstan.tracer.graph.Graph.Constant;
import dev.capstan.tracer.graph.Graph.Operand;
import java.util.List;
import java.util.function.Function;

/** Runs a graph as eager mode would: operator by operator, views sharing storage. */
final class GraphInterpreter implements OperatorVisitor<NdArray> {
    private final Graph graph;
    private final NdArray[] values;
    private Apply current;

    private GraphInterpreter(Graph graph) {
        this.graph = graph;
        this.values = new NdArray[graph.definitions().size()];
    }

    /** Every value of a graph. */
    static NdArray[] run(Graph graph, Function<Operand, NdArray> operands) {
        GraphInterpreter interpreter = new GraphInterpreter(graph);
        for (int i = 0; i < interpreter.values.length; i++) {
            Graph.Definition definition = graph.definitions().get(i);
            if (definition instanceof Operand operand) {
                interpreter.values[i] = operands.apply(operand);
            } else if (definition instanceof Constant constant) {
                interpreter.values[i] = NdArray.scalar(constant.type().dtype(), constant.value());
            } else {
                interpreter.current = (Apply) definition;
                interpreter.values[i] = interpreter.current.operator().accept(interpreter);
            }
        }
        return interpreter.values;
    }

    private NdArray operand(int index) {
        return values[current.operands().get(index)];
    }

    private List<TensorType> types() {
        return current.operands().stream().map(graph::type).toList();
    }

    private NdArray[] stretched(Shape shape) {
        return current.operands().stream()
                .map(o -> values[o].view(values[o].layout().expand(shape)))
                .toArray(NdArray[]::new);
    }

    private static void copy(NdArray from, NdArray to) {
        DType type = from.dtype();
        Kernel kernel = Kernel.of(List.of(type), List.of(Expr.input(0, type).cast(to.dtype())));
        Naive.map(kernel, new NdArray[] {from}, new NdArray[] {to});
    }

    @Override
    public NdArray visit(Elementwise operator) {
        NdArray result = NdArray.zeros(current.type().dtype(), current.type().shape());
        Naive.map(operator.kernel(types()), stretched(result.shape()), new NdArray[] {result});
        return result;
    }

    @Override
    public NdArray visit(Reduction operator) {
        Shape domain = operator.domain(types());
        NdArray result = NdArray.zeros(current.type().dtype(), current.type().shape());
        NdArray kept = result.view(Layout.contiguous(operator.kept(domain)));
        Naive.reduce(
                operator.kernel(types(), operator.count(domain)),
                domain,
                operator.reduced(domain),
                stretched(domain),
                kept);
        return result;
    }

    @Override
    public NdArray visit(View operator) {
        NdArray operand = operand(0);
        return operator.view(operand.layout()).map(operand::view).orElseGet(() -> {
            NdArray copy = NdArray.zeros(operand.dtype(), operand.shape());
            copy(operand, copy);
            return copy.view(operator.view(copy.layout()).orElseThrow());
        });
    }

    @Override
    public NdArray visit(Assembly operator) {
        NdArray result = NdArray.zeros(current.type().dtype(), current.type().shape());
        for (int i = 0; i < current.operands().size(); i++) {
            copy(operand(i), result.view(operator.place(i, types(), result.layout())));
        }
        return result;
    }

    @Override
    public NdArray visit(Scan operator) {
        return single(operator);
    }

    @Override
    public NdArray visit(Indexed operator) {
        return single(operator);
    }

    @Override
    public NdArray visit(Opaque operator) {
        return single(operator);
    }

    private NdArray single(Operator operator) {
        NdArray[] operands =
                current.operands().stream().map(operand -> values[operand]).toArray(NdArray[]::new);
        return OperatorExecutor.execute(operator, types(), operands);
    }

    @Override
    public NdArray visit(Contraction operator) {
        NdArray result = NdArray.zeros(current.type().dtype(), current.type().shape());
        Naive.multiply(operand(0), operand(1), result);
        return result;
    }

    @Override
    public NdArray visit(Composite operator) {
        throw new AssertionError("a composite in a graph");
    }
}
