// SPDX-License-Identifier: Apache-2.0
/**
 * From graph to work: which operators fuse into one kernel, where each buffer lies, in which order kernels run.
 *
 * <pre>{@code
 * Graph      after the passes of tracer.rewrite
 * Roots      which values have memory of their own, and which are views of it
 * Lowering   one task per computation, from the outputs backwards
 * Placement    where each root lies: what is stacked or returned is computed right there
 * Fusion     tasks in units: a loop, a reduction with its producers, a product; or some of these that keep to rows
 * Ordering   units in order
 * Emission   a step for each unit, over numbered buffers
 * WriteBack  new contents of inputs: computed in place where nothing reads the old ones, else copied at the end
 * Draft      the steps so far. Those of other lengths may be of one ScheduleForm, which guesses the draft of any length
 * MemoryPlan   buffers in slots: fresh arrays, kept arrays, an arena that is used again and again
 * Schedule   the result; that of a guessed draft needs a ScheduleProof
 * }</pre>
 *
 * <h2>Grammar</h2>
 *
 * <pre>{@code
 * schedule := slot* step* place*                         the places are those of the results
 * step     := loop kernel shape place* -> place+         element-wise
 *           | reduce kernel shape over marks place* -> place
 *           | rows place* -> place+ : kernel+             loops and reductions, row by row; kernel := loop | reduce
 *           | multiply place place -> place              a matrix product or a stack of them
 *           | operator place* -> place                   one that nothing is fused with
 *           | clear -> place
 * place    := slot layout
 * }</pre>
 *
 * Worked example: {@code relu(x W^T + b)} with x of shape [10,32] and W of shape [16,32]. The transpose is a matter of
 * strides, the bias is broadcast by stride 0, addition and relu are one kernel that writes the result's array.
 *
 * <pre>{@code
 * 0  multiply  input0[10,32]  input1[32,16]/[1,32] -> arena0[10,16]
 * 1  loop k0[10,16]  arena0[10,16]  input2[10,16]/[0,1] -> result0[10,16]
 * }</pre>
 *
 * A softmax over the last dimension is two reductions and two loops. All of them keep to rows: one step, of which a code
 * generator does some rows at a time. What they hand to one another is in slots of the step's own, of which it needs as
 * much as it does at a time; nobody else sees them.
 *
 * <pre>{@code
 * 0  rows  input0[20,30] -> result0[20,30]
 *        reduce k0[20,30] over [_,+]  input0[20,30] -> arena0[20,1]
 *        loop k1[20,30]  input0[20,30]  arena0[20,30]/[1,0] -> arena1[20,30]
 *        reduce k2[20,30] over [_,+]  arena1[20,30] -> arena2[20,1]
 *        loop k3[20,30]  arena1[20,30]  arena2[20,30]/[1,0] -> input1[20,30]
 * }</pre>
 *
 * <h2>Proof</h2>
 *
 * The schedule of a guessed draft is run on {@linkplain dev.capstan.tracer.schedule.Terms terms} in the place of numbers, and
 * so is the graph. A term is an identity, which says what is computed, and an origin, which says of which elements; along a
 * row it is linear in the position, so a run of elements costs as much as one.
 *
 * <pre>{@code
 * Terms        what an operation makes of terms, and why different ones do not look the same
 * TermRuns       a sequence of elements in runs of one identity
 * TermMemory     an array of them, read and written through layouts
 * TermKernel     a kernel on runs
 * TermLines      what is summed up: rows and columns
 * TermArrays     kernels, reductions, products and single operators on tensors of terms
 * GraphOnTerms, ScheduleOnTerms   what is compared
 * ScheduleProof  compares it; it stops when it has used up its Effort
 * }</pre>
 *
 * Everything keeps the bits of eager mode: fusion computes the same operations in the same types, and a transposed
 * product is the product of the transposed factors, whose elements are the same chains.
 */
package dev.capstan.tracer.schedule;
