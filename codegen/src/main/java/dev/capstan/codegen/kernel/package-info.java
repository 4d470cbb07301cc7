// SPDX-License-Identifier: Apache-2.0

/**
 * What all compiled programs share: matrix products, and the place where generated classes live.
 *
 * <p>{@link dev.capstan.codegen.kernel.Contraction} multiplies matrices of any strides. Its innermost loops, the {@link
 * dev.capstan.codegen.kernel.MicroKernels}, exist twice with the same bits: as plain Java, which serves from the first
 * call, and as a class generated against the Vector API, which takes over once C2 has compiled it. Around them is
 * ordinary code: packing of A and B into panels, loops over blocks and tiles, one scratch buffer per thread.
 *
 * <pre>{@code
 *              n                    B is packed into panels 2 vectors (or 1) wide, element (p, column) at p * width + column
 *          +---+--------+--------+
 *        k |   |  panel | panel  |
 *          +---+--------+--------+
 *    k
 *  +-----+ +---+--------+--------+  A is packed into rows at a fixed distance, element (row, p) at row * 272 + p
 *  | 12  | |   |  tile  |        |
 * m+-----+ |   +--------+        |  a tile of C, 12 x 2 vectors, is one call of a micro-kernel: 24 accumulators in
 *  | 10  | |   |        |        |  registers, each one chain of fused multiply-adds over ascending k; the last tiles
 *  +-----+ |   +--------+        |  of a column have 4, 6, 8 or 10 rows
 *  |  8  | |   |        |        |
 *  +-----+ +---+--------+--------+
 * }</pre>
 *
 * <p>The last vector of a row of C overlaps the one before it, in the same tile, and a tile computes the last row of C again where
 * it is higher than what is left. So a handful of small kernels serves all sizes, and a size that was never seen before runs
 * only hot code. Where few rows of A share B, or B is small, {@link dev.capstan.codegen.kernel.DirectContraction} multiplies
 * both as they lie; a high product with fewer columns than a vector has lanes is computed as its transpose; a row times a
 * transposed matrix, as in a linear layer, transposes blocks of it in registers, or reads a copy in {@link dev.capstan.codegen.kernel.Strips} that a program keeps.
 *
 * <p>{@link dev.capstan.codegen.kernel.GeneratedClasses} defines kernels and programs, each in a class loader of its own, so
 * that they are unloaded when nobody uses them; programs call kernels by plain {@code invokestatic}.
 * {@link dev.capstan.codegen.kernel.WarmUpThread} is where all of them are made and warmed.
 * {@link dev.capstan.codegen.kernel.VectorWidth} is the one vector width of the process.
 */
package dev.capstan.codegen.kernel;
