// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import java.util.function.Function;

/** A function that is a compiled region of its own; see {@link Compiled#function(Function)}. */
public final class CompiledFunction<I, O> implements Function<I, O> {
    private final Compiled compiled;
    private final Function<I, O> body;

    CompiledFunction(Compiled compiled, Function<I, O> body) {
        this.compiled = compiled;
        this.body = body;
    }

    @Override
    public O apply(I input) {
        return compiled.call(() -> body.apply(input));
    }

    /** The region, for its paths and programs. */
    public Compiled compiled() {
        return compiled;
    }
}
