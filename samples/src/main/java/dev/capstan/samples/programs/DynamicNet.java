// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

import dev.capstan.Compile;
import dev.capstan.Tensor;
import dev.capstan.nn.Key;
import dev.capstan.nn.Linear;
import dev.capstan.nn.Module;

/**
 * A network that applies its middle layer as often as it is told: {@code [n, in]} to {@code [n, out]}. The loop is plain
 * Java, and the middle layer's weights are shared by all rounds. One shape of the data, yet a different graph for each
 * depth: every depth is a path of its own.
 */
@Compile
public final class DynamicNet extends Module<DynamicNet.Input, Tensor> {
    @Key("input_linear")
    private final Linear inputLinear;

    @Key("middle_linear")
    private final Linear middleLinear;

    @Key("output_linear")
    private final Linear outputLinear;

    /**
     * What the network takes.
     *
     * @param x the data, {@code [n, in]}
     * @param depth how often the middle layer is applied, from 0 on
     */
    public record Input(Tensor x, int depth) {}

    /** A network for these sizes. */
    public DynamicNet(int in, int hidden, int out) {
        inputLinear = new Linear(in, hidden);
        middleLinear = new Linear(hidden, hidden);
        outputLinear = new Linear(hidden, out);
    }

    @Override
    protected Tensor forward(Input input) {
        Tensor hidden = inputLinear.apply(input.x()).clampMin(0);
        for (int i = 0; i < input.depth(); i++) {
            hidden = middleLinear.apply(hidden).clampMin(0);
        }
        return outputLinear.apply(hidden);
    }
}
