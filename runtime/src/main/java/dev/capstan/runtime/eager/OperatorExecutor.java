// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.op.Assembly;
import dev.capstan.runtime.op.Composite;
import dev.capstan.runtime.op.Contraction;
import dev.capstan.runtime.op.Elementwise;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.op.OperatorVisitor;
import dev.capstan.runtime.op.Ops;
import dev.capstan.runtime.op.Reduction;
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
    /** Enough for any model; a program that makes up attributes for ever only loses the reuse. */
    private static final int KERNEL_LIMIT = 4096;

    private static final Map<Computation, PreparedKernel> KERNELS = new ConcurrentHashMap<>();

    private OperatorExecutor() {}

    /** What decides an element-wise kernel. */
    private record Computation(Elementwise operator, List<TypeClass> operands) {}

    /** What promotion looks at. */
    private record TypeClass(DType dtype, boolean scalar, boolean wrapped) {
        static TypeClass of(TensorType type) {
            return new TypeClass(type.dtype(), type.shape().rank() == 0, type.wrapped());
        }
    }

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
        Expr value = Expr.input(0, from.dtype()).cast(to.dtype());
        Kernel kernel = Kernel.of(List.of(from.dtype()), List.of(value));
        ElementwiseExecutor.run(kernel, new NdArray[] {from}, new NdArray[] {to});
    }

    private record Execution(List<TensorType> types, NdArray[] operands) implements OperatorVisitor<NdArray> {
        @Override
        public NdArray visit(Elementwise operator) {
            TensorType type = operator.infer(types);
            NdArray result = NdArray.zeros(type.dtype(), type.shape());
            ElementwiseExecutor.run(kernel(operator), broadcast(type.shape()), new NdArray[] {result});
            return result;
        }

        private PreparedKernel kernel(Elementwise operator) {
            Computation computation =
                    new Computation(operator, types.stream().map(TypeClass::of).toList());
            PreparedKernel kernel = KERNELS.get(computation);
            if (kernel == null) {
                kernel = PreparedKernel.of(operator.kernel(types));
                if (KERNELS.size() < KERNEL_LIMIT) {
                    KERNELS.put(computation, kernel);
                }
            }
            return kernel;
        }

        @Override
        public NdArray visit(Reduction operator) {
            TensorType type = operator.infer(types);
            Shape domain = operator.domain(types);
            NdArray result = NdArray.zeros(type.dtype(), type.shape());
            NdArray kept = result.view(Layout.contiguous(operator.kept(domain)));
            ReductionExecutor.run(
                    operator.kernel(types, operator.count(domain)), broadcast(domain), operator.reduced(domain), kept);
            return result;
        }

        @Override
        public NdArray visit(View operator) {
            NdArray operand = operands[0];
            operand.storage().share();
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

        private NdArray[] broadcast(Shape shape) {
            NdArray[] expanded = new NdArray[operands.length];
            for (int i = 0; i < expanded.length; i++) {
                NdArray operand = operands[i];
                expanded[i] = operand.shape().equals(shape)
                        ? operand
                        : operand.view(operand.layout().expand(shape));
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
