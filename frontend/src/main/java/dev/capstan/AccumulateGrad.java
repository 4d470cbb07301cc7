// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import org.jspecify.annotations.Nullable;

/** The end of the tape at a leaf: adds the gradient to the leaf's {@link Tensor#grad()}. */
final class AccumulateGrad extends Node {
    private static final Edge[] NONE = {};

    private final Tensor variable;

    AccumulateGrad(Tensor variable) {
        super(Long.MAX_VALUE);
        this.variable = variable;
    }

    @Override
    public String name() {
        return "AccumulateGrad";
    }

    @Override
    public Tensor variable() {
        return variable;
    }

    @Override
    Edge[] edges() {
        return NONE;
    }

    @Override
    void backward(@Nullable Tensor[] gradients, BackwardPass pass) {
        Tensor gradient = gradients[0];
        if (gradient == null) {
            return;
        }
        Tensor before = variable.grad();
        if (before == null) {
            // another node or the caller may hold the same tensor: the leaf owns its gradient
            boolean owned = pass.createsGraph() || gradient.isExclusive();
            variable.setGrad(owned ? gradient : gradient.detach().contiguousCopy());
        } else if (pass.createsGraph()) {
            variable.setGrad(before.add(gradient));
        } else {
            try (GradMode.Scope off = GradMode.noGrad()) {
                before.add_(gradient);
            }
        }
    }
}
