// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.ReductionKernel;
import dev.capstan.runtime.op.Reduction;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Constant;
import dev.capstan.tracer.rewrite.LayoutAlgebra;
import dev.capstan.tracer.schedule.Schedule.Clear;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Multiply;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Reduce;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Writes each unit as a step, on places whose slot is the number of a buffer. */
final class Emission {
    private final Lowering lowering;
    private final Graph graph;
    private final Roots roots;
    private final Dependencies dependencies;
    private final List<Task> tasks;
    private final int[] unitOf;
    /** For each task the loop or reduction that it is a part of. */
    private final int[] kernelOf;

    private final List<Step> steps = new ArrayList<>();
    private final Set<Integer> cleared = new HashSet<>();
    /** Kernels of units that were written before; a unit of the same form computes the same. */
    private final Map<List<Object>, FusedKernel> known = new HashMap<>();

    private final Map<List<Object>, FusedReduction> knownReductions = new HashMap<>();
    /** Numbers for the kernels of tasks, which are shared. */
    private final Map<Kernel, Integer> numbers = new IdentityHashMap<>();

    /**
     * The kernel of a unit.
     *
     * @param inputs which of the places that the unit reads are its inputs
     */
    private record FusedKernel(Kernel kernel, List<Integer> inputs) {}

    /** The same for a reduction. */
    private record FusedReduction(ReductionKernel kernel, List<Integer> inputs) {}

    Emission(Lowering lowering, Dependencies dependencies) {
        this.lowering = lowering;
        this.graph = lowering.graph();
        this.roots = lowering.roots();
        this.dependencies = dependencies;
        this.tasks = lowering.tasks();
        this.unitOf = new int[tasks.size()];
        this.kernelOf = new int[tasks.size()];
    }

    /** The steps of units in order. */
    List<Step> steps(List<Unit> units) {
        int kernel = 0;
        for (int unit = 0; unit < units.size(); unit++) {
            for (int[] phase : units.get(unit).phases()) {
                for (int task : phase) {
                    unitOf[task] = unit;
                    kernelOf[task] = kernel;
                }
                kernel++;
            }
        }
        for (Unit unit : units) {
            write(unit);
        }
        return steps;
    }

    private void write(Unit of) {
        if (of.phases().size() > 1) {
            rows(of);
            return;
        }
        int[] unit = of.phases().get(0);
        Task last = tasks.get(unit[unit.length - 1]);
        if (last instanceof Task.Fold fold) {
            reduce(unit, fold);
        } else if (last instanceof Task.Product product) {
            multiply(product);
        } else if (last instanceof Task.Single single) {
            single(single);
        } else if (last.shape().elements() > 0) {
            loop(unit);
        }
    }

    private void rows(Unit unit) {
        RowAssembly assembly =
                new RowAssembly(slot -> lowering.buffers().get(slot).dtype());
        for (int[] phase : unit.phases()) {
            Task last = tasks.get(phase[phase.length - 1]);
            assembly.add(last instanceof Task.Fold fold ? reduction(phase, fold) : map(phase));
            for (int task : phase) {
                if (leaves(task, unitOf)) {
                    assembly.keep(tasks.get(task).target());
                }
            }
        }
        steps.add(assembly.step());
    }

    private void loop(int[] unit) {
        Loop loop = map(unit);
        List<Place> places = new ArrayList<>(loop.places());
        int[] order = LayoutAlgebra.descendingSteps(loop.outputs().get(0).layout());
        if (!isAscending(order)) {
            places.replaceAll(place -> new Place(place.slot(), place.layout().permute(order)));
        }
        List<Layout> layouts = new ArrayList<>(places.size());
        for (Place place : places) {
            layouts.add(place.layout());
        }
        Iteration iteration = Iteration.of(layouts.get(0).shape(), layouts);
        for (int i = 0; i < places.size(); i++) {
            Place place = places.get(i);
            places.set(
                    i,
                    new Place(place.slot(), iteration.layout(i, place.layout().offset())));
        }
        int read = loop.inputs().size();
        steps.add(new Loop(
                loop.kernel(), iteration.shape(), places.subList(0, read), places.subList(read, places.size())));
    }

