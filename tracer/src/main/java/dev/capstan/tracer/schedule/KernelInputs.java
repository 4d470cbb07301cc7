// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Instruction;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.type.DType;
import dev.capstan.tracer.rewrite.ScalarAlgebra;
import dev.capstan.tracer.schedule.Schedule.Place;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a fused kernel reads; the same place is read once. */
final class KernelInputs {
    private final Map<Place, Expr> reads = new LinkedHashMap<>();
    private final List<Place> all = new ArrayList<>();
    private final List<Integer> used = new ArrayList<>();

    /** The element of a place as an operand of expressions. */
    Expr read(Place place, DType type) {
        Expr known = reads.get(place);
        if (known == null) {
            known = Expr.input(reads.size(), type);
            reads.put(place, known);
            all.add(place);
        }
        return known;
    }

    /** The kernel of simplified expressions; {@link #used()} are then its inputs. */
    Kernel kernel(List<Expr> results) {
        ScalarAlgebra algebra = new ScalarAlgebra();
        List<DType> types = reads.values().stream().map(Expr::type).toList();
        Kernel kernel = Kernel.of(types, results.stream().map(algebra::simplify).toList());
        List<Expr> renumbered = new ArrayList<>(Collections.nCopies(types.size(), null));
        List<DType> usedTypes = new ArrayList<>();
        used.clear();
        for (Instruction step : kernel.instructions()) {
            if (step.primitive() == Primitive.INPUT) {
                renumbered.set(step.a(), Expr.input(usedTypes.size(), step.type()));
                usedTypes.add(step.type());
                used.add(step.a());
            }
        }
        return Kernel.of(usedTypes, kernel.substitute(renumbered));
    }

    /** The inputs of the kernel, by the order in which they were first read. */
    List<Integer> used() {
        return List.copyOf(used);
    }

    /** Where inputs lie. */
    List<Place> places(List<Integer> inputs) {
        return inputs.stream().map(all::get).toList();
    }
}
