// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.TensorType;
import java.util.ArrayList;
import java.util.List;

/**
 * One result of an element-wise kernel, as the rule of an optimizer gives it. It has no gradient.
 *
 * @param kernel the computation; its inputs have the types of the operands
 * @param output which of its results
 */
public record Formula(Kernel kernel, int output) implements Elementwise {
    @Override
    public Expr compute(List<Expr> operands) {
        return kernel.substitute(operands).get(output);
    }

    @Override
    public DType computeType(List<TensorType> operands) {
        List<DType> given = operands.stream().map(TensorType::dtype).toList();
        if (!given.equals(kernel.inputs())) {
            throw new CapstanException(
                    name(), "the operands have other types than the kernel", given + " for " + kernel.inputs());
        }
        return kernel.outputType(output);
    }

    @Override
    public Kernel kernel(List<TensorType> operands) {
        computeType(operands);
        List<Expr> inputs = new ArrayList<>();
        for (int i = 0; i < operands.size(); i++) {
            inputs.add(Expr.input(i, operands.get(i).dtype()));
        }
        return Kernel.of(kernel.inputs(), List.of(compute(inputs)));
    }

    @Override
    public boolean differentiable(int operand) {
        return false;
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        throw new IllegalStateException("a formula has no gradient");
    }
}
