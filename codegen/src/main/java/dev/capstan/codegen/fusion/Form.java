// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import dev.capstan.codegen.tree.Expression;
import dev.capstan.runtime.kernel.Instruction;
import dev.capstan.runtime.type.DType;

/** How the values of a kernel are represented in generated code. */
interface Form {
    /**
     * One step of a kernel, neither an input nor a constant.
     *
     * @param operandType the type of the first operand
     * @param a the operands as far as the step has them, else null
     */
    Expression apply(Instruction step, DType operandType, Expression a, Expression b, Expression c);

    /**
     * One step of two operands of which the second is a constant; that may take fewer instructions.
     *
     * @param b the constant in this form
     */
    default Expression applyConstant(
            Instruction step, DType operandType, Expression a, Expression b, Instruction constant) {
        return apply(step, operandType, a, b, null);
    }
}
