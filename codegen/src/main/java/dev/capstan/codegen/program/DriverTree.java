// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.codegen.fusion.FusedKernel;
import dev.capstan.codegen.kernel.Contraction;
import dev.capstan.codegen.kernel.GeneratedClasses;
import dev.capstan.codegen.tree.Callee;
import dev.capstan.codegen.tree.ClassTree;
import dev.capstan.codegen.tree.Expression;
import dev.capstan.codegen.tree.Expression.Local;
import dev.capstan.codegen.tree.MethodTree;
import dev.capstan.codegen.tree.Primitive;
import dev.capstan.codegen.tree.ReferenceType;
import dev.capstan.runtime.abi.EagerStep;
import dev.capstan.runtime.abi.Operand;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.tracer.schedule.Schedule;
import dev.capstan.tracer.schedule.Schedule.Clear;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Multiply;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Reduce;
import dev.capstan.tracer.schedule.Schedule.Rows;
import dev.capstan.tracer.schedule.Schedule.Single;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Translates a schedule into the tree of its driver: one call per step, in methods of limited size. */
final class DriverTree {
    /** Well below what HotSpot compiles at all, because {@link Piece#bytes} is an estimate. */
    private static final int BYTES_PER_PART = 6_000;

    private static final ReferenceType DRIVER = ReferenceType.of("dev.capstan.codegen.program.Driver");
    private static final ReferenceType ARRAYS = ReferenceType.of("java.util.Arrays");

    private final Schedule schedule;
    private final Packing packing;
    private final ClassTree.Builder type;
    private final Set<FusedKernel> kernels = new LinkedHashSet<>();
    private final Set<DType> products = EnumSet.noneOf(DType.class);
    private final List<Object> constants = new ArrayList<>();
    private final List<DType> scratchTypes = new ArrayList<>();
    private final List<Integer> scratchSizes = new ArrayList<>();
    /** Which scratch array rows use, for each element type; all that are in one program use the same. */
    private final Map<DType, Integer> rowScratch = new EnumMap<>(DType.class);

    private final List<MethodTree> rowMethods = new ArrayList<>();
    private final ClassTree tree;

    private DriverTree(String name, Schedule schedule, BitSet constant) {
        this.schedule = schedule;
        this.packing = Packing.of(schedule, constant);
        scratchTypes.addAll(Collections.nCopies(packing.count(), null));
        scratchSizes.addAll(Collections.nCopies(packing.count(), 0));
        this.type = ClassTree.named(GeneratedClasses.PACKAGE + "." + name).implementing(DRIVER);
        List<Piece> pieces = new ArrayList<>();
        for (int i = 0; i < schedule.steps().size(); i++) {
            pieces.addAll(pieces(i, schedule.steps().get(i)));
        }
        this.tree = build(pieces);
    }

    /** @param name the class's simple name */
    static DriverTree of(String name, Schedule schedule) {
        return new DriverTree(name, schedule, new BitSet());
    }

    /**
     * A driver that finds constant factors packed.
     *
     * @param name the class's simple name
     * @param constant the slots that stay the same over many runs
     */
    static DriverTree of(String name, Schedule schedule, BitSet constant) {
        return new DriverTree(name, schedule, constant);
    }

    /** What has to be packed before it runs. */
    List<Packing.Factor> constantFactors() {
        return packing.constants();
    }

    /** Of what copies may be kept between runs; they are handed over as scratch, which is null where there is none. */
    Collection<Packing.Factor> keptFactors() {
        return packing.keeps().values();
    }

    /** The class. */
    ClassTree tree() {
        return tree;
    }

    /** The generated kernels that it calls. */
    Set<FusedKernel> kernels() {
        return kernels;
    }

    /** The element types of its products by the shared contraction. */
    Set<DType> products() {
        return products;
    }

    /** What it takes as {@code constants}. */
    Object[] constants() {
        return constants.toArray();
    }

    /** New arrays for what it takes as {@code scratch}. */
    Object[] scratch() {
        Object[] scratch = new Object[scratchSizes.size()];
        for (int i = 0; i < scratch.length; i++) {
            DType type = scratchTypes.get(i);
            scratch[i] = type == null ? null : Storage.newArray(type, scratchSizes.get(i));
        }
        return scratch;
    }

