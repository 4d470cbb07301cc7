// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.type.CapstanException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The tensors in what a module gives: a tensor, a record or list of such, or nothing; numbers and text may stand beside. */
final class Structure {
    private static final ClassValue<List<Method>> ACCESSORS = new ClassValue<>() {
        @Override
        protected List<Method> computeValue(Class<?> type) {
            return Arrays.stream(type.getRecordComponents())
                    .map(RecordComponent::getAccessor)
                    .peek(accessor -> accessor.setAccessible(true))
                    .toList();
        }
    };

    private Structure() {}

    /** All tensors, in order of components and elements. */
    static List<Tensor> tensors(@Nullable Object value) {
        if (value instanceof Tensor tensor) {
            return List.of(tensor);
        }
        List<Tensor> found = new ArrayList<>();
        collect(value, found);
        return found;
    }

    private static void collect(@Nullable Object value, List<Tensor> found) {
        if (value instanceof Tensor tensor) {
            found.add(tensor);
        } else if (value instanceof Record) {
            ACCESSORS.get(value.getClass()).forEach(accessor -> collect(component(value, accessor), found));
        } else if (value instanceof Iterable<?> elements) {
            elements.forEach(element -> collect(element, found));
        } else if (value instanceof Object[] elements) {
            Arrays.stream(elements).forEach(element -> collect(element, found));
        } else if (!(value == null
                || value instanceof Number
                || value instanceof Boolean
                || value instanceof CharSequence
                || value instanceof Enum<?>)) {
            throw new CapstanException(
                    "compile",
                    "a compiled region gives tensors, records, lists or arrays of them, and plain values",
                    value.getClass().getName());
        }
    }

    private static @Nullable Object component(Object value, Method accessor) {
        try {
            return accessor.invoke(value);
        } catch (ReflectiveOperationException e) {
            throw new CapstanException(
                    "compile",
                    "a component of a record cannot be read",
                    value.getClass().getName(),
                    e);
        }
    }
}
