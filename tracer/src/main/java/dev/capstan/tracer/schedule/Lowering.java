// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.op.Assembly;
import dev.capstan.runtime.op.Composite;
import dev.capstan.runtime.op.Contraction;
import dev.capstan.runtime.op.Elementwise;
import dev.capstan.runtime.op.OperatorVisitor;
import dev.capstan.runtime.op.Reduction;
import dev.capstan.runtime.op.View;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import dev.capstan.tracer.graph.Graph.Constant;
import dev.capstan.tracer.rewrite.LayoutAlgebra;
import dev.capstan.tracer.schedule.Schedule.Kind;
import dev.capstan.tracer.schedule.Schedule.Place;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Turns the definitions of a graph into tasks and decides in which buffer each root lies. It goes backwards, so that
 * what a value is for is known when its place is chosen: what is only read to be put into an assembly, or to leave as
 * a result, is computed right there; so is an element of a sequence that is also stacked.
 */
final class Lowering implements OperatorVisitor<Void> {
    private final Graph graph;
    private final Roots roots;
    private final Buffers buffers;
    private final int[] required;
    private final Place[] locations;
    private final boolean[] within;
    private final int[] reads;
    private final int[] exchangedReads;
    private final List<List<Integer>> aliases = new ArrayList<>();
    private final List<List<Copy>> copiesOf = new ArrayList<>();
    private final List<List<Integer>> parts = new ArrayList<>();
    private final List<Copy> copies = new ArrayList<>();
    private final List<Task> tasks = new ArrayList<>();
    private final Map<List<Object>, Kernel> kernels = new HashMap<>();
    private int current;

    /** A tensor that has to be somewhere else, too. */
    private static final class Copy {
        private final int source;
        private final int into;
        private final DType type;
        private final Place target;
        private boolean needless;

        Copy(int source, int into, DType type, Place target) {
            this.source = source;
            this.into = into;
            this.type = type;
            this.target = target;
        }
    }

    /**
     * Lowers nothing before {@link #run}.
     *
     * @param given for each operand where it lies, null for the other values
     */
    Lowering(Graph graph, Roots roots, Buffers buffers, Place[] given) {
        this.graph = graph;
        this.roots = roots;
        this.buffers = buffers;
        int size = graph.definitions().size();
        this.required = new int[size];
        this.locations = given.clone();
        this.within = new boolean[size];
        this.reads = new int[size];
        this.exchangedReads = new int[size];
        for (int value = 0; value < size; value++) {
            aliases.add(new ArrayList<>());
            aliases.get(roots.of(value)).add(value);
            required[value] = Task.NOTHING;
            copiesOf.add(new ArrayList<>());
            parts.add(new ArrayList<>());
        }
    }

    /** Says that a root must fill a buffer. */
    void require(int root, int buffer) {
        required[root] = buffer;
    }

    /** True if a root must be in memory even if only fused tasks read it. */
    boolean isRequired(int root) {
        return required[root] != Task.NOTHING || within[root];
    }

    /** True if memory for a root must be zero before its parts are written. */
    boolean isHollow(int root) {
        return graph.definitions().get(root) instanceof Apply apply
                && apply.operator() instanceof Assembly assembly
                && !assembly.covers();
    }

    /** True for an assembly that no piece fills: it is all zeros, if it has elements. */
    private boolean isOfNothing(Apply apply) {
        return apply.operator() instanceof Assembly
                && apply.operands().stream()
                        .allMatch(piece -> graph.type(piece).shape().elements() == 0);
    }

    /** Says that a value must also be, contiguous, in a buffer of its own. */
    void copy(int value, int buffer) {
        TensorType type = graph.type(value);
        copy(value, Task.NOTHING, type.dtype(), new Place(buffer, Layout.contiguous(type.shape())));
    }

    private void copy(int source, int into, DType type, Place target) {
        if (target.layout().shape().elements() > 0) {
            Copy copy = new Copy(source, into, type, target);
            copies.add(copy);
            copiesOf.get(roots.of(source)).add(copy);
        }
    }

