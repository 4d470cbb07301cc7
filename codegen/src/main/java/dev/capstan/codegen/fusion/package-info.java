// SPDX-License-Identifier: Apache-2.0
/**
 * Fused element-wise loops: a kernel and the way its operands move become one generated class with one loop nest over
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
 * than a mask on every JDK, and exact in place too, because its operands are read before anything is written.
 */
package dev.capstan.codegen.fusion;
