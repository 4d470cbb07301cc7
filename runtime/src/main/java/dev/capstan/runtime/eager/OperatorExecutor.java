// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.op.Assembly;
import dev.capstan.runtime.op.Composite;
import dev.capstan.runtime.op.Contraction;
import dev.capstan.runtime.op.Elementwise;
import dev.capstan.runtime.op.Indexed;
import dev.capstan.runtime.op.Opaque;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.op.OperatorVisitor;
import dev.capstan.runtime.op.Ops;
import dev.capstan.runtime.op.Reduction;
import dev.capstan.runtime.op.Scan;
import dev.capstan.runtime.op.View;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Executes one operator now: the reference meaning of every operator, and what eager mode runs. */
public final class OperatorExecutor {
    private static final Map<Computation, PreparedReduction> REDUCTIONS = new ConcurrentHashMap<>();

    /** By the types from which and to which they copy. */
    private static final PreparedKernel[][] COPIES = copies();

    private OperatorExecutor() {}

    /**
     * The result of an operator.
     *
     * @param types the types of the operands, which say more than the arrays (see {@link TensorType#wrapped()})
     * @param operands the operands; views of the result may share their storage
     * @throws dev.capstan.runtime.type.CapstanException if the operands do not fit
     */
    public static NdArray execute(Operator operator, List<TensorType> types, NdArray[] operands) {
        return operator.accept(new Execution(types, operands));
    }

    /**
     * Computes all elements of the result of an operator that is a step by itself.
     *
     * @param result of the operator's type; it overlaps no operand
     * @throws IllegalArgumentException if the operator is of another family
     */
    public static void execute(Operator operator, NdArray[] operands, NdArray result) {
        if (!result.layout().isContiguous()) {
            NdArray apart = NdArray.zeros(result.dtype(), result.shape());
            execute(operator, operands, apart);
            copy(apart, result);
        } else if (operator instanceof Indexed indexed) {
            IndexedExecutor.run(indexed, operands, result);
        } else if (operator instanceof Scan scan) {
            ScanExecutor.run(scan, operands[0], result);
        } else if (operator instanceof Opaque opaque) {
            opaque.compute(operands, result);
            result.storage().written();
        } else {
            throw new IllegalArgumentException(operator + " is no step by itself");
        }
    }

    /** The same elements in row-major order without gaps; the array itself if it is so already. */
    public static NdArray contiguous(NdArray array) {
        if (array.layout().isContiguous()) {
            return array;
        }
        NdArray copy = NdArray.zeros(array.dtype(), array.shape());
        copy(array, copy);
        return copy;
    }

    /** Copies elements from one array to another of the same shape, converting the type. */
    public static void copy(NdArray from, NdArray to) {
        PreparedKernel kernel = COPIES[from.dtype().ordinal()][to.dtype().ordinal()];
        ElementwiseExecutor.run(kernel, new NdArray[] {from}, new NdArray[] {to});
    }

    /** Writes one number, converted to the element type, to all elements. */
    public static void fill(NdArray to, double element) {
        copy(
                NdArray.scalar(to.dtype(), element)
                        .view(Layout.contiguous(Shape.SCALAR).expand(to.shape())),
                to);
    }

    private static PreparedKernel[][] copies() {
        DType[] types = DType.values();
        PreparedKernel[][] copies = new PreparedKernel[types.length][types.length];
        for (DType from : types) {
            for (DType to : types) {
                Expr value = Expr.input(0, from).cast(to);
                copies[from.ordinal()][to.ordinal()] = PreparedKernel.of(Kernel.of(List.of(from), List.of(value)));
            }
        }
        return copies;
    }

    private record Execution(List<TensorType> types, NdArray[] operands) implements OperatorVisitor<NdArray> {
        @Override
        public NdArray visit(Elementwise operator) {
            if (areAlike()) {
                // they fit each other, and what else is asked of them depends on their types alone
                PreparedElementwise prepared = PreparedElementwise.of(operator, types);
                NdArray result = NdArray.zeros(prepared.result(), operands[0].shape());
                ElementwiseExecutor.runAlike(prepared.kernel(), operands, result);
                return result;
            }
            TensorType type = operator.infer(types);
            NdArray result = NdArray.zeros(type.dtype(), type.shape());
            PreparedKernel kernel = PreparedElementwise.of(operator, types).kernel();
            ElementwiseExecutor.run(kernel, broadcast(type.shape()), new NdArray[] {result});
            return result;
        }

