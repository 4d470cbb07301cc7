// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.kernel.Instruction;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.Primitive;
import java.util.Arrays;
import java.util.List;

/**
 * A kernel on {@link Terms}. Identities of results follow from those of the inputs, and the origin of a result is a sum of
 * the inputs' origins, each times a factor that follows from identities, too; so that is worked out once for many runs.
 */
final class TermKernel {
    /** So many combinations of identities are remembered; a power of two. */
    private static final int REMEMBERED = 8;

    private final Terms terms;
    private final Effort effort;
    private final Kernel kernel;
    private final int inputs;
    /** The identities of all values, and for each value the factor of each input. */
    private final long[] ids;

    private final long[] factors;
    private final Result[] known = new Result[REMEMBERED];

    /**
     * What comes of inputs.
     *
     * @param given the identities of the inputs
     * @param ids those of the outputs
     * @param factors for each output the factor of each input
     */
    private record Result(long[] given, long[] ids, long[] factors) {}

    TermKernel(Kernel kernel, Terms terms, Effort effort) {
        this.kernel = kernel;
        this.terms = terms;
        this.effort = effort;
        this.inputs = kernel.inputs().size();
        int values = kernel.instructions().size();
        this.ids = new long[values];
        this.factors = new long[values * inputs];
    }

    /** The outputs for so many elements. */
    TermRuns[] run(List<TermRuns> given, int elements) {
        TermRuns[] outputs = new TermRuns[kernel.outputs().size()];
        for (int i = 0; i < outputs.length; i++) {
            outputs[i] = new TermRuns(effort);
        }
        int[] at = new int[inputs];
        long[] now = new long[inputs];
        for (int from = 0; from < elements; ) {
            int end = elements;
            for (int i = 0; i < inputs; i++) {
                TermRuns input = given.get(i);
                end = Math.min(end, input.end(at[i]));
                now[i] = input.ids[at[i]];
            }
            Result result = result(now);
            for (int i = 0; i < outputs.length; i++) {
                append(result, i, given, at, from, end - from, outputs[i]);
            }
            for (int i = 0; i < inputs; i++) {
                at[i] += given.get(i).end(at[i]) == end ? 1 : 0;
            }
            from = end;
        }
        return outputs;
    }

    private void append(
            Result result, int output, List<TermRuns> given, int[] at, int from, int elements, TermRuns into) {
        long first = 0;
        long step = 0;
        for (int i = 0; i < inputs; i++) {
            long factor = result.factors[output * inputs + i];
            if (factor != 0) {
                TermRuns input = given.get(i);
                first = Residues.add(first, Residues.multiply(factor, input.origin(at[i], from)));
                if (elements > 1 && input.steps[at[i]] != 0) {
                    step = Residues.add(step, Residues.multiply(factor, input.steps[at[i]]));
                }
            }
        }
        into.append(elements, result.ids[output], first, step);
    }

    private Result result(long[] given) {
        long sum = 0;
        for (long id : given) {
            sum += id;
        }
        int place = (int) (sum >>> Integer.SIZE) & REMEMBERED - 1;
        Result result = known[place];
        if (result == null || !Arrays.equals(result.given, given)) {
            result = worked(given.clone());
            known[place] = result;
        }
        return result;
    }

    private Result worked(long[] given) {
        effort.spend(ids.length);
        Arrays.fill(factors, 0);
        for (int i = 0; i < ids.length; i++) {
            Instruction step = kernel.instructions().get(i);
            if (step.primitive() == Primitive.INPUT) {
                ids[i] = given[step.a()];
                factors[i * inputs + step.a()] = 1;
            } else if (step.primitive() == Primitive.CONSTANT) {
                ids[i] = terms.constant(step);
            } else {
                apply(step, i);
            }
        }
        long[] results = new long[kernel.outputs().size()];
        long[] chosen = new long[results.length * inputs];
        for (int i = 0; i < results.length; i++) {
            int value = kernel.outputs().get(i);
            results[i] = ids[value];
            System.arraycopy(factors, value * inputs, chosen, i * inputs, inputs);
        }
        return new Result(given, results, chosen);
    }

    private void apply(Instruction step, int value) {
        int a = step.a();
        int b = Math.max(step.b(), 0);
        int c = Math.max(step.c(), 0);
        ids[value] = terms.apply(step.primitive(), step.type(), ids[a], ids[b], ids[c]);
        int origin = terms.origin();
        if (origin != Terms.NONE) {
            System.arraycopy(
                    factors, (origin == 0 ? a : origin == 1 ? b : c) * inputs, factors, value * inputs, inputs);
        } else if (!Terms.isConstant(ids[value])) {
            for (int operand = 0; operand < step.primitive().arity(); operand++) {
                add(value, operand, operand == 0 ? a : operand == 1 ? b : c);
            }
        }
    }

    private void add(int value, int operand, int from) {
        long coefficient = 0;
        for (int i = 0; i < inputs; i++) {
            long factor = factors[from * inputs + i];
            if (factor != 0) {
                coefficient = coefficient == 0 ? Terms.coefficient(ids[value], operand) : coefficient;
                int place = value * inputs + i;
                factors[place] = Residues.add(factors[place], Residues.multiply(coefficient, factor));
            }
        }
    }
}
