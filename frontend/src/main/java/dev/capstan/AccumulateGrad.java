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
        // passes of several threads may end here: none of them loses what another one adds
        synchronized (this) {
            accumulate(gradient, pass.createsGraph());
            NodeHooks hooks = knownHooks();
            if (hooks != null) {
                hooks.runAfterAccumulation(variable);
            }
        }
    }

    private void accumulate(Tensor gradient, boolean recorded) {
        Tensor before = variable.grad();
        if (before == null) {
            // another node or the caller may hold the same tensor: the leaf owns its gradient
            variable.setGrad(gradient.isExclusive() && !recorded ? gradient : owned(gradient, recorded));
        } else if (recorded) {
            variable.setGrad(before.add(gradient));
        } else {
            try (GradMode.Scope off = GradMode.noGrad()) {
                before.add_(gradient);
            }
            if (before.isPending()) {
                before.segment().keepGradientOf(variable);
            }
        }
    }

    /** A copy of a gradient that nobody else holds. */
    static Tensor owned(Tensor gradient, boolean recorded) {
        boolean queued = gradient.openSegment() != null;
        return recorded || queued ? gradient.copy() : gradient.detach().contiguousCopy();
    }
}
