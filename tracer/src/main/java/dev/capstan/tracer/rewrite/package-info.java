// SPDX-License-Identifier: Apache-2.0
/**
 * Rewrites of graphs that keep every bit of every wanted value (any NaN equals any NaN). Each is one class; {@link
 * dev.capstan.tracer.rewrite.Passes} has their order.
 *
 * <p>What a rewrite must not change, apart from values, is what leaves a forward graph as storage: a result that eager
 * mode computes afresh stays a computation of its own, one that is a view stays a view of the same base. {@link
 * dev.capstan.tracer.rewrite.Roles} says which values that concerns.
 *
 * <p>Worked example, the backward of {@code stack([tanh(a), tanh(b)])[0] + ...}, where two selections from one tensor
 * gave gradients p and q of shape [4]:
 *
 * <pre>{@code
 * %2 = embed[shape=[2,4], dimension=0, start=0, step=1](%0)      %2 = add(%0, 0.0)
 * %3 = embed[shape=[2,4], dimension=0, start=1, step=1](%1)  =>  %3 = add(%1, 0.0)
 * %4 = add(%2, %3)                                               %4 = mosaic(%2, %3)
 * %5 = select[dimension=0, index=0](%4)                          return %2
 * return %5
 * }</pre>
 *
 * <p>The addition of 0.0 stays: eager mode adds the zeros of the other piece, which turns -0.0 into +0.0.
 */
package dev.capstan.tracer.rewrite;
