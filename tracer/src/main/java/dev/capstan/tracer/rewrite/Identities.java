// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.op.Elementwise;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import dev.capstan.tracer.graph.Graph.Constant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Replaces an element-wise operator that gives one of its operands unchanged, such as a clone, a cast to the own type
 * or a multiplication by 1, by that operand, wherever nobody sees that the storage is the same.
 */
public final class Identities implements Pass {
    private static final int COMPUTED = -1;

    @Override
    public String name() {
        return "identities";
    }

    @Override
    public Graph apply(Graph graph, Roles roles) {
        Rewriting rewriting = new Rewriting(graph);
        Map<List<Object>, Integer> known = new HashMap<>();
        for (int value = 0; value < graph.definitions().size(); value++) {
            rewriting.keep(value);
            int kept = rewriting.now(value);
            if (!roles.isPinned(value)
                    && rewriting.definition(kept) instanceof Apply apply
                    && apply.operator() instanceof Elementwise elementwise) {
                int input = known.computeIfAbsent(
                        kind(elementwise, apply, rewriting), unseen -> input(elementwise, apply, rewriting));
                if (input != COMPUTED) {
                    int operand = apply.operands().get(input);
                    rewriting.replace(value, rewriting.type(operand).equals(apply.type()) ? operand : kept);
                }
            }
        }
        return rewriting.graph();
    }

    /** All that decides what an operator computes of one element. */
    private static List<Object> kind(Elementwise operator, Apply apply, Rewriting rewriting) {
        List<Object> kind = new ArrayList<>();
        kind.add(operator);
        for (int operand : apply.operands()) {
            kind.add(rewriting.type(operand));
            kind.add(rewriting.definition(operand) instanceof Constant constant ? constant.value() : null);
        }
        return kind;
    }

    /** Which operand's element is the result; {@link #COMPUTED} if none. */
    private static int input(Elementwise operator, Apply apply, Rewriting rewriting) {
        Expr result = expression(operator, apply, rewriting);
        return result.primitive() == Primitive.INPUT ? result.input() : COMPUTED;
    }

    /** What an operator computes of one element, with constants put in, simplified; its inputs are the operands. */
    static Expr expression(Elementwise operator, Apply apply, Rewriting rewriting) {
        List<Expr> operands = new ArrayList<>();
        for (int i = 0; i < apply.operands().size(); i++) {
            int operand = apply.operands().get(i);
            var type = rewriting.type(operand).dtype();
            operands.add(
                    rewriting.definition(operand) instanceof Constant constant
                            ? Expr.constant(type, constant.value())
                            : Expr.input(i, type));
        }
        var kernel = operator.kernel(rewriting.types(apply.operands()));
        return new ScalarAlgebra().simplify(kernel.substitute(operands).get(0));
    }
}
