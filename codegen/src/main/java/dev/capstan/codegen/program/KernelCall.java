// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.codegen.tree.BlockBuilder;
import dev.capstan.codegen.tree.Callee;
import dev.capstan.codegen.tree.Expression;
import dev.capstan.codegen.tree.Expression.Local;
import dev.capstan.runtime.spi.Access;
import java.util.ArrayList;
import java.util.List;

/**
 * The call of a generated kernel for the rows and columns of a nest, within a loop for each dimension outside of them.
 *
 * @param accesses what the kernel was made for
 * @param arrays the operands' arrays
 */
record KernelCall(Callee kernel, List<Access> accesses, Nest nest, List<Local> arrays) {
    /** Writes the loops and the call; {@code positions} are those of the operands' first elements. */
    void write(BlockBuilder block, List<Expression> positions) {
        write(block, positions, 0);
    }

    private void write(BlockBuilder block, List<Expression> positions, int depth) {
        if (depth == nest.outer()) {
            block.evaluate(kernel.call(arguments(positions)));
            return;
        }
        Expression size = Expression.constant(nest.sizes().get(depth));
        block.count(block.fresh("index"), Expression.constant(0), size, 1, (body, index) -> {
            List<Expression> moved = new ArrayList<>();
            for (int i = 0; i < positions.size(); i++) {
                int stride = nest.strides().get(i).get(depth);
                moved.add(stride == 0 ? positions.get(i) : positions.get(i).plus(index.times(stride)));
            }
            write(body, moved, depth + 1);
        });
    }

    private List<Expression> arguments(List<Expression> positions) {
        List<Expression> arguments = new ArrayList<>();
        for (int i = 0; i < positions.size(); i++) {
            arguments.add(arrays.get(i));
            arguments.add(positions.get(i));
            arguments.add(Expression.constant(nest.rowStep(i)));
            if (accesses.get(i) == Access.STRIDED) {
                arguments.add(Expression.constant(nest.columnStep(i)));
            }
        }
        arguments.add(Expression.constant(nest.rows()));
        arguments.add(Expression.constant(nest.columns()));
        return arguments;
    }
}