    /** Makes the tasks. */
    void run() {
        for (int value = locations.length - 1; value >= 0; value--) {
            boolean own = !roots.isAlias(value) && !roots.isExternal(value);
            boolean copied = !copiesOf.get(value).isEmpty() && !roots.isConstant(value);
            if (own && (isRequired(value) || reads[value] > 0 || copied)) {
                current = value;
                locations[value] = location(value);
                if (graph.definitions().get(value) instanceof Constant constant) {
                    number(Expr.constant(constant.type().dtype(), constant.value()), Shape.SCALAR);
                } else {
                    ((Apply) graph.definitions().get(value)).operator().accept(this);
                }
            }
        }
        for (Copy copy : copies) {
            if (!copy.needless) {
                tasks.add(task(copy));
            }
        }
        tasks.sort(Comparator.comparingInt(Task::order).thenComparing(task -> task.isWhole() ? 0 : 1));
    }

    private Place location(int root) {
        for (Copy copy : copiesOf.get(root)) {
            Optional<Layout> layout = within(root, copy);
            if (layout.isPresent()) {
                copy.needless = true;
                if (copy.into != Task.NOTHING) {
                    parts.get(copy.into).add(root);
                }
                within[root] = true;
                return new Place(copy.target.slot(), layout.get());
            }
        }
        Shape shape = roots.shape(root);
        if (required[root] != Task.NOTHING) {
            return new Place(required[root], Layout.contiguous(shape));
        }
        int buffer = buffers.scratch(graph.type(root).dtype(), shape.elements(), isHollow(root));
        boolean exchange = exchangedReads[root] > 0
                && exchangedReads[root] == reads[root]
                && aliases.get(root).stream()
                        .allMatch(value ->
                                roots.layout(value, exchangedContiguous(shape)).isPresent());
        return new Place(buffer, exchange ? exchangedContiguous(shape) : Layout.contiguous(shape));
    }

    /** Contiguous after an exchange of the last two dimensions. */
    private static Layout exchangedContiguous(Shape shape) {
        Shape exchanged = exchanged(Layout.contiguous(shape)).shape();
        return exchanged(Layout.contiguous(exchanged));
    }

    /** Where a root must lie so that a copy of it is already made; empty if it cannot, or had better not lie there. */
    private Optional<Layout> within(int root, Copy copy) {
        Kind kind = buffers.get(copy.target.slot()).kind();
        boolean lastsEnough = required[root] == Task.NOTHING
                || kind == Kind.KEPT && buffers.get(required[root]).kind() == Kind.KEPT;
        if (!lastsEnough
                || !(graph.definitions().get(root) instanceof Apply apply)
                || roots.isCopiedView(root)
                || isOfNothing(apply)
                || apply.type().dtype() != copy.type
                || isHollow(root) && !buffers.get(copy.target.slot()).cleared()) {
            return Optional.empty();
        }
        boolean alone = required[root] == Task.NOTHING
                && reads[root] == 0
                && copiesOf.get(root).size() == 1;
        Optional<Layout> layout = inverse(root, copy).filter(place -> alone || isGoodToRead(root, place));
        return apply.operator() instanceof Contraction
                ? layout.filter(
                        place -> place.isContiguous() || exchanged(place).isContiguous())
                : layout;
    }

    /** True if rows are dense, and if all views of a root can show it there. */
    private boolean isGoodToRead(int root, Layout place) {
        Layout compact = LayoutAlgebra.compact(place);
        int rank = compact.shape().rank();
        return (rank == 0 || compact.stride(rank - 1) == 1)
                && aliases.get(root).stream()
                        .allMatch(value -> roots.layout(value, place).isPresent());
    }

    private Optional<Layout> inverse(int root, Copy copy) {
        return LayoutAlgebra.inverse(base -> roots.layout(copy.source, base), roots.shape(root), copy.target.layout());
    }

    /** A matrix or a stack of matrices, transposed. */
    static Layout exchanged(Layout matrices) {
        return matrices.permute(matrices.shape().rank() == 2 ? new int[] {1, 0} : new int[] {0, 2, 1});
    }

