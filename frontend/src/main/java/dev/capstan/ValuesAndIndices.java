// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

/**
 * Elements that were chosen, and where they were.
 *
 * @param values the elements
 * @param indices their indices along the dimension in question, int64, of the values' shape
 */
public record ValuesAndIndices(Tensor values, Tensor indices) {}