    /** The loop of a unit, over the shape of its tasks without dimensions of size 1. */
    private Loop map(int[] unit) {
        KernelInputs inputs = new KernelInputs();
        BitSet leaving = new BitSet();
        List<Place> outputs = new ArrayList<>();
        for (int i = 0; i < unit.length; i++) {
            if (leaves(unit[i], kernelOf)) {
                leaving.set(i);
                outputs.add(compact(tasks.get(unit[i]).target()));
            }
        }
        List<Object> form = form(unit, leaving, inputs);
        FusedKernel fused = known.get(form);
        if (fused == null) {
            fused = fused(unit, leaving, inputs);
            known.put(form, fused);
        }
        outputs.forEach(this::clearOnce);
        Shape shape = outputs.get(0).layout().shape();
        return new Loop(fused.kernel, shape, inputs.places(fused.inputs), outputs);
    }

    /** All that decides what a unit computes, its places being numbered in the order in which they are read. */
    private List<Object> form(int[] unit, BitSet leaving, KernelInputs inputs) {
        List<Object> form = new ArrayList<>();
        form.add(leaving);
        Map<Integer, Integer> computed = new HashMap<>();
        for (int number : unit) {
            Task task = tasks.get(number);
            form.add(computation(task));
            for (int operand : task.operands()) {
                int root = roots.of(operand);
                Integer inside = computed.get(root);
                form.add(graph.type(operand).dtype());
                if (graph.definitions().get(root) instanceof Constant constant) {
                    form.add(constant.value());
                } else if (inside != null) {
                    form.add(-1 - inside);
                } else {
                    form.add(inputs.read(
                                    place(task, operand), graph.type(operand).dtype())
                            .input());
                }
            }
            if (task.isWhole()) {
                computed.put(task.writes(), computed.size());
            }
        }
        return form;
    }

    private Object computation(Task task) {
        if (task instanceof Task.Fold fold) {
            Reduction operator = fold.operator();
            return List.of(operator, operator.count(fold.shape()), graph.types(fold.operands()));
        }
        return numbers.computeIfAbsent(((Task.Map) task).kernel(), unseen -> numbers.size());
    }

    private FusedKernel fused(int[] unit, BitSet leaving, KernelInputs inputs) {
        Map<Integer, Expr> computed = new HashMap<>();
        List<Expr> results = new ArrayList<>();
        for (int i = 0; i < unit.length; i++) {
            Task task = tasks.get(unit[i]);
            Expr result = expression((Task.Map) task, computed, inputs);
            if (task.isWhole()) {
                computed.put(task.writes(), result);
            }
            if (leaving.get(i)) {
                results.add(result);
            }
        }
        Kernel kernel = inputs.kernel(results);
        return new FusedKernel(kernel, inputs.used());
    }

    private static boolean isAscending(int[] order) {
        for (int i = 0; i < order.length; i++) {
            if (order[i] != i) {
                return false;
            }
        }
        return true;
    }

    /** True if what a task computes is read by tasks of other groups, or must be in memory in any case. */
    private boolean leaves(int number, int[] groups) {
        Task task = tasks.get(number);
        if (!task.isWhole() || lowering.placement().isRequired(task.writes())) {
            return true;
        }
        for (int reader : dependencies.readers(task.writes())) {
            if (groups[reader] != groups[number]) {
                return true;
            }
        }
        return false;
    }

    private static Place compact(Place place) {
        return at(place, LayoutAlgebra.compact(place.layout()));
    }

    private static Place at(Place place, Layout layout) {
        return layout == place.layout() ? place : new Place(place.slot(), layout);
    }

    private Expr expression(Task.Map map, Map<Integer, Expr> computed, KernelInputs inputs) {
        List<Expr> operands = new ArrayList<>();
        for (int operand : map.operands()) {
            operands.add(operand(map, operand, computed, inputs));
        }
        return map.kernel().substitute(operands).get(0);
    }

    private Expr operand(Task reader, int value, Map<Integer, Expr> computed, KernelInputs inputs) {
        int root = roots.of(value);
        DType type = graph.type(value).dtype();
        if (graph.definitions().get(root) instanceof Constant constant) {
            return Expr.constant(type, constant.value());
        }
        if (computed.containsKey(root)) {
            return computed.get(root);
        }
        return inputs.read(place(reader, value), type);
    }

    /** Where a task reads a value. */
    private Place place(Task reader, int value) {
        Place place = lowering.placement().place(value);
        return at(place, LayoutAlgebra.compact(place.layout().expand(reader.shape())));
    }

