// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.form;

import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;

/** How records of one class are taken apart and put together. */
final class Anatomy {
    private static final ClassValue<Anatomy> ALL = new ClassValue<>() {
        @Override
        protected Anatomy computeValue(Class<?> type) {
            return new Anatomy(type);
        }
    };

    private final Method[] accessors;
    private final Constructor<?> constructor;

    private Anatomy(Class<?> type) {
        RecordComponent[] components = type.getRecordComponents();
        accessors = new Method[components.length];
        Class<?>[] types = new Class<?>[components.length];
        for (int i = 0; i < components.length; i++) {
            accessors[i] = components[i].getAccessor();
            types[i] = components[i].getType();
            open(accessors[i]);
        }
        try {
            constructor = type.getDeclaredConstructor(types);
        } catch (NoSuchMethodException e) {
            throw new IllegalStateException(e);
        }
        open(constructor);
    }

    private static void open(AccessibleObject member) {
        // records of this module need not be public
        if (!member.trySetAccessible()) {
            throw new IllegalStateException("no access to " + member);
        }
    }

    static Anatomy of(Class<?> type) {
        return ALL.get(type);
    }

    int size() {
        return accessors.length;
    }

    Object component(Record value, int index) {
        try {
            return accessors[index].invoke(value);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException(e);
        }
    }

    Object make(Object[] values) {
        try {
            return constructor.newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }
}
