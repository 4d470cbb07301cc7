// SPDX-License-Identifier: Apache-2.0
/**
 * Scalar arithmetic and loops as data. An operator says what it computes as an expression tree, which can be printed,
 * compared and fused by substitution; the block evaluator interprets it and a compiler translates it, so that both
 * compute the same bits.
 */
package dev.capstan.runtime.kernel;
