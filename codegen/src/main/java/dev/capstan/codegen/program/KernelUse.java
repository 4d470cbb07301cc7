// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.codegen.fusion.FusedKernel;
import dev.capstan.codegen.fusion.FusedKernels;
import dev.capstan.codegen.fusion.LoopPattern;
import dev.capstan.runtime.spi.Access;
import dev.capstan.runtime.spi.LoopKernel;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Reduce;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How a step of a schedule is computed by a generated kernel: for the rows and columns of a nest, within a loop for each
 * dimension outside of them.
 *
 * @param accesses what the kernel was made for
 * @param operands the inputs, then the outputs
 * @param division of the nest
 */
record KernelUse(
        FusedKernel kernel, List<Access> accesses, Nest nest, List<Place> operands, Optional<Division> division)
        implements StepUse {
    /** Elements, at least, of a call that is made for each index of the dimensions outside, when it is divided. */
    private static final int SMALLEST_CALL = 1 << 12;

    KernelUse(FusedKernel kernel, List<Access> accesses, Nest nest, List<Place> operands) {
        this(kernel, accesses, nest, operands, worthwhileDivision(kernel, nest));
    }

    private static Optional<Division> worthwhileDivision(FusedKernel kernel, Nest nest) {
        long elements = 1;
        for (int size : nest.sizes()) {
            elements *= size;
        }
        boolean large = Division.isWorthSharing(elements * kernel.operationsPerElement())
                && (nest.outer() == 0 || (long) nest.rows() * nest.columns() >= SMALLEST_CALL);
        return large ? division(kernel, nest) : Optional.empty();
    }

    private static Optional<Division> division(FusedKernel kernel, Nest nest) {
        int combined = nest.rank() - kernel.combined();
        return Division.of(nest.sizes(), true, dimension -> dimension != combined);
    }

    @Override
    public StepUse divided() {
        return new KernelUse(kernel, accesses, nest, operands, division(kernel, nest));
    }

    /** For a loop over at least one element; empty if there is no generated code for it. */
    static Optional<KernelUse> of(Loop loop) {
        List<Place> places = new ArrayList<>(loop.outputs());
        places.addAll(loop.inputs());
        // the nest is guided by the first output; the kernel's arrays begin with the inputs
        Nest guided = Nest.of(loop.shape(), places.stream().map(Place::layout).toList());
        int outputs = loop.outputs().size();
        List<List<Integer>> strides = new ArrayList<>(guided.strides().subList(outputs, places.size()));
        strides.addAll(guided.strides().subList(0, outputs));
        Nest nest = new Nest(guided.sizes(), strides);
        List<Place> operands = new ArrayList<>(loop.inputs());
        operands.addAll(loop.outputs());
        List<Access> accesses = nest.accesses();
        if (accesses.subList(loop.inputs().size(), operands.size()).contains(Access.ZERO)) {
            return Optional.empty();
        }
        return FusedKernels.shared()
                .loop(new LoopPattern(loop.kernel(), accesses))
                .map(kernel -> new KernelUse(kernel, accesses, nest, operands));
    }

    /** For a reduction to at least one result; empty if there is no generated code for it. */
    static Optional<KernelUse> of(Reduce reduce) {
        if (reduce.domain().elements() == 0) {
            return Optional.empty();
        }
        List<Place> operands = new ArrayList<>(reduce.inputs());
        operands.add(reduce.output());
        return ReductionPlan.of(reduce)
                .map(plan -> new KernelUse(
                        plan.reduction(), plan.reduction().pattern().accesses(), plan.nest(), operands));
    }

    @Override
    public List<FusedKernel> kernels() {
        return List.of(kernel);
    }

    @Override
    public void run(Object[] arrays, int[] offsets) {
        LoopKernel loop = kernel.kernel();
        Object[] operandArrays = new Object[operands.size()];
        int[] geometry = new int[3 * operandArrays.length];
        for (int i = 0; i < operandArrays.length; i++) {
            Place place = operands.get(i);
            operandArrays[i] = arrays[place.slot()];
            geometry[3 * i] = offsets[place.slot()] + place.layout().offset();
            geometry[3 * i + 1] = nest.rowStep(i);
            geometry[3 * i + 2] = nest.columnStep(i);
        }
        int[] sizes = nest.sizes().stream().mapToInt(Integer::intValue).toArray();
        if (division.isEmpty()) {
            run(loop, operandArrays, geometry, sizes, 0);
            return;
        }
        int dimension = division.get().dimension();
        division.get().forEach((from, to) -> {
            int[] part = sizes.clone();
            part[dimension] = to - from;
            int[] begin = geometry.clone();
            move(begin, dimension, from);
            run(loop, operandArrays, begin, part, 0);
        });
    }

    private void run(LoopKernel loop, Object[] arrays, int[] geometry, int[] sizes, int depth) {
        if (depth == nest.outer()) {
            int rows = sizes.length == 1 ? 1 : sizes[sizes.length - 2];
            loop.run(arrays, geometry, rows, sizes[sizes.length - 1]);
            return;
        }
        for (int index = 0; index < sizes[depth]; index++) {
            run(loop, arrays, geometry, sizes, depth + 1);
            move(geometry, depth, 1);
        }
        move(geometry, depth, -sizes[depth]);
    }

    private void move(int[] geometry, int dimension, int steps) {
        for (int i = 0; i < operands.size(); i++) {
            geometry[3 * i] += steps * nest.strides().get(i).get(dimension);
        }
    }
}
