// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.kernel;

import dev.capstan.runtime.type.DType;

/**
 * Many elements made one: each is mapped, the mapped values are combined, and the combined state is finished. In which
 * order they are combined is fixed; see {@code dev.capstan.runtime.eager}, "Order of reductions".
 *
 * @param map what is computed of each element of the operands; exactly one output, whose type is that of the state
 * @param combine {@link Primitive#ADD ADD}, {@link Primitive#MUL MUL}, {@link Primitive#MIN MIN}, {@link Primitive#MAX
 *     MAX}, {@link Primitive#AND AND} or {@link Primitive#OR OR}
 * @param identity the neutral element, {@link #identity(Primitive, DType)}; the state before the first element
 * @param finish the result as a function of the state; one input and one output
 */
public record ReductionKernel(Kernel map, Primitive combine, double identity, Kernel finish) {
    /** Checks that the parts fit one another. */
    public ReductionKernel {
        if (map.outputs().size() != 1) {
            throw new IllegalArgumentException(
                    "a reduction maps to one value, not " + map.outputs().size());
        }
        DType state = map.outputType(0);
        if (finish.outputs().size() != 1 || finish.inputs().size() != 1) {
            throw new IllegalArgumentException("a reduction finishes one value with one value");
        }
        if (finish.inputs().get(0) != state) {
            throw new IllegalArgumentException(
                    "a state of " + state + " finished as " + finish.inputs().get(0));
        }
        double neutral = identity(combine, state);
        if (Double.doubleToRawLongBits(identity) != Double.doubleToRawLongBits(neutral)) {
            throw new IllegalArgumentException(
                    "identity of " + combine + " on " + state + " is " + neutral + ", not " + identity);
        }
    }

    /**
     * The neutral element of an operation: +0.0 for a sum. That of MIN on int64 is 2^63, which a Java cast makes
     * {@code Long.MAX_VALUE}.
     *
     * @throws IllegalArgumentException if there is no reduction by this operation on this type
     */
    public static double identity(Primitive combine, DType type) {
        boolean known = switch (combine) {
            case ADD, MUL -> type != DType.BOOL;
            case MIN, MAX -> true;
            case AND, OR -> !type.isFloating();
            default -> false;
        };
        if (!known) {
            throw new IllegalArgumentException("no reduction by " + combine + " on " + type);
        }
        return switch (combine) {
            case ADD, OR -> 0;
            case MUL -> 1;
            case MIN -> greatest(type);
            case MAX -> least(type);
            default -> type == DType.BOOL ? 1 : type == DType.UINT8 ? 255 : -1;
        };
    }

    private static double greatest(DType type) {
        return switch (type) {
            case FLOAT32, FLOAT64 -> Double.POSITIVE_INFINITY;
            case INT64 -> (double) Long.MAX_VALUE;
            case INT32 -> Integer.MAX_VALUE;
            case UINT8 -> 255;
            case BOOL -> 1;
        };
    }

    private static double least(DType type) {
        return switch (type) {
            case FLOAT32, FLOAT64 -> Double.NEGATIVE_INFINITY;
            case INT64 -> (double) Long.MIN_VALUE;
            case INT32 -> Integer.MIN_VALUE;
            case UINT8, BOOL -> 0;
        };
    }

    /** The type of the values that are combined. */
    public DType state() {
        return map.outputType(0);
    }

    /** The type of the result. */
    public DType result() {
        return finish.outputType(0);
    }
}
