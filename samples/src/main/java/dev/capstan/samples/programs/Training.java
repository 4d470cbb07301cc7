// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

import dev.capstan.Tensor;
import java.util.List;
import java.util.Map;

/** A model with its data and its optimizer. */
public non-sealed interface Training extends Program {
    /** The number of steps to train. */
    int steps();

    /**
     * Trains one step.
     *
     * @param index the step's number from 0; steps are taken in order
     * @return the loss before the step's update
     */
    double step(int index);

    /** What is learned, by name. */
    Map<String, Tensor> parameters();

    /** What there is to say when all steps are done; empty if the losses say it all. */
    default String closing() {
        return "";
    }

    /** What there is to plot of the steps so far; empty if the losses say it all. */
    default List<Curve> curves() {
        return List.of();
    }
}
