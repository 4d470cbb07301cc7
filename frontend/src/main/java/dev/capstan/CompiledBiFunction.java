// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import java.util.function.BiFunction;

/** A function of two inputs that is a compiled region of its own; see {@link Compiled#function(BiFunction)}. */
public final class CompiledBiFunction<A, B, O> implements BiFunction<A, B, O> {
    private final Compiled compiled;
    private final BiFunction<A, B, O> body;

    CompiledBiFunction(Compiled compiled, BiFunction<A, B, O> body) {
        this.compiled = compiled;
        this.body = body;
    }

    @Override
    public O apply(A first, B second) {
        return compiled.call(() -> body.apply(first, second));
    }

    /** The region, for its paths and programs. */
    public Compiled compiled() {
        return compiled;
    }
}