    private ClassTree build(List<Piece> pieces) {
        List<List<Piece>> parts = new ArrayList<>();
        int bytes = BYTES_PER_PART;
        for (Piece piece : pieces) {
            if (bytes + piece.bytes() > BYTES_PER_PART) {
                parts.add(new ArrayList<>());
                bytes = 0;
            }
            parts.get(parts.size() - 1).add(piece);
            bytes += piece.bytes();
        }
        MethodTree.Builder run = MethodTree.named("run").instance();
        List<Local> parameters = List.of(
                run.parameter("arrays", Part.PARAMETERS.get(0)),
                run.parameter("offsets", Part.PARAMETERS.get(1)),
                run.parameter("scratch", Part.PARAMETERS.get(2)),
                run.parameter("constants", Part.PARAMETERS.get(3)));
        List<MethodTree> methods = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            String name = "part" + i;
            methods.add(new Part(name, schedule).write(parts.get(i)));
            run.body().evaluate(Part.callee(type.type(), name).call(parameters));
        }
        type.method(run.build());
        methods.forEach(type::method);
        rowMethods.forEach(type::method);
        return type.build();
    }

    private List<Piece> pieces(int index, Step step) {
        if (step instanceof Loop loop) {
            return loop.shape().elements() == 0 ? List.of() : List.of(loop(loop));
        }
        if (step instanceof Multiply multiply) {
            return product(index, multiply);
        }
        if (step instanceof Reduce reduce) {
            return reduce.output().layout().shape().elements() == 0 ? List.of() : List.of(reduction(reduce));
        }
        if (step instanceof Rows rows) {
            return List.of(rows(index, rows));
        }
        if (step instanceof Single single) {
            return List.of(
                    eager(EagerStep.operator(single.operator(), operands(single.inputs()), operand(single.output()))));
        }
        return List.of(clear((Clear) step));
    }

    private static Set<Integer> slots(List<Place> places) {
        Set<Integer> slots = new TreeSet<>();
        places.forEach(place -> slots.add(place.slot()));
        return slots;
    }

    private DType dtype(Place place) {
        return schedule.slots().get(place.slot()).dtype();
    }

    private Piece loop(Loop loop) {
        String comment = loop.kernel().instructions().size() + " steps over " + loop.shape();
        return KernelUse.of(loop)
                .map(use -> call(use, comment))
                .orElseGet(
                        () -> eager(EagerStep.loop(loop.kernel(), operands(loop.inputs()), operands(loop.outputs()))));
    }

    private Piece call(KernelUse use, String comment) {
        kernels.add(use.kernel());
        if (use.division().isPresent()) {
            return shared(use, comment);
        }
        List<Place> operands = use.operands();
        return new Piece(
                slots(operands), null, -1, 4 * operands.size() + 3 * use.nest().outer(), part -> {
                    part.body().comment(comment);
                    List<Expression> positions = new ArrayList<>();
                    for (Place place : operands) {
                        positions.add(part.position(place.slot(), place.layout().offset()));
                    }
                    List<Local> arrays = operands.stream()
                            .map(place -> part.array(place.slot()))
                            .toList();
                    new KernelCall(use.kernel().callee(), use.accesses(), use.nest(), arrays)
                            .write(part.body(), positions);
                });
    }

    private List<Operand> operands(List<Place> places) {
        return StepByStep.operands(schedule, places);
    }

    private Operand operand(Place place) {
        return StepByStep.operand(schedule, place);
    }

    /** A step that threads share calls its kernels itself. */
    private Piece shared(StepUse use, String comment) {
        String names = use.kernels().stream()
                .map(kernel -> kernel.callee().owner().className())
                .collect(Collectors.joining(", "));
        constants.add(new SharedStep(use));
        int constant = constants.size() - 1;
        return new Piece(Set.of(), null, -1, 3, part -> {
            part.body().comment(comment + ", by " + names + ", shared between threads");
            part.shared(constant);
        });
    }

    private Piece eager(EagerStep step) {
        constants.add(step);
        int constant = constants.size() - 1;
        return new Piece(Set.of(), null, -1, 3, part -> part.eager(constant));
    }

    private Piece reduction(Reduce reduce) {
        return KernelUse.of(reduce)
                .map(use -> call(use, reduce.kernel().combine() + " over " + reduce.domain()))
                .orElseGet(() -> eager(EagerStep.reduction(
                        reduce.kernel(),
                        reduce.domain(),
                        operands(reduce.inputs()),
                        reduce.reduced(),
                        operand(reduce.output()))));
    }

    /** Rows have a method of their own: it contains a loop, and is compiled when that has run for a while. */
    private Piece rows(int index, Rows rows) {
        Optional<RowsUse> generated = RowsUse.of(rows);
        if (generated.isEmpty()) {
            return eager(StepByStep.eager(schedule, rows));
        }
        RowsUse use = generated.get();
        kernels.addAll(use.kernels());
        String comment = use.calls().size() + " kernels, " + use.band() + " of " + use.sizes() + " rows at a time";
        if (use.division().isPresent()) {
            return shared(use, comment);
        }
        use.scratch().forEach((dtype, elements) -> {
            int number = rowScratch.computeIfAbsent(dtype, unseen -> {
                scratchTypes.add(dtype);
                scratchSizes.add(0);
                return scratchTypes.size() - 1;
            });
            scratchSizes.set(number, Math.max(scratchSizes.get(number), elements));
        });
        String name = "rows" + index;
        Piece body = new Piece(slots(use.operands()), null, -1, 0, part -> {
            List<Expression> positions = new ArrayList<>();
            List<Local> arrays = new ArrayList<>();
            for (Place place : use.operands()) {
                positions.add(part.position(place.slot(), place.layout().offset()));
                arrays.add(part.array(place.slot()));
            }
            Map<DType, Local> scratch = new EnumMap<>(DType.class);
            use.scratch().keySet().forEach(dtype -> scratch.put(dtype, part.scratch(rowScratch.get(dtype), dtype)));
            use.write(part.body(), arrays, positions, scratch);
        });
        rowMethods.add(new Part(name, schedule).write(List.of(body)));
        return new Piece(Set.of(), null, -1, 4, part -> {
            part.body().comment(comment);
            part.callAlike(type.type(), name);
        });
    }

    private Piece clear(Clear clear) {
        Place place = clear.output();
        DType dtype = dtype(place);
        Primitive element = Part.elementType(dtype);
        return new Piece(Set.of(place.slot()), null, -1, 4, part -> {
            int offset = place.layout().offset();
            Expression zero = switch (element) {
                case FLOAT -> Expression.constant(0f);
                case DOUBLE -> Expression.constant(0.0);
                case LONG -> Expression.constant(0L);
                case INT -> Expression.constant(0);
                default -> Expression.constant((byte) 0);
            };
            Callee fill = Callee.ofStatic(
                    ARRAYS, "fill", Primitive.VOID, element.array(), Primitive.INT, Primitive.INT, element);
            part.body()
                    .evaluate(
                            fill,
                            part.array(place.slot()),
                            part.position(place.slot(), offset),
                            part.position(
                                    place.slot(),
                                    offset + place.layout().shape().elements()),
                            zero);
        });
    }

    private List<Piece> product(int index, Multiply multiply) {
        DType dtype = dtype(multiply.output());
        if (!dtype.isFloating()) {
            return List.of(eager(EagerStep.contraction(
                    operand(multiply.left()), operand(multiply.right()), operand(multiply.output()))));
        }
        if (multiply.output().layout().shape().elements() == 0) {
            return List.of();
        }
        products.add(dtype);
        Packing.Use use = packing.uses().get(index);
        if (multiply.output().layout().shape().rank() == 3) {
            return stack(multiply, dtype);
        }
        Matrices matrices = new Matrices(multiply.left(), multiply.right(), multiply.output());
        Packing.Factor kept = packing.keeps().get(index);
        if (kept != null) {
            return List.of(new Piece(
                    matrices.slots(), dtype, kept.pack(), 17, part -> matrices.multiplyKept(part, kept.pack())));
        }
        if (use == null) {
            return List.of(new Piece(matrices.slots(), dtype, -1, 16, part -> matrices.multiply(part)));
        }
        scratchTypes.set(use.pack(), dtype);
        scratchSizes.set(
                use.pack(), Contraction.instance().packedLength(Part.elementType(dtype), matrices.k(), matrices.n()));
        return List.of(new Piece(matrices.slots(), dtype, use.pack(), use.isFirst() ? 24 : 15, part -> {
            if (use.isFirst()) {
                matrices.pack(part, use.pack());
            }
            matrices.multiplyPacked(part, use.pack());
        }));
    }

    private static List<Piece> stack(Multiply multiply, DType dtype) {
        Layout left = multiply.left().layout();
        Layout right = multiply.right().layout();
        Layout output = multiply.output().layout();
        int count = output.shape().size(0);
        if (right.stride(0) == 0
                && left.stride(0) == left.stride(1) * left.shape().size(1)) {
            // one factor for all: the rows of all matrices are the rows of one
            int m = output.shape().size(1);
            Matrices matrices = new Matrices(
                    new Place(multiply.left().slot(), flat(left, count * m)),
                    new Place(multiply.right().slot(), right.select(0, 0)),
                    new Place(multiply.output().slot(), flat(output, count * m)));
            return List.of(new Piece(matrices.slots(), dtype, -1, 16, part -> matrices.multiply(part)));
        }
        Matrices first = new Matrices(
                new Place(multiply.left().slot(), left.select(0, 0)),
                new Place(multiply.right().slot(), right.select(0, 0)),
                new Place(multiply.output().slot(), output.select(0, 0)));
        int size = first.m() * first.n();
        return List.of(new Piece(
                first.slots(),
                dtype,
                -1,
                24,
                part -> first.multiplyStack(part, count, left.stride(0), right.stride(0), size)));
    }

    private static Layout flat(Layout stack, int rows) {
        return Layout.of(
                Shape.of(rows, stack.shape().size(2)), new int[] {stack.stride(1), stack.stride(2)}, stack.offset());
    }
}
