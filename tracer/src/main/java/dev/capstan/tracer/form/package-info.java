// SPDX-License-Identifier: Apache-2.0
/**
 * Sequences that are one function of how long something goes on. A model on sequences of 10, 20 and 30 times leaves three
 * paths of events, which the compiler makes three lists of steps; and yet whoever has seen the three knows the fourth.
 *
 * <p>A value is taken apart into its numbers and what is left of it, its {@link dev.capstan.tracer.form.Mould mould}. In
 * a sequence of values what repeats itself is {@linkplain dev.capstan.tracer.form.Rolled rolled}: a body, how many times
 * it comes, the numbers of the first time, and what each grows by from one time to the next. Two rolled sequences with the
 * same moulds are a {@link dev.capstan.tracer.form.Family family}: times and numbers are linear in a parameter. Whether
 * that holds, a third one tells.
 *
 * <p>Worked example: the operators of a loop over t, of 10 and 20 times.
 *
 * <pre>{@code
 * %7 = select[0, 0](%0)     10 times, each: index + 1, operands + 0, %9 + 3
 * %8 = mm(%7, %1)           20 times, each: index + 1, operands + 0, %9 + 3
 * %9 = add(%8, %6)      =>  n times
 * }</pre>
 */
package dev.capstan.tracer.form;
