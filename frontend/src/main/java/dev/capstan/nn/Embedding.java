// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.F;
import dev.capstan.Generator;
import dev.capstan.GradMode;
import dev.capstan.Tensor;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import java.util.OptionalInt;

/**
 * A vector for each index, learned: indices of any shape, int64 or int32, to the same shape with the width behind. At first
 * the vectors are normal numbers. See {@link F#embedding(Tensor, Tensor)}; PyTorch's {@code torch.nn.Embedding}.
 */
public final class Embedding extends Module<Tensor, Tensor> {
    private final Parameter weight;
    private final OptionalInt padding;

    /** Vectors of a width for indices from 0 to below a count. */
    public Embedding(int count, int width) {
        this(count, width, OptionalInt.empty());
    }

    /**
     * The same with one index that means nothing: its vector starts as zeros and gets no gradient.
     *
     * @param padding the index, negative from the end
     * @throws CapstanException if it is out of range
     */
    public Embedding(int count, int width, int padding) {
        this(count, width, OptionalInt.of(padding));
        if (padding < -count || padding >= count) {
            throw new CapstanException("embedding", "padding index out of range", padding + " for " + weight.shape());
        }
        try (GradMode.Scope off = GradMode.noGrad()) {
            weight.select(0, padding < 0 ? padding + count : padding).zero_();
        }
    }

    private Embedding(int count, int width, OptionalInt padding) {
        this.weight = new Parameter(Generator.standard().normal(DType.FLOAT32, count, width));
        this.padding = padding;
    }

    /** The vectors, {@code [count, width]}. */
    public Parameter weight() {
        return weight;
    }

    @Override
    protected Tensor forward(Tensor index) {
        return padding.isEmpty() ? F.embedding(index, weight) : F.embedding(index, weight, padding.getAsInt());
    }
}