    private Task task(Copy copy) {
        int root = roots.of(copy.source);
        DType type = graph.type(copy.source).dtype();
        Kernel kernel = Kernel.of(List.of(type), List.of(Expr.input(0, type).cast(copy.type)));
        boolean computed = !roots.isExternal(root) && !roots.isConstant(root);
        int order = computed ? root : copy.into == Task.NOTHING ? locations.length : copy.into - 1;
        Optional<Layout> whole = computed && !roots.isCopiedView(root) ? inverse(root, copy) : Optional.empty();
        // in terms of the root's own shape the copy can join the loop that computes the root
        int source = whole.isPresent() ? root : copy.source;
        Place target = new Place(copy.target.slot(), whole.orElse(copy.target.layout()));
        return new Task.Map(
                order,
                kernel,
                List.of(source),
                copy.into,
                false,
                target.layout().shape(),
                target);
    }

    private void number(Expr value, Shape shape) {
        Kernel kernel = Kernel.of(List.of(), List.of(value));
        tasks.add(new Task.Map(current, kernel, List.of(), current, true, shape, locations[current]));
    }

    private Apply apply() {
        return (Apply) graph.definitions().get(current);
    }

    private List<TensorType> types() {
        return apply().operands().stream().map(graph::type).toList();
    }

    private void read(int value, boolean embedsConstants) {
        if (!embedsConstants || !roots.isConstant(roots.of(value))) {
            reads[roots.of(value)]++;
        }
    }

    private void map(Kernel kernel, Shape shape) {
        apply().operands().forEach(operand -> read(operand, true));
        tasks.add(new Task.Map(current, kernel, apply().operands(), current, true, shape, locations[current]));
    }

    @Override
    public Void visit(Elementwise operator) {
        List<TensorType> types = types();
        Kernel kernel = kernels.computeIfAbsent(List.of(operator, types), unseen -> operator.kernel(types));
        map(kernel, apply().type().shape());
        if (isMatrices(apply().type().shape())) {
            apply().operands().forEach(this::preferLayoutOfResult);
        }
        return null;
    }

    private static boolean isMatrices(Shape shape) {
        return shape.rank() == 2 || shape.rank() == 3;
    }

    /**
     * Notes if an operand had better lie transposed, so that the loop walks through it as it walks through the result.
     */
    private void preferLayoutOfResult(int operand) {
        int root = roots.of(operand);
        Layout target = locations[current].layout();
        if (roots.isExternal(root)
                || roots.isConstant(root)
                || !isMatrices(roots.shape(root))
                || !graph.type(operand).shape().equals(target.shape())) {
            return;
        }
        Layout wanted = exchanged(target).isContiguous() && !target.isContiguous()
                ? exchangedContiguous(target.shape())
                : Layout.contiguous(target.shape());
        boolean exchange = LayoutAlgebra.inverse(base -> roots.layout(operand, base), roots.shape(root), wanted)
                .filter(layout -> !layout.isContiguous() && exchanged(layout).isContiguous())
                .isPresent();
        exchangedReads[root] += exchange ? 1 : 0;
    }

    @Override
    public Void visit(View operator) {
        DType type = apply().type().dtype();
        map(Kernel.of(List.of(type), List.of(Expr.input(0, type))), roots.shape(current));
        return null;
    }

    @Override
    public Void visit(Reduction operator) {
        apply().operands().forEach(operand -> read(operand, true));
        Shape domain = operator.domain(types());
        tasks.add(new Task.Fold(current, operator, apply().operands(), current, domain, locations[current]));
        return null;
    }

    @Override
    public Void visit(Assembly operator) {
        Place whole = locations[current];
        for (int i = 0; i < apply().operands().size(); i++) {
            Layout place = operator.place(i, types(), whole.layout());
            copy(apply().operands().get(i), current, apply().type().dtype(), new Place(whole.slot(), place));
        }
        if (isOfNothing(apply())) {
            number(Expr.constant(apply().type().dtype(), 0), apply().type().shape());
        }
        return null;
    }

    @Override
    public Void visit(Contraction operator) {
        apply().operands().forEach(operand -> read(operand, false));
        Shape shape = apply().type().shape();
        tasks.add(new Task.Product(current, apply().operands(), current, shape, locations[current]));
        return null;
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

    /** All tasks, in an order in which they could run. */
    List<Task> tasks() {
        return tasks;
    }

    /** The roots that were computed inside the memory of this one. */
    List<Integer> parts(int root) {
        return parts.get(root);
    }

    /** Where a value lies. */
    Place place(int value) {
        Place root = locations[roots.of(value)];
        return new Place(root.slot(), roots.layout(value, root.layout()).orElseThrow());
    }
}
