// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Primitive;
import java.util.List;

/** The largest element, NaN if there is one. Equal ones share the gradient equally, those that are NaN too. */
public record Max() implements Extremum {
    private static final Max INSTANCE = new Max();

    /** The largest element. */
    public static <T> T max(Ops<T> ops, T operand) {
        return ops.apply(INSTANCE, operand);
    }

    @Override
    public List<Integer> dimensions() {
        return List.of();
    }

    @Override
    public boolean keepDimensions() {
        return false;
    }

    @Override
    public Primitive choice() {
        return Primitive.MAX;
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        T x = at.operand(0);
        T equal = Eq.eq(ops, x, at.output());
        // a sum of bools is or: there is a NaN only where NaN is the result
        return share(at, Add.add(ops, equal, Ne.ne(ops, x, x)));
    }
}
