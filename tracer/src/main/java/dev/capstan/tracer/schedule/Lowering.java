// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.ReductionKernel;
import dev.capstan.runtime.op.Assembly;
import dev.capstan.runtime.op.Composite;
import dev.capstan.runtime.op.Contraction;
import dev.capstan.runtime.op.Elementwise;
import dev.capstan.runtime.op.Indexed;
import dev.capstan.runtime.op.Opaque;
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
import dev.capstan.tracer.rewrite.Coverage;
import dev.capstan.tracer.schedule.Placement.Copy;
import dev.capstan.tracer.schedule.Schedule.Place;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Turns the definitions of a graph into tasks. It goes backwards, so that what a value is for is known when its place
 * is chosen.
 */
final class Lowering implements OperatorVisitor<Void> {
    private final Graph graph;
    private final Roots roots;
    private final Buffers buffers;
    private final Placement placement;
    private final List<Copy> copies = new ArrayList<>();
    private final List<Task> tasks = new ArrayList<>();
    private final List<List<Copy>> layers = new ArrayList<>();
    private final Map<Copy, Task> made = new HashMap<>();
    private final Map<List<Object>, Kernel> kernels = new HashMap<>();
    private int current;
    private Place target;

    /** Lowers nothing before {@link #run}. */
    Lowering(Graph graph, Roots roots, Buffers buffers, Placement placement) {
        this.graph = graph;
        this.roots = roots;
        this.buffers = buffers;
        this.placement = placement;
    }

    /** Says that a value must also be, contiguous, in a buffer of its own. */
    void copy(int value, int buffer) {
        TensorType type = graph.type(value);
        copy(new Copy(value, Task.NOTHING, type.dtype(), new Place(buffer, Layout.contiguous(type.shape()))));
    }

    private void copy(Copy copy) {
        if (copy.target().layout().shape().elements() > 0) {
            copies.add(copy);
            placement.add(copy);
        }
    }

    /** Makes the tasks. */
    void run() {
        for (int value = graph.definitions().size() - 1; value >= 0; value--) {
            if (!roots.isAlias(value) && !roots.isExternal(value) && placement.isUsed(value)) {
                current = value;
                target = placement.locate(value);
                if (graph.definitions().get(value) instanceof Constant constant) {
                    number(Expr.constant(constant.type().dtype(), constant.value()), Shape.SCALAR);
                } else {
                    apply().operator().accept(this);
                }
            }
        }
        for (Copy copy : copies) {
            if (!copy.isNeedless()) {
                made.put(copy, task(copy));
                tasks.add(made.get(copy));
            }
        }
        tasks.sort(Comparator.comparingInt(Task::order).thenComparing(task -> task.isWhole() ? 0 : 1));
    }

    private Task task(Copy copy) {
        int root = roots.of(copy.source());
        DType type = graph.type(copy.source()).dtype();
        Kernel kernel = kernels.computeIfAbsent(
                List.of(type, copy.type()),
                unseen -> Kernel.of(List.of(type), List.of(Expr.input(0, type).cast(copy.type()))));
        boolean computed = !roots.isExternal(root) && !roots.isConstant(root);
        int order = computed
                ? root
                : copy.into() == Task.NOTHING ? graph.definitions().size() : copy.into() - 1;
        Optional<Layout> whole =
                computed && !roots.isCopiedView(root) ? placement.inverse(root, copy) : Optional.empty();
        // in terms of the root's own shape the copy can join the loop that computes the root
        int source = whole.isPresent() ? root : copy.source();
        Place place = new Place(copy.target().slot(), whole.orElse(copy.target().layout()));
        return new Task.Map(
                order,
                kernel,
                List.of(source),
                copy.into(),
                false,
                place.layout().shape(),
                place);
    }

    private void number(Expr value, Shape shape) {
        Kernel kernel = Kernel.of(List.of(), List.of(value));
        tasks.add(new Task.Map(current, kernel, List.of(), current, true, shape, target));
    }

    private Apply apply() {
        return (Apply) graph.definitions().get(current);
    }

    private List<TensorType> types() {
        return graph.types(apply().operands());
    }

    private void read(int value, boolean embedsConstants) {
        if (!embedsConstants || !roots.isConstant(roots.of(value))) {
            placement.addRead(value);
        }
    }

    private void map(Kernel kernel, Shape shape) {
        apply().operands().forEach(operand -> read(operand, true));
        tasks.add(new Task.Map(current, kernel, apply().operands(), current, true, shape, target));
    }

    @Override
    public Void visit(Elementwise operator) {
        Recomputed recomputed = Recomputed.of(graph, roots, apply());
        Kernel kernel = kernels.computeIfAbsent(recomputed.form(), unseen -> recomputed.kernel());
        recomputed.operands().forEach(operand -> read(operand, true));
        tasks.add(new Task.Map(
                current,
                kernel,
                recomputed.operands(),
                current,
                true,
                apply().type().shape(),
                target));
        recomputed.operands().forEach(operand -> placement.preferLayoutOf(current, operand));
        return null;
    }

