// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

/**
 * One method per family, so that a pass cannot forget one.
 *
 * @param <R> what the visit gives
 */
public interface OperatorVisitor<R> {
    /** An element-wise operator. */
    R visit(Elementwise operator);

    /** A reduction. */
    R visit(Reduction operator);

    /** A reduction with all sums on the way. */
    R visit(Scan operator);

    /** A movement that is a view. */
    R visit(View operator);

    /** A movement that puts pieces together. */
    R visit(Assembly operator);

    /** An operator that reads or adds at places that a tensor tells. */
    R visit(Indexed operator);

    /** A contraction. */
    R visit(Contraction operator);

    /** A composite. */
    R visit(Composite operator);

    /** An operator that computes by hand. */
    R visit(Opaque operator);
}
