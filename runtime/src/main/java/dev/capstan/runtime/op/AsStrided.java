// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The elements of a tensor at given places: what a view shows of its base after a write to the base, or to another of its
 * views, has replaced how the base was computed.
 *
 * @param place where the elements lie in a contiguous operand; no two indices have the same position, other than by steps
 *     of 0
 */
public record AsStrided(Layout place) implements View {
    /** The elements at given places. */
    public static <T> T asStrided(Ops<T> ops, T operand, Layout place) {
        return ops.apply(new AsStrided(place), operand);
    }

    @Override
    public TensorType infer(List<TensorType> operands) {
        verifyInside(name(), place, operands.get(0));
        return View.super.infer(operands);
    }

    /** Refuses a place that reaches out of a tensor. */
    static void verifyInside(String operator, Layout place, TensorType whole) {
        if (place.offset() < 0 || place.extent() > whole.shape().elements()) {
            throw new CapstanException(operator, "the place lies outside of the tensor", place + " in " + whole);
        }
    }

    @Override
    public Optional<Layout> view(Layout operand) {
        return operand.isContiguous() ? Optional.of(place.at(operand.offset() + place.offset())) : Optional.empty();
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        // an element that is shown several times receives the sum
        List<Integer> repeated = new ArrayList<>();
        Layout once = place;
        for (int i = place.shape().rank() - 1; i >= 0; i--) {
            if (place.stride(i) == 0 && place.shape().size(i) != 1) {
                repeated.add(0, i);
                once = once.select(i, 0);
            }
        }
        T gradient = repeated.isEmpty() ? at.gradient() : Sum.sum(ops, at.gradient(), repeated, false);
        TensorType whole = at.operandType(0);
        T zeros = Overwrite.zeros(ops, new TensorType(whole.dtype(), whole.shape()));
        return Overwrite.overwrite(ops, zeros, gradient, once);
    }
}
