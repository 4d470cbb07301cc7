// SPDX-License-Identifier: Apache-2.0
/**
 * Fused loops: a kernel and the way its operands move become one generated class with one loop nest over
 * rows and columns, with vectors where the Vector API is present and in scalar form otherwise, with the same bits.
 *
 * <p>For the kernel {@code out = relu(in0 + in1)} with a bias in1 that is one number per row the vector form is
 *
 * <pre>{@code
 * for (int row = 0; row < rows; row++) {
 *     int in0Start = in0Offset + row * in0RowStep;                     // and so on for each array
 *     FloatVector u1 = FloatVector.broadcast(FLOATS, in1[in1Start]);   // uniform: once per row
 *     FloatVector last = in0[columns - LANES ...] ...                  // the last vector is computed first
 *     for (int column = 0; column < columns - LANES; column += LANES) {
 *         out0[column ...] = max(in0[column ...] + u1, zero);
 *     }
 *     out0[columns - LANES ...] = last;                                // and stored last
 * }
 * }</pre>
 *
 * The last vector overlaps the one before it unless the columns are a multiple of the vector length. That is quicker
 * than a mask on every JDK, and exact in place too, because its operands are read before anything is written. A long
 * computation is written only once for vectors and once for numbers, because the JIT needs time for each; of one in which
 * nearly every step waits for the one before it ({@link dev.capstan.codegen.fusion.Partition}) there are several loops, which
 * follow one another over some columns at a time.
 *
 * <p>Reductions ({@link dev.capstan.codegen.fusion.FusedReduction}) do the same with the element-wise computation of what
 * they combine: along rows, with virtual lanes in vector registers, or down columns, with results side by side.
 * Along rows they may also keep values that they compute on the way.
 */
package dev.capstan.codegen.fusion;
