// SPDX-License-Identifier: Apache-2.0
/**
 * Drivers: a schedule becomes a class of straight-line calls over planned buffers.
 *
 * <p>Each step is a call of a fused loop ({@link dev.capstan.codegen.fusion}), of the shared contraction
 * ({@link dev.capstan.codegen.kernel.Contraction}), or of an eager executor where nothing is generated. Sizes, strides and
 * positions in planned memory are constants; positions in arrays from outside are read once per method. A driver is split
 * into methods that HotSpot is willing to compile:
 *
 * <pre>{@code
 * public void run(Object[] arrays, int[] offsets, Object[] scratch, Object[] constants) {
 *     part0(arrays, offsets, scratch, constants);
 * }
 *
 * public static void part0(Object[] arrays, int[] offsets, Object[] scratch, Object[] constants) {
 *     float[] input0 = (float[]) arrays[0];
 *     int input0Offset = offsets[0];
 *     float[] arena0 = (float[]) arrays[2];
 *     ...
 *     // [10,32] x [32,32]
 *     contraction.multiply(10, 32, 32, input0, input0Offset, 32, 1, input1, input1Offset, 1, 32, arena0, 64, 32, false);
 *     // 3 steps over [10,32]
 *     Loop4.compute(arena0, 64, 32, input2, input2Offset, 0, result0, 0, 32, 10, 32);
 * }
 * }</pre>
 *
 * A product of few rows by a transposed weight is {@code contraction.multiplyKept}, which is given a copy of the weight as well if
 * the program keeps one, see {@link dev.capstan.codegen.program.KeptFactor}.
 *
 * <p>What keeps to rows, a softmax for example, is a method of its own with a loop over bands of rows, so that what the kernels
 * hand to one another stays in the cache. It lies in scratch memory for one band.
 *
 * <pre>{@code
 * for (int row = 0; row < 64; row += 5) {
 *     int count = Math.min(5, 64 - row);
 *     Reduction0.compute(input0, input0Offset + row * 1024, 1024, floatScratch, 0, 1, count, 1024);
 *     Loop1.compute(input0, input0Offset + row * 1024, 1024, floatScratch, 0, 1, floatScratch, 16, 1024, count, 1024);
 *     Reduction2.compute(floatScratch, 16, 1024, floatScratch, 5136, 1, count, 1024);
 *     Loop3.compute(floatScratch, 16, 1024, floatScratch, 5136, 1, result0, row * 1024, 1024, count, 1024);
 * }
 * }</pre>
 *
 * A short loop and a reduction of what it writes are one call: of a layer norm one kernel computes the distances from the mean,
 * keeps them, and sums their squares ({@link dev.capstan.codegen.program.JoinedReduction}).
 *
 * <p>A step that is large enough for several threads is no call of a kernel but of a constant, which divides the kernel's rows or
 * columns, or the bands of rows, between them ({@link dev.capstan.codegen.program.Division}):
 *
 * <pre>{@code
 * // 3 steps over [1024,1024], by Loop4, shared between threads
 * ((SharedStep) constants[0]).run(arrays, offsets);
 * }</pre>
 */
package dev.capstan.codegen.program;
