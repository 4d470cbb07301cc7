// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.form;

import dev.capstan.runtime.kernel.Instruction;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Takes values apart. Kernels, which are large and mostly the same, are taken apart once. */
final class Moulds {
    private final Map<Kernel, Known> kernels = new HashMap<>();

    private record Known(Mould mould, long[] numbers) {}

    /** The mould of a value, whose numbers are added. */
    Mould of(Object value, Numbers numbers) {
        if (value instanceof Integer number) {
            numbers.add(number);
            return Mould.Whole.INT;
        }
        if (value instanceof Long number) {
            numbers.add(number);
            return Mould.Whole.LONG;
        }
        if (value instanceof Shape shape) {
            return Mould.Sizes.of(shape, numbers);
        }
        if (value instanceof Layout layout) {
            return Mould.Positions.of(layout, numbers);
        }
        if (value instanceof Instruction instruction && isFloating(instruction)) {
            return Mould.FloatingConstant.of(instruction, numbers);
        }
        if (value instanceof Kernel kernel) {
            return kernel(kernel, numbers);
        }
        if (value instanceof List<?> list) {
            return list.size() >= Mould.Progressions.SHORTEST && list.get(0) instanceof Integer
                    ? Mould.Progressions.of(list, numbers)
                    : new Mould.Items(
                            list.stream().map(item -> of(item, numbers)).toList());
        }
        return value instanceof Record structure ? structure(structure, numbers) : new Mould.Fixed(value);
    }

    private static boolean isFloating(Instruction instruction) {
        return instruction.primitive() == Primitive.CONSTANT
                && instruction.type().isFloating();
    }

    private Mould structure(Record value, Numbers numbers) {
        Anatomy anatomy = Anatomy.of(value.getClass());
        List<Mould> parts = new ArrayList<>(anatomy.size());
        for (int i = 0; i < anatomy.size(); i++) {
            parts.add(of(anatomy.component(value, i), numbers));
        }
        return new Mould.Structure(value.getClass(), List.copyOf(parts));
    }

    private Mould kernel(Kernel kernel, Numbers numbers) {
        Known known = kernels.computeIfAbsent(kernel, unseen -> {
            Numbers own = new Numbers();
            Mould mould = structure(unseen, own);
            return new Known(mould, own.values());
        });
        for (long number : known.numbers) {
            numbers.add(number);
        }
        return known.mould;
    }
}
