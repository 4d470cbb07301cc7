// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.eager.OperatorExecutor;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.op.Cat;
import dev.capstan.runtime.op.Clone;
import dev.capstan.runtime.op.Expand;
import dev.capstan.runtime.op.Stack;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;

/** How tensors are made of elements, of numbers, at random, and of one another. */
abstract class TensorCreation {
    abstract Tensor self();

    /** A float32 tensor of these elements in row-major order; without sizes a vector. */
    public static Tensor of(float[] elements, int... sizes) {
        return wrap(DType.FLOAT32, elements.clone(), elements.length, sizes);
    }

    /** A float64 tensor of these elements in row-major order; without sizes a vector. */
    public static Tensor of(double[] elements, int... sizes) {
        return wrap(DType.FLOAT64, elements.clone(), elements.length, sizes);
    }

    /** An int64 tensor of these elements in row-major order; without sizes a vector. */
    public static Tensor of(long[] elements, int... sizes) {
        return wrap(DType.INT64, elements.clone(), elements.length, sizes);
    }

    /** An int32 tensor of these elements in row-major order; without sizes a vector. */
    public static Tensor of(int[] elements, int... sizes) {
        return wrap(DType.INT32, elements.clone(), elements.length, sizes);
    }

    /** A bool tensor of these elements in row-major order; without sizes a vector. */
    public static Tensor of(boolean[] elements, int... sizes) {
        byte[] bytes = new byte[elements.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (elements[i] ? 1 : 0);
        }
        return wrap(DType.BOOL, bytes, bytes.length, sizes);
    }

    private static Tensor wrap(DType dtype, Object array, int length, int[] sizes) {
        Shape shape = sizes.length == 0 ? Shape.of(length) : Shape.of(sizes);
        if (shape.elements() != length) {
            throw new CapstanException("tensor", "number of elements differs from the shape", length + " for " + shape);
        }
        return new Tensor(new NdArray(Storage.of(dtype, array), Layout.contiguous(shape)));
    }

    /** A 0-d float32 tensor. */
    public static Tensor scalar(float element) {
        return new Tensor(NdArray.scalar(DType.FLOAT32, element));
    }

    /** A 0-d float64 tensor. */
    public static Tensor scalar(double element) {
        return new Tensor(NdArray.scalar(DType.FLOAT64, element));
    }

    /** Float32 zeros. */
    public static Tensor zeros(int... sizes) {
        return zeros(DType.FLOAT32, sizes);
    }

    /** Zeros of a type. */
    public static Tensor zeros(DType dtype, int... sizes) {
        Shape shape = Shape.of(sizes);
        return Region.current() == null
                ? new Tensor(NdArray.zeros(dtype, shape))
                : repeated(NdArray.scalar(dtype, 0), shape);
    }

    /** One element everywhere, as a value of a compiled region: writes to it are writes to something of the region's own. */
    private static Tensor repeated(NdArray element, Shape shape) {
        TensorOps ops = TensorOps.INSTANCE;
        return Clone.clone(ops, Expand.expand(ops, new Tensor(element), shape));
    }

    /** The numbers from 0 up to but not including a bound, int64. */
    public static Tensor arange(long end) {
        return arange(0, end, 1);
    }

    /**
     * The numbers {@code start, start + step, ...} up to but not including a bound, int64.
     *
     * @throws CapstanException if the steps do not lead to the bound
     */
    public static Tensor arange(long start, long end, long step) {
        if (step == 0 || (end - start) * Long.signum(step) < 0) {
            throw new CapstanException(
                    "arange", "the steps do not lead to the end", start + " to " + end + " by " + step);
        }
        long[] numbers = new long[Math.toIntExact((end - start + step - Long.signum(step)) / step)];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = start + i * step;
        }
        return of(numbers);
    }

    /** Float32 ones. */
    public static Tensor ones(int... sizes) {
        return full(DType.FLOAT32, 1, sizes);
    }

    /** One number everywhere. */
    public static Tensor full(DType dtype, double element, int... sizes) {
        Shape shape = Shape.of(sizes);
        return Region.current() == null
                ? filled(dtype, element, shape)
                : repeated(NdArray.scalar(dtype, element), shape);
    }

    static Tensor filled(DType dtype, double element, Shape shape) {
        NdArray filled = NdArray.zeros(dtype, shape);
        OperatorExecutor.fill(filled, element);
        filled.storage().made();
        return new Tensor(filled);
    }

    /** Float32 numbers of the standard {@link Generator}, equally likely from 0 (inclusive) to 1 (exclusive). */
    public static Tensor rand(int... sizes) {
        return Generator.standard().uniform(DType.FLOAT32, 0, 1, sizes);
    }

    /** Float32 normal numbers of the standard {@link Generator}, with mean 0 and deviation 1. */
    public static Tensor randn(int... sizes) {
        return Generator.standard().normal(sizes);
    }

    /** {@link #rand} in this tensor's floating type and shape. */
    public final Tensor randLike() {
        return Generator.standard().uniform(self().dtype(), 0, 1, self().shape().sizes());
    }

    /** {@link #randn} in this tensor's floating type and shape. */
    public final Tensor randnLike() {
        return Generator.standard().normal(self().dtype(), self().shape().sizes());
    }

    /**
     * Ones, each with the probability that the tensor has in its place, else zeros; off the tape, because their gradient is 0
     * everywhere. The probabilities are read.
     *
     * @throws CapstanException if one is not between 0 and 1; then nothing is drawn
     */
    public final Tensor bernoulli() {
        for (double probability : self().toDoubleArray()) {
            Generator.verifyProbability("bernoulli", probability);
        }
        try (GradMode.Scope direct = Region.suspend()) {
            return randLike().lt(self().detach()).to(self().dtype());
        }
    }

    /** Zeros of this tensor's type and shape. */
    public final Tensor zerosLike() {
        return new Tensor(NdArray.zeros(self().dtype(), self().shape()));
    }

    /** Ones of this tensor's type and shape. */
    public final Tensor onesLike() {
        return filled(self().dtype(), 1, self().shape());
    }

    /** Operands put one after another along a dimension. */
    public static Tensor cat(List<? extends Tensor> operands, int dimension) {
        return Cat.cat(TensorOps.INSTANCE, List.copyOf(operands), dimension);
    }

    /** Operands of one shape put side by side along a new dimension. */
    public static Tensor stack(List<? extends Tensor> operands, int dimension) {
        return Stack.stack(TensorOps.INSTANCE, List.copyOf(operands), dimension);
    }

    /** A Java number as an operand: it promotes only across categories of types. */
    static Tensor number(Number number) {
        boolean integral = number instanceof Integer
                || number instanceof Long
                || number instanceof Short
                || number instanceof Byte;
        DType dtype = integral ? DType.INT64 : DType.FLOAT64;
        NdArray array = NdArray.scalar(dtype, number.doubleValue());
        if (integral) {
            ((long[]) array.storage().array())[0] = number.longValue();
        }
        return Tensor.ofType(array, new TensorType(dtype, Shape.SCALAR, true));
    }
}
