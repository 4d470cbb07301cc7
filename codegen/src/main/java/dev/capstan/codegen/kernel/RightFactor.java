// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

/**
 * The right factor of a product.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
sealed interface RightFactor<A> permits Matrix, Panels, Strips {}
