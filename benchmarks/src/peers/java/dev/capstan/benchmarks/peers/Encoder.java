// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import dev.capstan.F;
import dev.capstan.Tensor;
import dev.capstan.nn.LayerNorm;
import dev.capstan.nn.Linear;
import dev.capstan.nn.Module;

/** {@link EncoderLayer} as a module of ours. */
final class Encoder extends Module<Tensor, Tensor> {
    private final Linear asked = new Linear(EncoderLayer.WIDTH, 3 * EncoderLayer.WIDTH);
    private final Linear seen = new Linear(EncoderLayer.WIDTH, EncoderLayer.WIDTH);
    private final LayerNorm afterAttention = new LayerNorm(EncoderLayer.WIDTH);
    private final Linear wide = new Linear(EncoderLayer.WIDTH, EncoderLayer.INNER);
    private final Linear narrow = new Linear(EncoderLayer.INNER, EncoderLayer.WIDTH);
    private final LayerNorm afterThought = new LayerNorm(EncoderLayer.WIDTH);

    @Override
    protected Tensor forward(Tensor x) {
        Tensor all = asked.apply(x);
        Tensor attention = F.scaledDotProductAttention(heads(all, 0), heads(all, 1), heads(all, 2), false);
        Tensor attended = seen.apply(attention
                .transpose(1, 2)
                .reshape(EncoderLayer.BATCH, EncoderLayer.TIME, EncoderLayer.WIDTH));
        Tensor features = afterAttention.apply(x.add(attended));
        return afterThought.apply(
                features.add(narrow.apply(wide.apply(features).relu())));
    }

    private static Tensor heads(Tensor all, int third) {
        return all.narrow(2, third * EncoderLayer.WIDTH, EncoderLayer.WIDTH)
                .reshape(
                        EncoderLayer.BATCH,
                        EncoderLayer.TIME,
                        EncoderLayer.HEADS,
                        EncoderLayer.WIDTH / EncoderLayer.HEADS)
                .transpose(1, 2);
    }
}
