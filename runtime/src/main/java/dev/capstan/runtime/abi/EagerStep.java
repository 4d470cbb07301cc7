// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.abi;

import dev.capstan.runtime.eager.ContractionExecutor;
import dev.capstan.runtime.eager.ElementwiseExecutor;
import dev.capstan.runtime.eager.OperatorExecutor;
import dev.capstan.runtime.eager.PreparedKernel;
import dev.capstan.runtime.eager.PreparedReduction;
import dev.capstan.runtime.eager.ReductionExecutor;
import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.ReductionKernel;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.spi.Compilers;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import java.util.List;

/**
 * A step of a generated program that the eager executors run, because there is no generated code for it. Generated
 * programs get their steps as constants and call {@link #run}.
 */
public abstract sealed class EagerStep {
    private EagerStep() {}

    /**
     * An element-wise kernel, on blocks: programs know best what compiled kernels they want.
     *
     * @param inputs of one shape, broadcast by stride 0
     * @param outputs of the same shape
     */
    public static EagerStep loop(Kernel kernel, List<Operand> inputs, List<Operand> outputs) {
        return new Loop(PreparedKernel.of(kernel, Compilers.NONE), inputs, outputs);
    }

    /**
     * A reduction.
     *
     * @param domain the shape that is reduced
     * @param inputs of the domain's shape, broadcast by stride 0; none where a constant is reduced
     * @param reduced for each dimension of the domain whether it is combined
     * @param output of the domain's shape with size 1 in combined dimensions
     */
    public static EagerStep reduction(
            ReductionKernel kernel, Shape domain, List<Operand> inputs, List<Boolean> reduced, Operand output) {
        boolean[] combined = new boolean[reduced.size()];
        for (int i = 0; i < combined.length; i++) {
            combined[i] = reduced.get(i);
        }
        return inputs.isEmpty()
                ? new ConstantReduction(kernel, domain, combined, output)
                : new Reduction(PreparedReduction.of(kernel), inputs, combined, output);
    }

    /** A matrix product {@code [m,k] x [k,n]}, or a stack of them. */
    public static EagerStep contraction(Operand left, Operand right, Operand output) {
        return new Contraction(left, right, output);
    }

    /**
     * An operator that is a step by itself, a {@code Scan}, an {@code Indexed} or an {@code Opaque} one.
     *
     * @param output of the operator's type
     */
    public static EagerStep operator(Operator operator, List<Operand> inputs, Operand output) {
        return new Single(operator, inputs, output);
    }

    /**
     * Steps one after the other, over arrays of their own.
     *
     * @param steps over arrays of which the first begin where the operands of this step begin
     * @param operands what lies in those
     * @param temporaries the other arrays, from their beginnings; of no use afterwards
     */
    public static EagerStep sequence(List<EagerStep> steps, List<Operand> operands, List<Operand> temporaries) {
        return new Sequence(steps, operands, temporaries);
    }

    /** Zeros. */
    public static EagerStep clear(Operand output) {
        return new Clear(output);
    }

    /**
     * Computes all elements of the outputs.
     *
     * @param arrays the arrays of the program
     * @param offsets where the elements of each array begin
     */
    public abstract void run(Object[] arrays, int[] offsets);

    /** One that sees its operands as tensors. */
    private abstract static sealed class OnTensors extends EagerStep {
        private final Operand[] inputs;
        private final Operand[] outputs;

        OnTensors(List<Operand> inputs, List<Operand> outputs) {
            this.inputs = inputs.toArray(Operand[]::new);
            this.outputs = outputs.toArray(Operand[]::new);
        }

        @Override
        public final void run(Object[] arrays, int[] offsets) {
            run(views(inputs, arrays, offsets), views(outputs, arrays, offsets));
        }

        abstract void run(NdArray[] operands, NdArray[] results);

        private static NdArray[] views(Operand[] operands, Object[] arrays, int[] offsets) {
            NdArray[] views = new NdArray[operands.length];
            for (int i = 0; i < views.length; i++) {
                views[i] = operands[i].in(arrays, offsets);
            }
            return views;
        }
    }

