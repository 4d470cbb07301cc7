// SPDX-License-Identifier: Apache-2.0
package dev.capstan.optim;

import static java.util.Objects.requireNonNull;

import dev.capstan.GradMode;
import dev.capstan.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Limits on gradients between a backward pass and an optimizer's step, in place. No value is read on the host, so that a
 * training step with clipping is one compiled region.
 *
 * <p>Source: PyTorch, {@code torch.nn.utils.clip_grad_norm_} and {@code clip_grad_value_}.
 */
public final class GradientClipping {
    /** Keeps the quotient finite when all gradients are zero. */
    private static final double EPSILON = 1e-6;

    private GradientClipping() {}

    /**
     * Scales all gradients by one factor so that their norm, that of all elements together, is at most {@code most}.
     * Parameters without a gradient are left alone.
     *
     * @return the norm before, a 0-d tensor; zero if there is no gradient
     */
    public static Tensor clipNorm(List<? extends Tensor> parameters, double most) {
        Optimizer.requireNotNegative("clipNorm", most);
        try (GradMode.Scope off = GradMode.noGrad()) {
            List<Tensor> gradients = gradients(parameters);
            if (gradients.isEmpty()) {
                return Tensor.scalar(0f);
            }
            List<Tensor> norms = gradients.stream().map(GradientClipping::norm).toList();
            Tensor norm = norm(Tensor.stack(norms, 0));
            Tensor factor = norm.add(EPSILON).pow(-1).mul(most).clampMax(1);
            gradients.forEach(gradient -> gradient.mul_(factor));
            return norm;
        }
    }

    /** Clamps every element of every gradient to {@code [-most, most]}. */
    public static void clipValue(List<? extends Tensor> parameters, double most) {
        Optimizer.requireNotNegative("clipValue", most);
        try (GradMode.Scope off = GradMode.noGrad()) {
            gradients(parameters).forEach(gradient -> gradient.clamp_(-most, most));
        }
    }

    private static Tensor norm(Tensor tensor) {
        return tensor.mul(tensor).sum().sqrt();
    }

    private static List<Tensor> gradients(List<? extends Tensor> parameters) {
        List<Tensor> gradients = new ArrayList<>();
        for (Tensor parameter : requireNonNull(parameters, "parameters")) {
            if (parameter.grad() != null) {
                gradients.add(parameter.grad());
            }
        }
        return gradients;
    }
}
