// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.TensorType;
import java.util.List;

/**
 * A copy of the first operand with the second, converted to its type, laid over it at given places: what a write to a view
 * makes of the view's base. The gradient of the first is 0 where the second lies.
 *
 * @param place where the second operand's elements lie in a contiguous first one, no two at the same position
 */
public record Overwrite(Layout place) implements Assembly {
    /** A copy of the whole with a part laid over it. */
    public static <T> T overwrite(Ops<T> ops, T whole, T part, Layout place) {
        return ops.apply(new Overwrite(place), whole, part);
    }

    /** Zeros of a type, without memory for them. */
    static <T> T zeros(Ops<T> ops, TensorType type) {
        return Expand.expand(ops, Cast.cast(ops, ops.number(0), type.dtype()), type.shape());
    }

    @Override
    public String gradientName() {
        return "CopySlices";
    }

    @Override
    public TensorType infer(List<TensorType> operands) {
        TensorType whole = operands.get(0);
        AsStrided.verifyInside(name(), place, whole);
        if (!operands.get(1).shape().equals(place.shape())) {
            throw new CapstanException(
                    name(), "the part has another shape than its place", operands.get(1) + " for " + place);
        }
        return new TensorType(whole.dtype(), whole.shape());
    }

    @Override
    public Layout place(int operand, List<TensorType> operands, Layout result) {
        return operand == 0 ? result : place.at(result.offset() + place.offset());
    }

    @Override
    public boolean covers() {
        return true;
    }

    @Override
    public boolean isLayered() {
        return true;
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        if (operand == 0) {
            TensorType hidden = new TensorType(at.outputType().dtype(), place.shape());
            return overwrite(ops, at.gradient(), zeros(ops, hidden), place);
        }
        T part = AsStrided.asStrided(ops, at.gradient(), place);
        return Cast.cast(ops, part, at.operandType(1).dtype());
    }
}
