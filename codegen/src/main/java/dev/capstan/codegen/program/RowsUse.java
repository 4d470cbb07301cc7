// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.codegen.fusion.FusedKernel;
import dev.capstan.codegen.fusion.FusedKernels;
import dev.capstan.codegen.fusion.LoopPattern;
import dev.capstan.codegen.fusion.ReductionPattern;
import dev.capstan.codegen.fusion.ReductionPattern.Direction;
import dev.capstan.codegen.tree.BlockBuilder;
import dev.capstan.codegen.tree.Callee;
import dev.capstan.codegen.tree.Expression;
import dev.capstan.codegen.tree.Expression.Local;
import dev.capstan.codegen.tree.Primitive;
import dev.capstan.codegen.tree.ReferenceType;
import dev.capstan.runtime.spi.Access;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.tracer.schedule.Schedule.Fused;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Reduce;
import dev.capstan.tracer.schedule.Schedule.Rows;
import dev.capstan.tracer.schedule.Schedule.Slot;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How what keeps to rows is computed by generated kernels: each of them for a band of rows, which is as many as stay in
 * the nearest caches, then all of them for the next band. What only they hand on lies in scratch memory for one band.
 *
 * @param calls the kernels' calls for a band, in order
 * @param operands what the step reads, then what it writes
 * @param sizes of the dimensions of rows, outermost first
 * @param band so many rows of the last of them at a time
 * @param scratch for each element type the elements of scratch memory
 * @param division of the dimensions of rows
 */
