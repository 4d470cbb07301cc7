// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.TensorType;
import java.util.List;

/**
 * The language in which gradient rules and decompositions are written. On tensors it computes and records the tape, on
 * plain arrays it computes, on graph nodes it builds a graph.
 *
 * @param <T> what operators apply to
 */
public interface Ops<T> {
    /** The result of an operator. */
    T apply(Operator operator, List<T> operands);

    /** The same for one operand. */
    default T apply(Operator operator, T operand) {
        return apply(operator, List.of(operand));
    }

    /** The same for two operands. */
    default T apply(Operator operator, T first, T second) {
        return apply(operator, List.of(first, second));
    }

    /** The same for three operands. */
    default T apply(Operator operator, T first, T second, T third) {
        return apply(operator, List.of(first, second, third));
    }

    /** Element type and sizes of a value. */
    TensorType type(T value);

    /** The types of some values. */
    default List<TensorType> types(List<T> values) {
        TensorType[] types = new TensorType[values.size()];
        for (int i = 0; i < types.length; i++) {
            types[i] = type(values.get(i));
        }
        return List.of(types);
    }

    /** A Java number as an operand (see {@link TensorType#wrapped()}). */
    T number(double value);
}