    private static final class Loop extends OnTensors {
        private final PreparedKernel kernel;

        Loop(PreparedKernel kernel, List<Operand> inputs, List<Operand> outputs) {
            super(inputs, outputs);
            this.kernel = kernel;
        }

        @Override
        void run(NdArray[] operands, NdArray[] results) {
            ElementwiseExecutor.run(kernel, operands, results);
        }
    }

    private static final class Reduction extends OnTensors {
        private final PreparedReduction reduction;
        private final boolean[] reduced;

        Reduction(PreparedReduction reduction, List<Operand> inputs, boolean[] reduced, Operand output) {
            super(inputs, List.of(output));
            this.reduction = reduction;
            this.reduced = reduced;
        }

        @Override
        void run(NdArray[] operands, NdArray[] results) {
            ReductionExecutor.run(reduction, operands, reduced, results[0]);
        }
    }

    /** A reduction of as many elements as a domain has, all of them the value of a map without inputs. */
    private static final class ConstantReduction extends OnTensors {
        private final PreparedReduction reduction;
        private final NdArray[] elements;
        private final boolean[] reduced;

        ConstantReduction(ReductionKernel kernel, Shape domain, boolean[] reduced, Operand output) {
            super(List.of(), List.of(output));
            DType type = kernel.map().outputType(0);
            NdArray constant = NdArray.zeros(type, Shape.SCALAR);
            PreparedKernel map = PreparedKernel.of(kernel.map(), Compilers.NONE);
            ElementwiseExecutor.run(map, new NdArray[0], new NdArray[] {constant});
            Kernel itself = Kernel.of(List.of(type), List.of(Expr.input(0, type)));
            this.reduction = PreparedReduction.of(
                    new ReductionKernel(itself, kernel.combine(), kernel.identity(), kernel.finish()));
            this.elements = new NdArray[] {constant.view(constant.layout().expand(domain))};
            this.reduced = reduced;
        }

        @Override
        void run(NdArray[] operands, NdArray[] results) {
            ReductionExecutor.run(reduction, elements, reduced, results[0]);
        }
    }

    private static final class Contraction extends OnTensors {
        Contraction(Operand left, Operand right, Operand output) {
            super(List.of(left, right), List.of(output));
        }

        @Override
        void run(NdArray[] operands, NdArray[] results) {
            ContractionExecutor.multiply(operands[0], operands[1], results[0]);
        }
    }

    private static final class Single extends OnTensors {
        private final Operator operator;

        Single(Operator operator, List<Operand> inputs, Operand output) {
            super(inputs, List.of(output));
            this.operator = operator;
        }

        @Override
        void run(NdArray[] operands, NdArray[] results) {
            OperatorExecutor.execute(operator, operands, results[0]);
        }
    }

    private static final class Sequence extends EagerStep {
        private final List<EagerStep> steps;
        private final List<Operand> operands;
        private final List<Operand> temporaries;

        Sequence(List<EagerStep> steps, List<Operand> operands, List<Operand> temporaries) {
            this.steps = List.copyOf(steps);
            this.operands = List.copyOf(operands);
            this.temporaries = List.copyOf(temporaries);
        }

        @Override
        public void run(Object[] arrays, int[] offsets) {
            Object[] own = new Object[operands.size() + temporaries.size()];
            int[] begins = new int[own.length];
            for (int i = 0; i < operands.size(); i++) {
                Operand operand = operands.get(i);
                own[i] = arrays[operand.slot()];
                begins[i] = offsets[operand.slot()] + operand.layout().offset();
            }
            for (int i = operands.size(); i < own.length; i++) {
                Operand temporary = temporaries.get(i - operands.size());
                own[i] = Storage.newArray(
                        temporary.dtype(), temporary.layout().shape().elements());
            }
            steps.forEach(step -> step.run(own, begins));
        }
    }

    private static final class Clear extends OnTensors {
        Clear(Operand output) {
            super(List.of(), List.of(output));
        }

        @Override
        void run(NdArray[] operands, NdArray[] results) {
            OperatorExecutor.fill(results[0], 0);
        }
    }
}
