// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Functions;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.type.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Well-typed kernels and operands for them, by chance but reproducible: equal seeds give equal sequences. */
public final class RandomKernels {
    private static final double[] SPECIAL = {
        0.0,
        -0.0,
        1,
        -1,
        0.5,
        Double.NaN,
        Double.POSITIVE_INFINITY,
        Double.NEGATIVE_INFINITY,
        1e-45,
        -1e-310,
        3e38,
        1e300,
        2147483647,
        -2147483648.0,
        9.3e18,
        -9.3e18,
        300,
        -200
    };

    private final Random random;

    public RandomKernels(long seed) {
        random = new Random(seed);
    }

    public Random random() {
        return random;
    }

    /** A kernel of some of these types, with one to three outputs. */
    public Kernel kernel(List<DType> types) {
        int inputCount = 1 + random.nextInt(4);
        List<DType> inputs = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        for (int i = 0; i < inputCount; i++) {
            inputs.add(pick(types));
            values.add(Expr.input(i, inputs.get(i)));
        }
        for (int i = random.nextInt(3); i >= 0; i--) {
            values.add(constant(pick(types)));
        }
        int operations = 1 + random.nextInt(12);
        while (operations > 0) {
            Expr value = operation(values, types);
            if (value != null) {
                values.add(value);
                operations--;
            }
        }
        List<Expr> outputs = new ArrayList<>();
        for (int i = random.nextInt(3); i >= 0; i--) {
            int last = Math.max(0, values.size() - 4);
            Expr output =
                    random.nextInt(8) == 0 ? pick(values) : values.get(last + random.nextInt(values.size() - last));
            outputs.add(types.contains(output.type()) ? output : output.cast(pick(types)));
        }
        return Kernel.of(inputs, outputs);
    }

    private Expr constant(DType type) {
        return type.isFloating() ? Expr.constant(type, number()) : Expr.integer(type, integer(type));
    }

    private static long integer(DType type, long value) {
        return switch (type) {
            case BOOL -> value & 1;
            case UINT8 -> value & 0xff;
            case INT32 -> (int) value;
            default -> value;
        };
    }

    private long integer(DType type) {
        return integer(type, random.nextBoolean() ? random.nextInt(7) - 3 : random.nextLong());
    }

    private double number() {
        return random.nextInt(4) == 0 ? SPECIAL[random.nextInt(SPECIAL.length)] : random.nextGaussian() * 3;
    }

    private <E> E pick(List<E> from) {
        return from.get(random.nextInt(from.size()));
    }

    private Expr of(List<Expr> values, DType type) {
        List<Expr> fitting =
                values.stream().filter(value -> value.type() == type).toList();
        return fitting.isEmpty() ? constant(type) : pick(fitting);
    }

    private Expr operation(List<Expr> values, List<DType> types) {
        Expr a = pick(values);
        DType type = a.type();
        Expr b = of(values, type);
        return switch (random.nextInt(12)) {
            case 0, 1, 2 ->
                type == DType.BOOL ? null : a.add(b).mul(of(values, type)).sub(b);
            case 3 ->
                type.isFloating()
                        ? random.nextBoolean() ? a.div(b) : a.fma(b, of(values, type))
                        : Expr.apply(pick(List.of(Primitive.AND, Primitive.OR, Primitive.XOR)), a, b);
            case 4 -> Expr.apply(random.nextBoolean() ? Primitive.MIN : Primitive.MAX, a, b);
            case 5 -> type == DType.BOOL ? null : random.nextBoolean() ? a.neg() : Expr.apply(Primitive.ABS, a);
            case 6 -> type.isFloating() ? function(a) : shift(a);
            case 7, 8 -> comparison(a, b);
            case 9 -> Expr.apply(Primitive.SELECT, of(values, DType.BOOL), a, b);
            case 10 -> a.cast(random.nextInt(4) == 0 ? DType.BOOL : pick(types));
            // the bits of a computed NaN are nobody's business
            default ->
                type.isFloating() && a.primitive() != Primitive.INPUT || type.bytes() < Integer.BYTES
                        ? null
                        : a.reinterpret();
        };
    }

    private Expr comparison(Expr a, Expr b) {
        Primitive[] all = {Primitive.EQ, Primitive.NE, Primitive.LT, Primitive.LE, Primitive.GT, Primitive.GE};
        return Expr.apply(all[random.nextInt(all.length)], a, b);
    }

    private Expr shift(Expr a) {
        if (a.type() != DType.INT32 && a.type() != DType.INT64) {
            return null;
        }
        Expr distance = Expr.integer(a.type(), random.nextInt(a.type().bytes() * 8));
        return Expr.apply(random.nextBoolean() ? Primitive.SHIFT_LEFT : Primitive.SHIFT_RIGHT, a, distance);
    }

    private Expr function(Expr a) {
        return switch (random.nextInt(6)) {
            case 0 -> Functions.exp(a);
            case 1 -> Functions.tanh(a);
            case 2 -> Functions.sigmoid(a);
            case 3 -> Functions.log(a);
            default -> Expr.apply(Primitive.SQRT, a);
        };
    }

    /** A Java array of a type with some special values in it. */
    public Object array(DType type, int elements) {
        Object array = Storage.newArray(type, elements);
        for (int i = 0; i < elements; i++) {
            switch (type) {
                case FLOAT32 -> ((float[]) array)[i] = (float) number();
                case FLOAT64 -> ((double[]) array)[i] = number();
                case INT64 -> ((long[]) array)[i] = integer(type);
                case INT32 -> ((int[]) array)[i] = (int) integer(type);
                case UINT8, BOOL -> ((byte[]) array)[i] = (byte) integer(type);
            }
        }
        return array;
    }
}
