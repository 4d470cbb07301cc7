// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Modules one after another; their names are {@code 0}, {@code 1}, ... */
public final class Sequential extends Module<Tensor, Tensor> {
    private final List<Module<Tensor, Tensor>> modules;

    /** The modules in order. */
    @SafeVarargs
    @SuppressWarnings("varargs") // the array is only copied
    public Sequential(Module<Tensor, Tensor>... modules) {
        this.modules = List.of(modules);
    }

    @Override
    public Map<String, Module<?, ?>> namedChildren() {
        Map<String, Module<?, ?>> children = new LinkedHashMap<>();
        for (int i = 0; i < modules.size(); i++) {
            children.put(Integer.toString(i), modules.get(i));
        }
        return children;
    }

    @Override
    protected Tensor forward(Tensor input) {
        Tensor value = input;
        for (Module<Tensor, Tensor> module : modules) {
            value = module.apply(value);
        }
        return value;
    }
}
