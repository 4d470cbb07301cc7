// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.kernel.ReductionKernel;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;
import java.util.function.IntPredicate;

/** A reduction that picks the smallest or the largest element, NaN if there is one. */
interface Extremum extends Reduction {
    /** {@link Primitive#MIN} or {@link Primitive#MAX}. */
    Primitive choice();

    /** Refuses to choose among no elements. */
    static void verifyChoice(String operator, Reduction reduction, TensorType operand) {
        Shape domain = operand.shape();
        boolean[] reduced = reduction.reduced(domain);
        boolean all = reduction.dimensions().isEmpty();
        for (int i = 0; i < reduced.length; i++) {
            if (reduced[i] && (domain.size(i) == 0 || all && domain.elements() == 0)) {
                throw new CapstanException(operator, "there is no element to choose", operand.toString());
            }
        }
    }

    @Override
    default TensorType infer(List<TensorType> operands) {
        verifyChoice(name(), this, operands.get(0));
        return Reduction.super.infer(operands);
    }

    @Override
    default DType resultType(List<TensorType> operands) {
        return operands.get(0).dtype();
    }

    @Override
    default ReductionKernel kernel(List<TensorType> operands, int count) {
        DType type = operands.get(0).dtype();
        Kernel itself = Kernel.of(List.of(type), List.of(Expr.input(0, type)));
        return new ReductionKernel(itself, choice(), ReductionKernel.identity(choice(), type), itself);
    }

    @Override
    default boolean savesOperand(int operand, IntPredicate needed) {
        return true;
    }

    @Override
    default boolean savesOutput() {
        return true;
    }

    /** Elements that were chosen share the gradient equally; where NaN was, there is no telling, and all get NaN. */
    @Override
    default <T> T gradient(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        Shape domain = at.operandType(0).shape();
        T chosen = Eq.eq(ops, at.operand(0), Sum.spread(ops, at.output(), kept(domain), domain));
        return share(at, chosen);
    }

    /** The gradient, divided equally among the elements that are marked. */
    default <T> T share(Differentiation<T> at, T chosen) {
        Ops<T> ops = at.ops();
        TensorType type = at.operandType(0);
        Shape domain = type.shape();
        T count = Cast.cast(ops, Sum.sum(ops, chosen, dimensions(), true), type.dtype());
        T marked = Where.where(ops, chosen, Sum.spread(ops, at.gradient(), kept(domain), domain), ops.number(0));
        return Div.div(ops, marked, Sum.spread(ops, count, kept(domain), domain));
    }
}
