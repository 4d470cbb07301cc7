// SPDX-License-Identifier: Apache-2.0
/**
 * The reference executor. Kernels run over blocks that fit the first-level cache, contractions in scalar loops with a
 * fixed order of summation; whatever is generated later is measured against these results, bit for bit.
 */
package dev.capstan.runtime.eager;
