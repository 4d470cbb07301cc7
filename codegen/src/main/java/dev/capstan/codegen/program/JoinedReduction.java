// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.ReductionKernel;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Reduce;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A loop and the reduction of what it writes, as one kernel that combines the values while it has them in registers, and
 * keeps them. The bits are the same: what is computed of each element is, and so is the order of combination.
 *
 * @param kernel the reduction with the loop's computation inside
 * @param kept the steps of its map that the loop writes
 * @param places what both read, where the result lies, then what the loop writes
 */
record JoinedReduction(ReductionKernel kernel, List<Integer> kept, List<Place> places) {
    /** The two as one; empty if the second is no reduction of what the first writes. */
    static Optional<JoinedReduction> of(Step first, Step second) {
        if (!(first instanceof Loop loop)
                || !(second instanceof Reduce reduce)
                || !loop.shape().equals(reduce.domain())) {
            return Optional.empty();
        }
        List<Place> read = new ArrayList<>(loop.inputs());
        List<Expr> operands = new ArrayList<>();
        for (int i = 0; i < read.size(); i++) {
            operands.add(Expr.input(i, loop.kernel().inputs().get(i)));
        }
        List<Expr> written = loop.kernel().substitute(operands);
        List<Expr> combined = new ArrayList<>();
        boolean reduces = false;
        for (int i = 0; i < reduce.inputs().size(); i++) {
            Place input = reduce.inputs().get(i);
            int output = loop.outputs().indexOf(input);
            reduces |= output >= 0;
            if (output < 0 && loop.outputs().stream().anyMatch(place -> place.slot() == input.slot())) {
                return Optional.empty();
            }
            if (output < 0) {
                operands.add(
                        Expr.input(read.size(), reduce.kernel().map().inputs().get(i)));
                read.add(input);
            }
            combined.add(output < 0 ? operands.get(operands.size() - 1) : written.get(output));
        }
        if (!reduces
                || read.stream()
                        .anyMatch(place -> place.slot() == reduce.output().slot())) {
            return Optional.empty();
        }
        List<Expr> results = new ArrayList<>(reduce.kernel().map().substitute(combined));
        results.addAll(written);
        Kernel both = Kernel.of(operands.stream().map(Expr::type).toList(), results);
        Kernel map =
                new Kernel(both.inputs(), both.instructions(), both.outputs().subList(0, 1));
        ReductionKernel separate = reduce.kernel();
        ReductionKernel kernel = new ReductionKernel(map, separate.combine(), separate.identity(), separate.finish());
        List<Place> places = new ArrayList<>(read);
        places.add(reduce.output());
        places.addAll(loop.outputs());
        return Optional.of(new JoinedReduction(
                kernel, both.outputs().subList(1, both.outputs().size()), places));
    }
}
