// SPDX-License-Identifier: Apache-2.0
package dev.capstan.optim;

import dev.capstan.Tensor;
import dev.capstan.runtime.type.CapstanException;
import java.util.Arrays;
import java.util.List;

/** A rule by which parameters follow their gradients. Parameters without a gradient are left alone. */
public abstract class Optimizer {
    private final List<Tensor> parameters;
    private double lr = 1e-3;
    /** The rate that schedules begin with; NaN before there is one. */
    private double initialLr = Double.NaN;

    private double[] numbers = {};
    private List<Tensor> numberTensors = List.of();

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

    /** The learning rate of the next step. */
    public final double lr() {
        return lr;
    }

    final void setLr(double rate) {
        lr = requireNotNegative("lr", rate);
    }

    /** The rate of which all schedules of this optimizer take their share: the one at the time of the first. */
    final double initialLr() {
        return Double.isNaN(initialLr) ? lr : initialLr;
    }

    /** Sets the first rate of a schedule, and keeps the initial one for others. */
    final void beginSchedule(double initial, double rate) {
        setLr(rate);
        initialLr = initial;
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

    /** Numbers for an {@link Update}; each is the same tensor as long as it is the same number. */
    final List<Tensor> numbers(double... values) {
        if (!Arrays.equals(values, numbers)) {
            Tensor[] tensors = new Tensor[values.length];
            for (int i = 0; i < tensors.length; i++) {
                boolean known = i < numbers.length && Double.compare(values[i], numbers[i]) == 0;
                tensors[i] = known ? numberTensors.get(i) : Tensor.scalar(values[i]);
            }
            numbers = values;
            numberTensors = List.of(tensors);
        }
        return numberTensors;
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
}