        @Override
        public NdArray visit(Reduction operator) {
            TensorType type = operator.infer(types);
            Shape domain = operator.domain(types);
            int count = operator.count(domain);
            NdArray result = NdArray.zeros(type.dtype(), type.shape());
            NdArray kept = result.view(Layout.contiguous(operator.kept(domain)));
            Computation computation = Computation.of(operator, count, types);
            PreparedReduction kernel = REDUCTIONS.get(computation);
            if (kernel == null) {
                kernel = computation.remember(REDUCTIONS, PreparedReduction.of(operator.kernel(types, count)));
            }
            ReductionExecutor.run(kernel, broadcast(domain), operator.reduced(domain), kept);
            return result;
        }

        @Override
        public NdArray visit(View operator) {
            NdArray operand = operands[0];
            return operator.view(operand.layout()).map(operand::view).orElseGet(() -> {
                NdArray contiguous = contiguous(operand);
                return contiguous.view(operator.view(contiguous.layout()).orElseThrow());
            });
        }

        @Override
        public NdArray visit(Assembly operator) {
            TensorType type = operator.infer(types);
            NdArray result = NdArray.zeros(type.dtype(), type.shape());
            for (int i = 0; i < operands.length; i++) {
                copy(operands[i], result.view(operator.place(i, types, result.layout())));
            }
            return result;
        }

        @Override
        public NdArray visit(Indexed operator) {
            return alone(operator);
        }

        @Override
        public NdArray visit(Scan operator) {
            return alone(operator);
        }

        @Override
        public NdArray visit(Opaque operator) {
            return alone(operator);
        }

        private NdArray alone(Operator operator) {
            TensorType type = operator.infer(types);
            NdArray result = NdArray.zeros(type.dtype(), type.shape());
            execute(operator, operands, result);
            return result;
        }

        @Override
        public NdArray visit(Contraction operator) {
            TensorType type = operator.infer(types);
            NdArray result = NdArray.zeros(type.dtype(), type.shape());
            ContractionExecutor.multiply(operands[0], operands[1], result);
            return result;
        }

        @Override
        public NdArray visit(Composite operator) {
            // what the whole refuses its parts might compute
            operator.infer(types);
            Value[] values = new Value[operands.length];
            for (int i = 0; i < values.length; i++) {
                values[i] = new Value(types.get(i), operands[i]);
            }
            return operator.decompose(ArrayOps.INSTANCE, List.of(values)).array();
        }

        /** Whether all are of one shape, with nothing between their elements. */
        private boolean areAlike() {
            Shape shape = operands[0].shape();
            for (NdArray operand : operands) {
                if (!operand.layout().isContiguous() || !operand.shape().equals(shape)) {
                    return false;
                }
            }
            return true;
        }

        private NdArray[] broadcast(Shape shape) {
            NdArray[] expanded = operands;
            for (int i = 0; i < operands.length; i++) {
                if (!operands[i].shape().equals(shape)) {
                    expanded = expanded == operands ? operands.clone() : expanded;
                    expanded[i] = operands[i].view(operands[i].layout().expand(shape));
                }
            }
            return expanded;
        }
    }

    /** An array with its full type. */
    private record Value(TensorType type, NdArray array) {}

    /** Decompositions on arrays. */
    private enum ArrayOps implements Ops<Value> {
        INSTANCE;

        @Override
        public Value apply(Operator operator, List<Value> operands) {
            List<TensorType> types = operands.stream().map(Value::type).toList();
            NdArray[] arrays = operands.stream().map(Value::array).toArray(NdArray[]::new);
            NdArray result = execute(operator, types, arrays);
            return new Value(result.type(), result);
        }

        @Override
        public TensorType type(Value value) {
            return value.type();
        }

        @Override
        public Value number(double value) {
            NdArray array = NdArray.scalar(DType.FLOAT64, value);
            return new Value(new TensorType(DType.FLOAT64, Shape.SCALAR, true), array);
        }
    }
}