    private void reduce(int[] unit, Task.Fold fold) {
        Reduce reduce = reduction(unit, fold);
        List<Place> read = reduce.inputs();
        List<Layout> layouts = new ArrayList<>();
        read.forEach(place -> layouts.add(place.layout()));
        layouts.add(reduce.output().layout());
        Iteration iteration = Iteration.of(reduce.domain(), reduce.reduced(), layouts);
        List<Place> places = new ArrayList<>();
        for (int i = 0; i < read.size(); i++) {
            Place place = read.get(i);
            places.add(
                    new Place(place.slot(), iteration.layout(i, place.layout().offset())));
        }
        Place target = fold.target();
        Layout output = iteration.unmarked(places.size(), target.layout().offset());
        if (output.shape().elements() > 0) {
            steps.add(new Reduce(
                    reduce.kernel(), iteration.shape(), iteration.marks(), places, new Place(target.slot(), output)));
        }
    }

    /** The reduction of a unit, over its domain without dimensions of size 1; its output has step 0 where it combines. */
    private Reduce reduction(int[] unit, Task.Fold fold) {
        KernelInputs inputs = new KernelInputs();
        List<Object> form = form(unit, new BitSet(), inputs);
        FusedReduction fused = knownReductions.get(form);
        if (fused == null) {
            fused = fused(unit, fold, inputs);
            knownReductions.put(form, fused);
        }
        Shape domain = fold.shape();
        boolean[] reduced = fold.operator().reduced(domain);
        List<Boolean> marks = new ArrayList<>();
        for (int i = 0; i < domain.rank(); i++) {
            if (domain.size(i) != 1) {
                marks.add(reduced[i]);
            }
        }
        Shape space = LayoutAlgebra.compact(Layout.contiguous(domain)).shape();
        if (fold.target().layout().shape().elements() > 0) {
            clearOnce(fold.target());
        }
        Place output = new Place(fold.target().slot(), spread(fold, space, marks));
        return new Reduce(fused.kernel, space, marks, inputs.places(fused.inputs), output);
    }

    private FusedReduction fused(int[] unit, Task.Fold fold, KernelInputs inputs) {
        Map<Integer, Expr> computed = new HashMap<>();
        for (int task : unit) {
            if (tasks.get(task) instanceof Task.Map map) {
                computed.put(map.writes(), expression(map, computed, inputs));
            }
        }
        List<Expr> operands = new ArrayList<>();
        for (int operand : fold.operands()) {
            operands.add(operand(fold, operand, computed, inputs));
        }
        List<TensorType> types = graph.types(fold.operands());
        ReductionKernel own = fold.operator().kernel(types, fold.operator().count(fold.shape()));
        Kernel map = inputs.kernel(own.map().substitute(operands));
        return new FusedReduction(new ReductionKernel(map, own.combine(), own.identity(), own.finish()), inputs.used());
    }

    /** The result's layout over the space that is reduced, with step 0 where elements are combined. */
    private static Layout spread(Task.Fold fold, Shape space, List<Boolean> marks) {
        Layout result = LayoutAlgebra.compact(fold.target().layout());
        int[] strides = new int[space.rank()];
        int next = 0;
        for (int i = 0; i < strides.length; i++) {
            strides[i] = marks.get(i) ? 0 : result.stride(next++);
        }
        return Layout.of(space, strides, result.offset());
    }

    private void multiply(Task.Product product) {
        if (product.shape().elements() == 0) {
            return;
        }
        Place left = lowering.placement().place(product.operands().get(0));
        Place right = lowering.placement().place(product.operands().get(1));
        Place target = product.target();
        clearOnce(target);
        // a transposed product is the product of the transposed factors, exchanged: each element is the same chain
        steps.add(
                target.layout().isContiguous()
                        ? new Multiply(left, right, target)
                        : new Multiply(exchanged(right), exchanged(left), exchanged(target)));
    }

    private void single(Task.Single single) {
        if (single.shape().elements() > 0) {
            List<Place> operands =
                    single.operands().stream().map(lowering.placement()::place).toList();
            clearOnce(single.target());
            steps.add(new Schedule.Single(single.operator(), operands, single.target()));
        }
    }

    private static Place exchanged(Place place) {
        return new Place(place.slot(), LayoutAlgebra.exchanged(place.layout()));
    }

    private void clearOnce(Place target) {
        Buffers.Buffer buffer = lowering.buffers().get(target.slot());
        if (buffer.cleared() && cleared.add(target.slot())) {
            steps.add(new Clear(new Place(target.slot(), Layout.contiguous(Shape.of(buffer.elements())))));
        }
    }
}
