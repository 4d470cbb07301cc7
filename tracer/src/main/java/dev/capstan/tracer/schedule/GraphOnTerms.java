// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.kernel.Kernel;
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
import dev.capstan.tracer.graph.Graph.Definition;
import dev.capstan.tracer.graph.Graph.Input;
import dev.capstan.tracer.graph.Graph.Operand;
import dev.capstan.tracer.schedule.TermMemory.Area;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Works out the terms of a forward graph's values, one operator after the other, as eager mode would their elements. */
final class GraphOnTerms implements OperatorVisitor<Void> {
    private static final int ALWAYS = Integer.MAX_VALUE;

    private final Graph graph;
    private final Roots roots;
    private final TermArrays arrays;
    /** What each root holds, as long as it is needed. */
    private final TermMemory[] memory;

    private final Map<List<Object>, Kernel> kernels = new HashMap<>();
    private int current;

    private GraphOnTerms(Graph graph, Roots roots, TermArrays arrays) {
        this.graph = graph;
        this.roots = roots;
        this.arrays = arrays;
        this.memory = new TermMemory[graph.definitions().size()];
    }

    /** The outputs of a graph whose operands are inputs. */
    static List<Area> outputs(Graph graph, Roots roots, TermArrays arrays) {
        GraphOnTerms run = new GraphOnTerms(graph, roots, arrays);
        run.run();
        return graph.outputs().stream().map(run::at).toList();
    }

    /** For each root, the last value that is made of what it holds. */
    private static int[] lastUses(Graph graph, Roots roots) {
        int[] last = new int[graph.definitions().size()];
        Arrays.fill(last, -1);
        for (int value = 0; value < last.length; value++) {
            if (graph.definitions().get(value) instanceof Apply apply) {
                for (int operand : apply.operands()) {
                    last[roots.of(operand)] = value;
                }
            }
        }
        graph.outputs().forEach(output -> last[roots.of(output)] = ALWAYS);
        return last;
    }

    /** Whether anybody uses a value. */
    private static boolean isNeeded(int value, int[] last, Roots roots) {
        return last[roots.of(value)] > value || last[value] == ALWAYS;
    }

    private void run() {
        int[] last = lastUses(graph, roots);
        for (current = 0; current < memory.length; current++) {
            Definition definition = graph.definitions().get(current);
            if (definition instanceof Operand operand) {
                int index = ((Input) operand.source()).index();
                memory[current] = arrays.input(index, operand.layout().extent());
            } else if (definition instanceof Constant constant) {
                memory[current] = arrays.constant(constant.type().dtype(), constant.value());
            } else if (isNeeded(current, last, roots)) {
                apply().operator().accept(this);
                for (int operand : apply().operands()) {
                    int root = roots.of(operand);
                    if (last[root] <= current) {
                        memory[root] = null;
                    }
                }
            }
        }
    }

    private Apply apply() {
        return (Apply) graph.definitions().get(current);
    }

    private Area at(int value) {
        return new Area(memory[roots.of(value)], 0, roots.layout(value));
    }

    private List<Area> operands() {
        List<Area> operands = new ArrayList<>();
        for (int operand : apply().operands()) {
            operands.add(at(operand));
        }
        return operands;
    }

    private List<TensorType> types() {
        return graph.types(apply().operands());
    }

    private Shape shape() {
        return apply().type().shape();
    }

    private Void holds(TermRuns result) {
        memory[current] = TermMemory.of(result);
        return null;
    }

    private Void map(Kernel kernel) {
        return holds(arrays.map(kernel, TermArrays.stretched(operands(), shape()), shape())[0]);
    }

    @Override
    public Void visit(Elementwise operator) {
        List<TensorType> types = types();
        return map(kernels.computeIfAbsent(List.of(operator, types), unseen -> operator.kernel(types)));
    }

    @Override
    public Void visit(Reduction operator) {
        Shape domain = operator.domain(types());
        int count = operator.count(domain);
        Shape kept = operator.kept(domain);
        List<Area> operands = TermArrays.stretched(operands(), domain);
        return holds(
                count == 1
                        ? arrays.map(Lowering.single(operator.kernel(types(), 1)), operands, kept)[0]
                        : arrays.reduce(operator.kernel(types(), count), domain, operands, kept));
    }

    @Override
    public Void visit(View operator) {
        return roots.isAlias(current) ? null : holds(operands().get(0).read());
    }

    @Override
    public Void visit(Assembly operator) {
        Layout whole = Layout.contiguous(shape());
        DType type = apply().type().dtype();
        memory[current] = arrays.zeros(type, shape().elements());
        List<TensorType> types = types();
        for (int i = 0; i < types.size(); i++) {
            Area place = new Area(memory[current], 0, operator.place(i, types, whole));
            place.write(arrays.converted(operands().get(i), types.get(i).dtype(), type));
        }
        return null;
    }

    @Override
    public Void visit(Contraction operator) {
        Shape left = types().get(0).shape();
        DType type = apply().type().dtype();
        if (left.size(left.rank() - 1) == 1 && type != DType.BOOL) {
            return map(Lowering.outerProduct(type));
        }
        return holds(arrays.multiply(operands().get(0), operands().get(1), type, shape()));
    }

    @Override
    public Void visit(Scan operator) {
        return single(operator);
    }

    @Override
    public Void visit(Indexed operator) {
        return single(operator);
    }

    @Override
    public Void visit(Opaque operator) {
        return single(operator);
    }

    private Void single(Operator operator) {
        return holds(arrays.single(operator, operands(), shape()));
    }

    @Override
    public Void visit(Composite operator) {
        throw new IllegalStateException("a composite in a graph: " + operator);
    }
}
