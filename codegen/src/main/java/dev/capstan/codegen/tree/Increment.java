// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import dev.capstan.codegen.tree.Expression.Binary;
import dev.capstan.codegen.tree.Expression.Constant;
import java.util.OptionalInt;

/** Recognises {@code i = i + constant} of an int, which both printers write shorter. */
final class Increment {
    private Increment() {}

    static OptionalInt of(Statement.Assignment assignment) {
        if (assignment.local().type() == Primitive.INT
                && assignment.value() instanceof Binary sum
                && sum.operator() == Binary.Operator.ADD
                && sum.left().equals(assignment.local())
                && sum.right() instanceof Constant step
                && (short) (int) step.value() == (int) step.value()) {
            return OptionalInt.of((int) step.value());
        }
        return OptionalInt.empty();
    }
}
