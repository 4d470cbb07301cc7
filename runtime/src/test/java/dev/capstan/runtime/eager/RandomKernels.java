// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.type.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Well-typed kernels by chance. None looks at the bits of a floating value, because those of a NaN are not determined. */
final class RandomKernels {
    private static final DType[] TYPES = DType.values();

    private final Random random;

    RandomKernels(Random random) {
        this.random = random;
    }

    Kernel kernel(int mostInputs, int mostSteps, int mostOutputs) {
        List<DType> inputs = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        int inputCount = 1 + random.nextInt(mostInputs);
        // few types at a time, so that values of one type meet
        DType[] some = {type(), type()};
        for (int i = 0; i < inputCount; i++) {
            inputs.add(some[random.nextInt(2)]);
            values.add(Expr.input(i, inputs.get(i)));
        }
        int steps = random.nextInt(mostSteps + 1);
        for (int i = 0; i < steps; i++) {
            values.add(step(values));
        }
        List<Expr> outputs = new ArrayList<>();
        int outputCount = 1 + random.nextInt(mostOutputs);
        for (int i = 0; i < outputCount; i++) {
            int back =
                    random.nextInt(4) == 0 ? random.nextInt(values.size()) : random.nextInt(Math.min(3, values.size()));
            outputs.add(values.get(values.size() - 1 - back));
        }
        return Kernel.of(inputs, outputs);
    }

    private DType type() {
        return TYPES[random.nextInt(TYPES.length)];
    }

    private Expr step(List<Expr> values) {
        while (true) {
            Primitive primitive = Primitive.values()[random.nextInt(Primitive.values().length)];
            DType type = values.get(random.nextInt(values.size())).type();
            Expr a = pick(values, type);
            try {
                Expr result = switch (primitive) {
                    case INPUT -> throw new IllegalArgumentException();
                    case CONSTANT -> constant(type);
                    case CAST -> a.cast(type());
                    case REINTERPRET -> (type.isFloating() ? pick(values, DType.INT32) : a).reinterpret();
                    case SELECT -> Expr.apply(primitive, pick(values, DType.BOOL), a, pick(values, type));
                    case SHIFT_LEFT, SHIFT_RIGHT ->
                        Expr.apply(primitive, a, Expr.integer(type, random.nextInt(type.bytes() * 8)));
                    default ->
                        switch (primitive.arity()) {
                            case 1 -> Expr.apply(primitive, a);
                            case 2 -> Expr.apply(primitive, a, pick(values, type));
                            default -> Expr.apply(primitive, a, pick(values, type), pick(values, type));
                        };
                };
                Kernel.of(inputTypes(values), List.of(result));
                return result;
            } catch (IllegalArgumentException notDefined) {
                // another one
            }
        }
    }

    private static List<DType> inputTypes(List<Expr> values) {
        return values.stream()
                .filter(value -> value.primitive() == Primitive.INPUT)
                .map(Expr::type)
                .toList();
    }

    private Expr pick(List<Expr> values, DType type) {
        List<Expr> fitting =
                values.stream().filter(value -> value.type() == type).toList();
        return fitting.isEmpty() || random.nextInt(8) == 0
                ? constant(type)
                : fitting.get(random.nextInt(fitting.size()));
    }

    private Expr constant(DType type) {
        double[] numbers = {0, -0.0, 1, 2.5, -3, 255, Double.NaN, 1e30};
        double number = numbers[random.nextInt(type.isFloating() ? numbers.length : 6)];
        return Expr.constant(
                type, type == DType.BOOL ? random.nextInt(2) : type == DType.UINT8 ? Math.abs(number) : number);
    }
}
