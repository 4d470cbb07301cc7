// SPDX-License-Identifier: Apache-2.0
/**
 * Rewrites of graphs that keep every bit of every wanted value (any NaN equals any NaN). Each is one class; {@link
 * dev.capstan.tracer.rewrite.Passes} has their order.
 *
 * <p>What a rewrite must not change, apart from values, is what leaves a forward graph as storage: a result that eager
 * mode computes afresh stays a computation of its own, one that is a view stays a view of the same base. {@link
 * dev.capstan.tracer.rewrite.Roles} says which values that concerns.
 *
 * <p>Worked example, the backward of {@code tanh(x[0]) * x[1]} with regard to x of shape [2,4], where p and q are the
 * gradients of the two selections:
 *
 * <pre>{@code
 * %2 = embed[shape=[2,4], dimension=0, start=0, step=1](p)       %2 = add(p, 0.0)
 * %3 = embed[shape=[2,4], dimension=0, start=1, step=1](q)  =>   %3 = add(q, 0.0)
 * %4 = add(%2, %3)                                               %4 = mosaic(%2, %3)
 * return %4                                                      return %4
 * }</pre>
 *
 * <p>The additions of 0.0 stay: eager mode adds the zeros of the other piece, which turns -0.0 into +0.0. The scheduler
 * computes {@code p + 0.0} where it belongs in the result, so that nothing is moved.
 */
package dev.capstan.tracer.rewrite;
