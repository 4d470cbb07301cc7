// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.type.TensorType;
import java.util.List;
import java.util.Map;

/**
 * What decides the kernel of an operator.
 *
 * @param count number of elements that a reduction combines into one, else 0
 * @param operands what promotion looks at, see {@link #operands(Operator, List)}
 */
record Computation(Operator operator, int count, long operands) {
    /** Enough for any model; a program that makes up attributes for ever only loses the reuse. */
    private static final int MOST_KNOWN = 4096;

    private static final int BITS = 5;
    private static final int MOST_OPERANDS = Long.SIZE / BITS;

    static Computation of(Operator operator, int count, List<TensorType> types) {
        return new Computation(operator, count, operands(operator, types));
    }

    /** What promotion looks at: a few bits an operand. */
    static long operands(Operator operator, List<TensorType> types) {
        int number = types.size();
        if (number > MOST_OPERANDS) {
            throw new IllegalArgumentException(operator + " has too many operands: " + number);
        }
        long operands = 1;
        for (int i = 0; i < number; i++) {
            TensorType type = types.get(i);
            int scalar = type.shape().rank() == 0 ? 1 : 0;
            int wrapped = type.wrapped() ? 1 : 0;
            operands = operands << BITS | type.dtype().ordinal() << 2 | scalar << 1 | wrapped;
        }
        return operands;
    }

    /** Keeps what was made for it, unless there is too much already. */
    <K> K remember(Map<Computation, K> known, K made) {
        if (known.size() < MOST_KNOWN) {
            known.put(this, made);
        }
        return made;
    }

    /** Whether it is the one of these, which count nothing. */
    boolean isOf(Operator other, long otherOperands) {
        return operands == otherOperands && (operator == other || operator.equals(other));
    }

    /** What a record does by itself, with the numbers first: they are compared faster than operators. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Computation same && count == same.count && isOf(same.operator, same.operands);
    }

    /** Records without components all hash to 0: the class tells operators apart. */
    @Override
    public int hashCode() {
        return 31 * (31 * (31 * operator.getClass().hashCode() + operator.hashCode()) + count)
                + Long.hashCode(operands);
    }
}
