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
import dev.capstan.tracer.schedule.TermArrays.Area;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
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
    private final long[][] memory;
    /** Arrays that are free again, by their length. */
    private final Map<Integer, Deque<long[]>> released = new HashMap<>();

    private final Map<List<Object>, Kernel> kernels = new HashMap<>();
    private int current;

    private GraphOnTerms(Graph graph, Roots roots, TermArrays arrays) {
        this.graph = graph;
        this.roots = roots;
        this.arrays = arrays;
        this.memory = new long[graph.definitions().size()][];
    }

    /** The outputs of a graph whose operands are inputs. */
    static List<Area> outputs(Graph graph, Roots roots, TermArrays arrays) {
        GraphOnTerms run = new GraphOnTerms(graph, roots, arrays);
        run.run();
        return graph.outputs().stream().map(run::at).toList();
    }

    /** For each root, the last value that is made of what it holds. */
    static int[] lastUses(Graph graph, Roots roots) {
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
    static boolean isNeeded(int value, int[] last, Roots roots) {
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
                    if (last[root] <= current && memory[root] != null) {
                        release(root);
                    }
                }
            }
        }
    }

    /** The array for so many terms, all of which will be written. */
    private long[] array(int elements) {
        Deque<long[]> some = released.get(elements);
        return some == null || some.isEmpty() ? new long[elements] : some.pop();
    }

    /** What is no longer needed is used again for what is of the same size: new arrays cost more than what is done in them. */
    private void release(int root) {
        if (graph.definitions().get(root) instanceof Apply) {
            released.computeIfAbsent(memory[root].length, unseen -> new ArrayDeque<>())
                    .push(memory[root]);
        }
        memory[root] = null;
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

    private Area result() {
        Shape shape = apply().type().shape();
        memory[current] = array(shape.elements());
        return Area.of(memory[current], shape);
    }

    private Void map(Kernel kernel) {
        Area result = result();
        arrays.map(kernel, TermArrays.stretched(operands(), result.layout().shape()), List.of(result));
        return null;
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
        memory[current] = array(apply().type().shape().elements());
        Area kept = Area.of(memory[current], operator.kept(domain));
        List<Area> operands = TermArrays.stretched(operands(), domain);
        if (count == 1) {
            arrays.map(Lowering.single(operator.kernel(types(), 1)), operands, List.of(kept));
        } else {
            arrays.reduce(operator.kernel(types(), count), domain, operands, kept);
        }
        return null;
    }

    @Override
    public Void visit(View operator) {
        if (!roots.isAlias(current)) {
            Layout copied = Layout.contiguous(roots.shape(current));
            memory[current] = array(copied.shape().elements());
            DType type = apply().type().dtype();
            arrays.copy(operands().get(0), type, new Area(memory[current], 0, copied), type);
        }
        return null;
    }

    @Override
    public Void visit(Assembly operator) {
        Area result = result();
        DType type = apply().type().dtype();
        arrays.zeros(type, result);
        List<TensorType> types = types();
        for (int i = 0; i < types.size(); i++) {
            Layout place = operator.place(i, types, result.layout());
            Area piece = at(apply().operands().get(i));
            arrays.copy(piece, types.get(i).dtype(), new Area(result.terms(), 0, place), type);
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
        arrays.multiply(operands().get(0), operands().get(1), type, result());
        return null;
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
        arrays.single(operator, operands(), result());
        return null;
    }

    @Override
    public Void visit(Composite operator) {
        throw new IllegalStateException("a composite in a graph: " + operator);
    }
}