    @Override
    public Void visit(View operator) {
        DType type = apply().type().dtype();
        map(Kernel.of(List.of(type), List.of(Expr.input(0, type))), roots.shape(current));
        return null;
    }

    @Override
    public Void visit(Reduction operator) {
        Shape domain = operator.domain(types());
        if (operator.count(domain) == 1) {
            map(single(operator.kernel(types(), 1)), domain);
            return null;
        }
        apply().operands().forEach(operand -> read(operand, true));
        if (isAlongRows(operator, domain)) {
            apply().operands().forEach(placement::addRowwiseRead);
        }
        tasks.add(new Task.Fold(current, operator, apply().operands(), current, domain, target));
        return null;
    }

    /** Whether elements of one row are combined, but not all rows. */
    private static boolean isAlongRows(Reduction operator, Shape domain) {
        boolean[] reduced = operator.reduced(domain);
        return reduced[reduced.length - 1] && operator.count(domain) < domain.elements();
    }

    /** A reduction of one element: identity and mapped element combined, and finished. */
    static Kernel single(ReductionKernel kernel) {
        List<DType> inputs = kernel.map().inputs();
        List<Expr> operands = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            operands.add(Expr.input(i, inputs.get(i)));
        }
        Expr mapped = kernel.map().substitute(operands).get(0);
        Expr state = Expr.apply(kernel.combine(), Expr.constant(kernel.state(), kernel.identity()), mapped);
        return Kernel.of(inputs, kernel.finish().substitute(List.of(state)));
    }

    @Override
    public Void visit(Assembly operator) {
        List<Copy> pieces = new ArrayList<>();
        for (int i = 0; i < apply().operands().size(); i++) {
            Place place = new Place(target.slot(), operator.place(i, types(), target.layout()));
            pieces.add(
                    new Copy(apply().operands().get(i), current, apply().type().dtype(), place));
        }
        if (operator.isLayered()) {
            removeHidden(pieces);
            layers.add(pieces);
        }
        pieces.forEach(this::copy);
        if (placement.isOfNothing(apply())) {
            number(Expr.constant(apply().type().dtype(), 0), apply().type().shape());
        }
        return null;
    }

    /** Leaves out the pieces of which nothing is seen. */
    private static void removeHidden(List<Copy> pieces) {
        Coverage above = new Coverage();
        for (int i = pieces.size() - 1; i >= 0; i--) {
            Layout place = pieces.get(i).target().layout();
            if (above.contains(place)) {
                pieces.remove(i);
            } else {
                above.add(place);
            }
        }
    }

    @Override
    public Void visit(Scan operator) {
        return single();
    }

    @Override
    public Void visit(Indexed operator) {
        return single();
    }

    @Override
    public Void visit(Opaque operator) {
        return single();
    }

    private Void single() {
        apply().operands().forEach(operand -> read(operand, false));
        apply().operands().forEach(placement::addRowwiseRead);
        Shape shape = apply().type().shape();
        tasks.add(new Task.Single(current, apply().operator(), apply().operands(), current, shape, target));
        return null;
    }

    @Override
    public Void visit(Contraction operator) {
        Shape left = types().get(0).shape();
        DType type = apply().type().dtype();
        if (left.size(left.rank() - 1) == 1 && type != DType.BOOL) {
            map(outerProduct(type), apply().type().shape());
            return null;
        }
        apply().operands().forEach(operand -> read(operand, false));
        Shape shape = apply().type().shape();
        tasks.add(new Task.Product(current, apply().operands(), current, shape, target));
        return null;
    }

    /** A chain of one step, which can be fused with what uses it: not a * b, whose zeros have other signs. */
    static Kernel outerProduct(DType type) {
        Expr a = Expr.input(0, type);
        Expr b = Expr.input(1, type);
        return Kernel.of(List.of(type, type), List.of(type.isFloating() ? a.fma(b, a.like(0)) : a.mul(b)));
    }

    @Override
    public Void visit(Composite operator) {
        throw new IllegalStateException("a composite in a graph: " + operator);
    }

    Graph graph() {
        return graph;
    }

    Roots roots() {
        return roots;
    }

    Buffers buffers() {
        return buffers;
    }

    Placement placement() {
        return placement;
    }

    /** All tasks, in an order in which they could run but for {@link #layers()}. */
    List<Task> tasks() {
        return tasks;
    }

    /** For each assembly of pieces that lie over one another the pieces, lowest first: they are written in this order. */
    List<List<Copy>> layers() {
        return layers;
    }

    /** The task that makes a copy; null if the value was placed there from the start, or has no elements. */
    Task made(Copy copy) {
        return made.get(copy);
    }
}
