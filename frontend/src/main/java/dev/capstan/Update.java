// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.eager.ElementwiseExecutor;
import dev.capstan.runtime.eager.PreparedKernel;
import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.op.Formula;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * An element-wise computation over tensors of one type and shape that overwrites some of them, all in one pass and off the
 * tape: the rule of an optimizer.
 */
public final class Update {
    private final DType dtype;
    private final int tensors;
    private final PreparedKernel kernel;
    private final Formula[] formulas;

    private Update(DType dtype, int tensors, Kernel kernel) {
        this.dtype = dtype;
        this.tensors = tensors;
        this.kernel = PreparedKernel.of(kernel);
        this.formulas = new Formula[kernel.outputs().size()];
        Arrays.setAll(formulas, output -> new Formula(kernel, output));
    }

    /**
     * An update.
     *
     * @param dtype the type of the tensors
     * @param tensors how many tensors it takes
     * @param numbers how many numbers it takes, after the tensors, converted to the type
     * @param rule the new values of the first tensors
     */
    public static Update of(DType dtype, int tensors, int numbers, Function<List<Expr>, List<Expr>> rule) {
        List<DType> inputs = new ArrayList<>();
        List<Expr> operands = new ArrayList<>();
        for (int i = 0; i < tensors + numbers; i++) {
            DType type = i < tensors ? dtype : DType.FLOAT64;
            inputs.add(type);
            operands.add(Expr.input(i, type).cast(dtype));
        }
        return new Update(dtype, tensors, Kernel.of(inputs, rule.apply(operands)));
    }

    /** Numbers in the form in which updates take them. */
    public static List<Tensor> numbers(double... values) {
        Tensor[] numbers = new Tensor[values.length];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = Tensor.scalar(values[i]);
        }
        return List.of(numbers);
    }

    /**
     * Makes the update.
     *
     * @param operands in the order of the rule's, all of the update's type and one shape
     * @param numbers 0-d float64 tensors
     * @throws CapstanException if types, shapes or counts differ, or an inference tensor would be changed outside of inference
     *     mode; then nothing is changed
     */
    public void run(List<Tensor> operands, List<Tensor> numbers) {
        verify(operands, numbers);
        Region region = Region.current();
        if (region == null) {
            execute(operands, numbers);
            return;
        }
        Tensor[] all = new Tensor[operands.size() + numbers.size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = i < tensors ? operands.get(i) : numbers.get(i - tensors);
        }
        try (GradMode.Scope off = GradMode.noGrad()) {
            region.update(this, all);
        }
    }

    /** One operator for each tensor that is changed, in order. */
    Formula[] formulas() {
        return formulas;
    }

    /** The same for tensors and numbers together. */
    void execute(Tensor[] all) {
        List<Tensor> operands = List.of(all);
        execute(operands.subList(0, tensors), operands.subList(tensors, all.length));
    }

    private void verify(List<Tensor> operands, List<Tensor> numbers) {
        if (operands.size() != tensors
                || operands.size() + numbers.size()
                        != formulas[0].kernel().inputs().size()) {
            throw new CapstanException(
                    "update", "number of operands", operands.size() + " tensors and " + numbers.size() + " numbers");
        }
        Shape shape = operands.get(0).shape();
        for (int i = 0; i < operands.size(); i++) {
            Tensor operand = operands.get(i);
            if (operand.dtype() != dtype || !operand.shape().equals(shape)) {
                throw new CapstanException(
                        "update", "operands differ in type", operand.type() + " with " + dtype + shape);
            }
        }
        for (int i = 0; i < formulas.length && !GradMode.isInferenceMode(); i++) {
            if (operands.get(i).isInference()) {
                throw new CapstanException(
                        "update",
                        "an inference tensor is changed in place outside of inference mode; copy it first",
                        operands.get(i).type().toString());
            }
        }
    }

    /** Makes the update now. */
    void execute(List<Tensor> operands, List<Tensor> numbers) {
        Shape shape = operands.get(0).shape();
        NdArray[] inputs = new NdArray[tensors + numbers.size()];
        NdArray[] outputs = new NdArray[formulas.length];
        for (int i = 0; i < inputs.length; i++) {
            inputs[i] = i < tensors ? operands.get(i).values() : stretched(numbers.get(i - tensors), shape);
        }
        System.arraycopy(inputs, 0, outputs, 0, outputs.length);
        for (NdArray output : outputs) {
            Region.beforeWrite(output.storage());
        }
        ElementwiseExecutor.run(kernel, inputs, outputs);
        operands.subList(0, outputs.length).forEach(Tensor::wrote);
    }

    private static NdArray stretched(Tensor number, Shape shape) {
        NdArray array = number.values();
        Layout layout = array.layout().expand(shape);
        return array.view(layout);
    }
}
