// SPDX-License-Identifier: Apache-2.0
package dev.capstan.optim;

import dev.capstan.Tensor;
import dev.capstan.runtime.eager.ElementwiseExecutor;
import dev.capstan.runtime.eager.PreparedKernel;
import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** A rule by which parameters follow their gradients. Parameters without a gradient are left alone. */
public abstract class Optimizer {
    private final List<Tensor> parameters;

    /** An optimizer of these leaves. */
    Optimizer(List<? extends Tensor> parameters) {
        this.parameters = List.copyOf(parameters);
        for (Tensor parameter : this.parameters) {
            if (!parameter.isLeaf() || !parameter.requiresGrad()) {
                throw new CapstanException(
                        "optimizer",
                        "a parameter is not a leaf that requires a gradient",
                        parameter.shape().toString());
            }
        }
    }

    /** Changes every parameter that has a gradient. */
    public final void step() {
        for (int i = 0; i < parameters.size(); i++) {
            Tensor gradient = parameters.get(i).grad();
            if (gradient != null) {
                update(i, parameters.get(i), gradient);
            }
        }
    }

    /** Changes one parameter. */
    abstract void update(int index, Tensor parameter, Tensor gradient);

    /** Forgets all gradients. */
    public final void zeroGrad() {
        zeroGrad(true);
    }

    /** Forgets all gradients, or fills them with zeros. */
    public final void zeroGrad(boolean setToNone) {
        for (Tensor parameter : parameters) {
            Tensor gradient = parameter.grad();
            if (setToNone) {
                parameter.setGrad(null);
            } else if (gradient != null) {
                parameter.setGrad(gradient.detach());
                parameter.grad().zero_();
            }
        }
    }

    /** The number of parameters. */
    final int size() {
        return parameters.size();
    }

    static double requireNotNegative(String name, double value) {
        if (!(value >= 0) || Double.isInfinite(value)) {
            throw new CapstanException("optimizer", name + " is not a finite number from 0 on", Double.toString(value));
        }
        return value;
    }

    static double requireFraction(String name, double value) {
        if (!(value >= 0 && value < 1)) {
            throw new CapstanException("optimizer", name + " is not from 0 to below 1", Double.toString(value));
        }
        return value;
    }

    /**
     * One update as a kernel over arrays and numbers, all changed arrays written in the same pass.
     *
     * @param dtype the type of the arrays
     * @param arrays how many arrays it takes; the first {@code changed} of them it overwrites
     * @param numbers how many numbers it takes, after the arrays, converted to the type
     * @param rule the new values of the changed arrays
     */
    record Update(DType dtype, int arrays, int changed, int numbers, PreparedKernel kernel) {
        static Update of(DType dtype, int arrays, int changed, int numbers, Function<List<Expr>, List<Expr>> rule) {
            List<DType> inputs = new ArrayList<>();
            List<Expr> operands = new ArrayList<>();
            for (int i = 0; i < arrays + numbers; i++) {
                DType type = i < arrays ? dtype : DType.FLOAT64;
                inputs.add(type);
                operands.add(Expr.input(i, type).cast(dtype));
            }
            return new Update(
                    dtype, arrays, changed, numbers, PreparedKernel.of(Kernel.of(inputs, rule.apply(operands))));
        }

        /** Runs the update; the order of the arrays is that of the rule's operands. */
        void run(NdArray[] operands, double... values) {
            NdArray[] inputs = new NdArray[arrays + numbers];
            NdArray[] outputs = new NdArray[changed];
            Shape shape = operands[0].shape();
            for (int i = 0; i < arrays; i++) {
                inputs[i] = operands[i];
            }
            for (int i = 0; i < changed; i++) {
                outputs[i] = operands[i];
            }
            for (int i = 0; i < numbers; i++) {
                NdArray number = NdArray.scalar(DType.FLOAT64, values[i]);
                inputs[arrays + i] = number.view(Layout.contiguous(Shape.SCALAR).expand(shape));
            }
            ElementwiseExecutor.run(kernel, inputs, outputs);
        }
    }
}