record RowsUse(
        List<Call> calls,
        List<Place> operands,
        List<Integer> sizes,
        int band,
        Map<DType, Integer> scratch,
        Optional<Division> division)
        implements StepUse {
    /** Of all that is read and written in a band: a small part of a second-level cache, and much work for one call. */
    private static final int BAND_BYTES = 1 << 16;

    private static final Expression NOTHING = Expression.constant(0);

    /** Values in scratch memory begin at multiples of so many elements, which are cache lines. */
    private static final int ALIGNMENT = 16;

    /**
     * The call of a kernel.
     *
     * @param columns elements of a row; 0 if there is one number for each row, and the rows of the band are the columns
     */
    record Call(FusedKernel kernel, List<Access> accesses, List<Argument> arguments, int columns) {
        boolean isNarrow() {
            return columns == 0;
        }

        int rowStep(int argument) {
            return isNarrow() ? 0 : arguments.get(argument).rowStep();
        }

        int columnStep(int argument) {
            Argument of = arguments.get(argument);
            return isNarrow() ? of.rowStep() : of.columnStep();
        }
    }

    /**
     * Where a kernel finds an array's elements.
     *
     * @param operand which operand of the step it is, or {@link #SCRATCH}
     * @param type its element type
     * @param begin the position in scratch memory
     * @param steps along each dimension of rows
     * @param columnStep the step along a row
     */
    record Argument(int operand, DType type, int begin, List<Integer> steps, int columnStep) {
        private static final int SCRATCH = -1;

        boolean isScratch() {
            return operand == SCRATCH;
        }

        int rowStep() {
            return steps.get(steps.size() - 1);
        }
    }

    /** The use for a step; empty if there is no generated code for one of its kernels. */
    static Optional<RowsUse> of(Rows rows) {
        List<Slot> slots = rows.body().slots();
        int[] widths = new int[slots.size()];
        Arrays.fill(widths, 1);
        for (Step kernel : rows.body().steps()) {
            for (Place place : kernel.places()) {
                Layout layout = place.layout();
                int last = layout.shape().rank() - 1;
                boolean wide = last == rows.rank() && layout.stride(last) != 0;
                widths[place.slot()] =
                        Math.max(widths[place.slot()], wide ? layout.shape().size(last) : 1);
            }
        }
        Shape shape = ((Fused) rows.body().steps().get(0)).space();
        List<Integer> sizes = new ArrayList<>();
        for (int i = 0; i < rows.rank(); i++) {
            sizes.add(shape.size(i));
        }
        int band = band(sizes.get(sizes.size() - 1), widths, slots);
        List<Place> operands = new ArrayList<>(rows.inputs());
        operands.addAll(rows.outputs());
        Map<DType, Integer> scratch = new EnumMap<>(DType.class);
        int[] begins = new int[slots.size()];
        for (int slot = operands.size(); slot < begins.length; slot++) {
            DType type = slots.get(slot).dtype();
            begins[slot] = scratch.getOrDefault(type, 0);
            int elements = (widths[slot] * band + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
            scratch.put(type, begins[slot] + elements);
        }
        List<Call> calls = new ArrayList<>();
        List<Step> kernels = rows.body().steps();
        for (int i = 0; i < kernels.size(); i++) {
            Optional<JoinedReduction> joined =
                    i + 1 < kernels.size() ? JoinedReduction.of(kernels.get(i), kernels.get(i + 1)) : Optional.empty();
            int columns = ((Fused) kernels.get(i)).space().rank() > rows.rank()
                    ? ((Fused) kernels.get(i)).space().size(rows.rank())
                    : 0;
            Optional<Call> both = joined.filter(any -> columns > 0)
                    .flatMap(found -> call(found, columns, arguments(found.places(), rows, operands.size(), begins)));
            Optional<Call> call = both.isPresent()
                    ? both
                    : call(
                            kernels.get(i),
                            rows.rank(),
                            arguments(kernels.get(i).places(), rows, operands.size(), begins));
            if (call.isEmpty()) {
                return Optional.empty();
            }
            calls.add(call.get());
            i += both.isPresent() ? 1 : 0;
        }
        long operations = 0;
        for (Call call : calls) {
            operations += (long) call.kernel().operationsPerElement() * Math.max(1, call.columns());
        }
        for (int size : sizes) {
            operations *= size;
        }
        Optional<Division> division = Division.isWorthSharing(operations) ? division(sizes) : Optional.empty();
        return Optional.of(new RowsUse(calls, operands, sizes, band, scratch, division));
    }

    private static Optional<Division> division(List<Integer> sizes) {
        return Division.of(sizes, false, dimension -> true);
    }

    @Override
    public StepUse divided() {
        return new RowsUse(calls, operands, sizes, band, scratch, division(sizes));
    }

    /** Rows that are done at a time, so that all bands are about of one size. */
    private static int band(int rows, int[] widths, List<Slot> slots) {
        long rowBytes = 0;
        for (int slot = 0; slot < widths.length; slot++) {
            rowBytes += (long) widths[slot] * slots.get(slot).dtype().bytes();
        }
        int most = (int) Math.max(1, Math.min(rows, BAND_BYTES / rowBytes));
        int bands = (rows + most - 1) / most;
        return (rows + bands - 1) / bands;
    }

    private static List<Argument> arguments(List<Place> places, Rows rows, int operands, int[] begins) {
        return places.stream()
                .map(place -> argument(place, rows, operands, begins))
                .toList();
    }

    private static Argument argument(Place place, Rows rows, int operands, int[] begins) {
        Layout layout = place.layout();
        List<Integer> steps = new ArrayList<>();
        for (int i = 0; i < rows.rank(); i++) {
            steps.add(layout.stride(i));
        }
        boolean hasColumns =
                layout.shape().rank() > rows.rank() && layout.shape().size(rows.rank()) > 1;
        return new Argument(
                place.slot() < operands ? place.slot() : Argument.SCRATCH,
                rows.body().slots().get(place.slot()).dtype(),
                begins[place.slot()],
                steps,
                hasColumns ? layout.stride(rows.rank()) : 0);
    }

    private static Optional<Call> call(Step kernel, int rank, List<Argument> arguments) {
        Shape shape = ((Fused) kernel).space();
        boolean narrow = shape.rank() == rank;
        int columns = narrow ? 0 : shape.size(rank);
        List<Access> accesses = arguments.stream()
                .map(argument -> Access.of(narrow ? argument.rowStep() : argument.columnStep()))
                .toList();
        Optional<? extends FusedKernel> generated = kernel instanceof Loop loop
                ? FusedKernels.shared().loop(new LoopPattern(loop.kernel(), accesses))
                : FusedKernels.shared()
                        .reduction(new ReductionPattern(((Reduce) kernel).kernel(), Direction.ALONG_ROWS, accesses));
        return generated.map(fused -> new Call(fused, accesses, arguments, columns));
    }

    /** The call of one kernel for a loop and the reduction of what it writes. */
    private static Optional<Call> call(JoinedReduction joined, int columns, List<Argument> arguments) {
        List<Access> accesses = arguments.stream()
                .map(argument -> Access.of(argument.columnStep()))
                .toList();
        ReductionPattern pattern = new ReductionPattern(joined.kernel(), joined.kept(), Direction.ALONG_ROWS, accesses);
        return pattern.isKeepingWorthwhile()
                ? FusedKernels.shared().reduction(pattern).map(fused -> new Call(fused, accesses, arguments, columns))
                : Optional.empty();
    }

    @Override
    public List<FusedKernel> kernels() {
        return calls.stream().map(Call::kernel).toList();
    }

    /** Writes the loops over bands, and the calls in them. */
    void write(BlockBuilder block, List<Local> arrays, List<Expression> positions, Map<DType, Local> scratchArrays) {
        write(block, arrays, positions, scratchArrays, new ArrayList<>());
    }

    private void write(
            BlockBuilder block,
            List<Local> arrays,
            List<Expression> positions,
            Map<DType, Local> scratchArrays,
            List<Expression> indices) {
        int depth = indices.size();
        int size = sizes.get(depth);
        boolean last = depth == sizes.size() - 1;
        if (last && band == size) {
            calls(block, arrays, positions, scratchArrays, indices, Expression.constant(band));
            return;
        }
        Expression end = Expression.constant(size);
        block.count(block.fresh(last ? "row" : "index"), NOTHING, end, last ? band : 1, (body, index) -> {
            List<Expression> inner = new ArrayList<>(indices);
            inner.add(index);
            if (!last) {
                write(body, arrays, positions, scratchArrays, inner);
                return;
            }
            Expression count = size % band == 0
                    ? Expression.constant(band)
                    : body.declare(
                            body.fresh("count"),
                            Callee.ofStatic(
                                            ReferenceType.of("java.lang.Math"),
                                            "min",
                                            Primitive.INT,
                                            Primitive.INT,
                                            Primitive.INT)
                                    .call(Expression.constant(band), end.minus(index)));
            calls(body, arrays, positions, scratchArrays, inner, count);
        });
    }

    private void calls(
            BlockBuilder block,
            List<Local> arrays,
            List<Expression> positions,
            Map<DType, Local> scratchArrays,
            List<Expression> indices,
            Expression count) {
        for (Call call : calls) {
            List<Expression> values = new ArrayList<>();
            for (int i = 0; i < call.arguments().size(); i++) {
                Argument argument = call.arguments().get(i);
                values.add(argument.isScratch() ? scratchArrays.get(argument.type()) : arrays.get(argument.operand()));
                values.add(position(argument, positions, indices));
                values.add(Expression.constant(call.rowStep(i)));
                if (call.accesses().get(i) == Access.STRIDED) {
                    values.add(Expression.constant(call.columnStep(i)));
                }
            }
            values.add(call.isNarrow() ? Expression.constant(1) : count);
            values.add(call.isNarrow() ? count : Expression.constant(call.columns()));
            block.evaluate(call.kernel().callee().call(values));
        }
    }

    private static Expression position(Argument argument, List<Expression> positions, List<Expression> indices) {
        if (argument.isScratch()) {
            return Expression.constant(argument.begin());
        }
        Expression position = positions.get(argument.operand());
        for (int i = 0; i < indices.size(); i++) {
            int step = argument.steps().get(i);
            Expression moved = indices.get(i).times(step);
            position = step == 0 ? position : position.equals(NOTHING) ? moved : position.plus(moved);
        }
        return position;
    }

    @Override
    public void run(Object[] arrays, int[] offsets) {
        if (division.isEmpty()) {
            new RowsRun(this, arrays, offsets).all();
        } else {
            int dimension = division.get().dimension();
            division.get().forEach((from, to) -> new RowsRun(this, arrays, offsets).some(dimension, from, to));
        }
    }
}
