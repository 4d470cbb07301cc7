// SPDX-License-Identifier: Apache-2.0
/**
 * The reference executor. Kernels run over blocks that fit the first-level cache, contractions in scalar loops with a
 * fixed order of summation; whatever is generated later is measured against these results, bit for bit.
 *
 * <h2>Order of reductions</h2>
 *
 * The n elements that make one result are numbered 0 to n - 1 in row-major order of the reduced dimensions (of the
 * operand's dimensions, in their order, whatever the strides). With {@code op} the combining operation and {@code e} its
 * identity (+0.0 for a sum), the result depends on nothing else:
 *
 * <pre>
 * element i belongs to block i / 1024, and there to lane (i % 1024) % 32
 *
 * lane:   l = e;  for its elements in ascending order:  l = l op map(element)
 * block:  for h = 16, 8, 4, 2, 1:  for j = 0 ... h - 1:  l[j] = l[j] op l[j + h];   the block's result is l[0]
 * blocks: for b = 0, 1, 2, ...:  r = result of block b
 *             for level = 0, 1, ... while bit number level of b is set:  r = pending[level] op r
 *             pending[level] = r            (level: the lowest bit of b that is not set)
 *         with B blocks in all: r = pending[lowest set bit of B]
 *             for the other set bits of B, ascending:  r = pending[bit] op r
 * result: finish(r),  or finish(e) if n = 0
 * </pre>
 *
 * A lane without elements holds e. As e is neutral, {@code x op e} may be left out: a lane that began with {@code e op x} is
 * never -0.0 where e is +0.0. So up to 1024 elements are a tree over 32 lanes, and a sum of many blocks is pairwise: its
 * error grows with the logarithm of n. On integral and bool states the order does not matter.
 *
 * <p>Everything that is known of the shape may be used to compute this faster (lanes side by side in a vector register,
 * many results side by side), but not to change it.
 *
 * <h2>Order of contractions</h2>
 *
 * Each element of a matrix product is one chain over ascending k: {@code c = +0.0; c = fma(a[i, k], b[k, j], c)}; for
 * integral types {@code c = c + a * b}.
 */
package dev.capstan.runtime.eager;
