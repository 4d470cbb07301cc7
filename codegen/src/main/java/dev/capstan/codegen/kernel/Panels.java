// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

/**
 * A matrix that {@link PanelPacking} has packed, from a position of an array.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
record Panels<A>(A array, int offset) implements RightFactor<A> {}
