// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.Compile;
import dev.capstan.Compiled;
import dev.capstan.GradMode;
import dev.capstan.Tensor;
import dev.capstan.runtime.spi.RegionPolicy;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A part of a model: its parameters and other modules in fields, its computation in {@link #forward}. Parameters and
 * children are found in the fields in declaration order, those of a superclass first; the keys of {@link #stateDict()} are
 * PyTorch's for the same module.
 *
 * @param <I> what it takes: a tensor, or a record of tensors
 * @param <O> what it gives: a tensor, or a record or list of tensors
 */
public abstract class Module<I, O> {
    private static final ClassValue<Region> REGIONS = new ClassValue<>() {
        @Override
        protected Region computeValue(Class<?> type) {
            Compile compile = type.getAnnotation(Compile.class);
            String name = type.getSimpleName().isEmpty() ? "Module" : type.getSimpleName();
            if (compile == null) {
                return new Region(null);
            }
            RegionPolicy policy =
                    new RegionPolicy(compile.threshold(), compile.paths(), compile.memory(), compile.exact());
            return new Region(Compiled.region(name, policy));
        }
    };

    /** That of its class, which every call would have to look up. */
    private final Region region = REGIONS.get(getClass());

    private boolean training = true;

    /** For subclasses. */
    protected Module() {}

    private record Region(@Nullable Compiled compiled) {}

    /** The computation, as ordinary Java. Users call {@link #apply}. */
    protected abstract O forward(I input);

    /** Runs the module; if its class is marked {@link Compile}, as a compiled region. */
    public final O apply(I input) {
        Compiled compiled = region.compiled();
        return compiled == null ? forward(input) : compiled.call(() -> forward(input));
    }

    /** The compiled region of this module's class; null if the class is not marked {@link Compile}. */
    public final @Nullable Compiled compiled() {
        return region.compiled();
    }

    /** True in training, as at first: {@link Dropout} and others then compute something else than in evaluation. */
    public final boolean isTraining() {
        return training;
    }

    /**
     * Puts this module and all modules in it into training or evaluation. Inside of a compiled region the two take different
     * paths.
     */
    public final void train(boolean on) {
        training = on;
        namedChildren().values().forEach(child -> child.train(on));
    }

    /** Puts this module and all modules in it into training. */
    public final void train() {
        train(true);
    }

    /** Puts this module and all modules in it into evaluation. */
    public final void eval() {
        train(false);
    }

    /** The modules directly in this one, by name, in order. */
    public Map<String, Module<?, ?>> namedChildren() {
        Map<String, Module<?, ?>> children = new LinkedHashMap<>();
        fields().forEach((name, value) -> {
            if (value instanceof Module<?, ?> module) {
                children.put(name, module);
            } else if (value instanceof List<?> list) {
                for (int i = 0; i < list.size(); i++) {
                    if (list.get(i) instanceof Module<?, ?> module) {
                        children.put(name + "." + i, module);
                    }
                }
            }
        });
        return children;
    }

    /** The parameters of this module itself, by name, in order. */
    protected Map<String, Parameter> ownParameters() {
        Map<String, Parameter> own = new LinkedHashMap<>();
        fields().forEach((name, value) -> {
            if (value instanceof Parameter parameter) {
                own.put(name, parameter);
            }
        });
        return own;
    }

    /** All parameters, by their full names such as {@code rnn.weight_ih_l0}; a shared one appears under its first name. */
    public final Map<String, Parameter> namedParameters() {
        Map<String, Parameter> all = new LinkedHashMap<>();
        collect("", all);
        return all;
    }

    private void collect(String prefix, Map<String, Parameter> all) {
        ownParameters().forEach((name, parameter) -> {
            if (all.values().stream().noneMatch(known -> known == parameter)) {
                all.put(prefix + name, parameter);
            }
        });
        namedChildren().forEach((name, child) -> child.collect(prefix + name + ".", all));
    }

    /** All parameters, in order. */
    public final List<Parameter> parameters() {
        return List.copyOf(namedParameters().values());
    }

    /** Forgets all gradients. */
    public final void zeroGrad() {
        zeroGrad(true);
    }

    /** Forgets all gradients, or fills them with zeros. */
    public final void zeroGrad(boolean setToNone) {
        parameters().forEach(parameter -> {
            if (setToNone) {
                parameter.setGrad(null);
            } else if (parameter.grad() != null) {
                parameter.setGrad(parameter.grad().detach());
                parameter.grad().zero_();
            }
        });
    }

    /** Converts all parameters to an element type, in place; their gradients are forgotten. */
    public final void to(DType dtype) {
        parameters().forEach(parameter -> parameter.setData(parameter.detach().to(dtype)));
    }

    /** The parameters by name, sharing storage with the module. */
    public final Map<String, Tensor> stateDict() {
        Map<String, Tensor> state = new LinkedHashMap<>();
        namedParameters().forEach((name, parameter) -> state.put(name, parameter.detach()));
        return state;
    }

    /**
     * Copies values into the parameters, converted to their element types.
     *
     * @throws CapstanException if names or shapes differ; then nothing is changed
     */
    public final void loadStateDict(Map<String, Tensor> state) {
        Map<String, Parameter> parameters = namedParameters();
        verify(parameters, state);
        try (GradMode.Scope off = GradMode.noGrad()) {
            parameters.forEach((name, parameter) ->
                    parameter.copy_(state.get(name).detach().to(parameter.dtype())));
        }
    }

    private static void verify(Map<String, Parameter> parameters, Map<String, Tensor> state) {
        TreeSet<String> missing = new TreeSet<>(parameters.keySet());
        missing.removeAll(state.keySet());
        TreeSet<String> unexpected = new TreeSet<>(state.keySet());
        unexpected.removeAll(parameters.keySet());
        if (!missing.isEmpty() || !unexpected.isEmpty()) {
            throw new CapstanException(
                    "loadStateDict", "names differ", "missing " + missing + ", unexpected " + unexpected);
        }
        parameters.forEach((name, parameter) -> {
            if (!parameter.shape().equals(state.get(name).shape())) {
                throw new CapstanException(
                        "loadStateDict",
                        "shapes differ",
                        name + " is " + parameter.shape() + ", given "
                                + state.get(name).shape());
            }
        });
    }

    /** The instance fields with their values, superclasses first. */
    private Map<String, Object> fields() {
        Deque<Class<?>> classes = new ArrayDeque<>();
        for (Class<?> type = getClass(); type != Module.class; type = type.getSuperclass()) {
            classes.push(type);
        }
        Map<String, Object> values = new LinkedHashMap<>();
        for (Class<?> type : classes) {
            for (Field field : type.getDeclaredFields()) {
                if (!Modifier.isStatic(field.getModifiers()) && !field.getType().isPrimitive()) {
                    values.put(name(field), read(field));
                }
            }
        }
        return values;
    }

    /** {@code weightIhL0} in Java is {@code weight_ih_l0} in a state dictionary only where a module says so. */
    private static String name(Field field) {
        Key key = field.getAnnotation(Key.class);
        return key == null ? field.getName() : key.value();
    }

    private Object read(Field field) {
        try {
            field.setAccessible(true);
            return field.get(this);
        } catch (IllegalAccessException | RuntimeException e) {
            throw new CapstanException(
                    "module",
                    "a field cannot be read; open the package to dev.capstan.frontend",
                    getClass().getName() + "." + field.getName(),
                    e);
        }
    }
}
