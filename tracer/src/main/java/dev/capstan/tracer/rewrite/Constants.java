// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.op.Elementwise;
import dev.capstan.runtime.type.Shape;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import dev.capstan.tracer.graph.Graph.Constant;

/** Replaces an element-wise operator on constants by its result, a constant of the result's (not wrapped) 0-d type. */
public final class Constants implements Pass {
    @Override
    public String name() {
        return "constants";
    }

    @Override
    public Graph apply(Graph graph, Roles roles) {
        Rewriting rewriting = new Rewriting(graph);
        for (int value = 0; value < graph.definitions().size(); value++) {
            rewriting.keep(value);
            if (!roles.isPinned(value)
                    && rewriting.definition(rewriting.now(value)) instanceof Apply apply
                    && apply.operator() instanceof Elementwise elementwise
                    && apply.type().shape().equals(Shape.SCALAR)) {
                Expr result = Identities.expression(elementwise, apply, rewriting);
                if (result.primitive() == Primitive.CONSTANT && isExact(result)) {
                    rewriting.replace(value, rewriting.add(new Constant(number(result), apply.type())));
                }
            }
        }
        return rewriting.graph();
    }

    private static double number(Expr constant) {
        return constant.type().isFloating() ? Double.longBitsToDouble(constant.bits()) : constant.bits();
    }

    private static boolean isExact(Expr constant) {
        return constant.type().isFloating() || (long) (double) constant.bits() == constant.bits();
    }
}
