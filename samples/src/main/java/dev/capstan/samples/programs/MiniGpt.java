// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

import dev.capstan.Compile;
import dev.capstan.F;
import dev.capstan.Tensor;
import dev.capstan.nn.Embedding;
import dev.capstan.nn.LayerNorm;
import dev.capstan.nn.Linear;
import dev.capstan.nn.Module;
import dev.capstan.nn.Parameter;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * A small transformer that says which character comes next: int64 {@code [batch, time]} to logits {@code [batch, time,
 * alphabet]}. A character sees those before it and itself. Any time up to the longest will do.
 *
 * <p>Source: Radford et al., "Language Models are Unsupervised Multitask Learners", 2019.
 */
@Compile
public final class MiniGpt extends TextModel<Tensor, Tensor> {
    private static final int BLOCKS = 2;
    private static final int HEADS = 4;

    private final int longest;
    private final Embedding characters;
    private final Parameter positions;
    private final List<Block> blocks;
    private final LayerNorm norm;
    private final Linear out;
    private final Tensor unseen;

    /**
     * A network.
     *
     * @param alphabet the number of characters
     * @param width the features of a character
     * @param longest the most characters that it can see
     */
    public MiniGpt(int alphabet, int width, int longest) {
        if (width % HEADS != 0) {
            throw new UsageException("--hidden", "no multiple of the " + HEADS + " heads", Integer.toString(width));
        }
        this.longest = longest;
        characters = new Embedding(alphabet, width);
        positions = new Parameter(Tensor.randn(longest, width).mul(0.02));
        blocks = Stream.generate(() -> new Block(width)).limit(BLOCKS).toList();
        norm = new LayerNorm(width);
        out = new Linear(width, alphabet, false);
        unseen = future(longest);
    }

    /** Minus infinity where a column is behind a row in time, else 0, {@code [time, time]}. */
    private static Tensor future(int time) {
        float[] elements = new float[time * time];
        for (int row = 0; row < time; row++) {
            for (int column = row + 1; column < time; column++) {
                elements[row * time + column] = Float.NEGATIVE_INFINITY;
            }
        }
        return Tensor.of(elements, time, time);
    }

    /** Features {@code [batch, time, width]}, and what may not be seen of them. */
    private record Sequence(Tensor features, Tensor unseen) {}

    @Override
    protected Tensor forward(Tensor text) {
        int time = text.size(1);
        Tensor now = unseen.narrow(0, 0, time).narrow(1, 0, time);
        Tensor features = characters.apply(text).add(positions.narrow(0, 0, time));
        for (Block block : blocks) {
            features = block.apply(new Sequence(features, now));
        }
        return out.apply(norm.apply(features));
    }

    @Override
    Tensor logits(Tensor text) {
        return apply(text.transpose(0, 1)).transpose(0, 1);
    }

    @Override
    UnaryOperator<Tensor> reader() {
        Deque<Tensor> seen = new ArrayDeque<>();
        return character -> {
            if (seen.size() == longest) {
                seen.removeFirst();
            }
            seen.addLast(character);
            return logits(Tensor.cat(List.copyOf(seen), 0)).narrow(0, seen.size() - 1, 1);
        };
    }

    /** Characters look at one another, then each thinks for itself; both are added to what was there. */
    private static final class Block extends Module<Sequence, Tensor> {
        private final LayerNorm before;
        private final Attention attention;
        private final LayerNorm between;
        private final Linear wide;
        private final Linear narrow;

        Block(int width) {
            before = new LayerNorm(width);
            attention = new Attention(width);
            between = new LayerNorm(width);
            wide = new Linear(width, 4 * width);
            narrow = new Linear(4 * width, width);
        }

        @Override
        protected Tensor forward(Sequence in) {
            Tensor seen = in.features().add(attention.apply(new Sequence(before.apply(in.features()), in.unseen())));
            return seen.add(narrow.apply(wide.apply(between.apply(seen)).relu()));
        }
    }

    /** Every head makes its own mean of what the characters before say, {@code softmax(q k^T / sqrt(d)) v}. */
    private static final class Attention extends Module<Sequence, Tensor> {
        private final int width;
        private final Linear asked;
        private final Linear out;

        Attention(int width) {
            this.width = width;
            asked = new Linear(width, 3 * width);
            out = new Linear(width, width);
        }

        @Override
        protected Tensor forward(Sequence in) {
            Tensor all = asked.apply(in.features());
            Tensor query = heads(all, 0);
            Tensor key = heads(all, 1);
            Tensor value = heads(all, 2);
            Tensor scores = query.matmul(key.transpose(2, 3)).mul(1 / Math.sqrt(width / (double) HEADS));
            Tensor seen = F.softmax(scores.add(in.unseen()), 3).matmul(value);
            return out.apply(seen.transpose(1, 2)
                    .reshape(in.features().size(0), in.features().size(1), width));
        }

        /** A third of the features, {@code [batch, heads, time, width / heads]}. */
        private Tensor heads(Tensor all, int third) {
            return all.narrow(2, third * width, width)
                    .reshape(all.size(0), all.size(1), HEADS, width / HEADS)
                    .transpose(1, 2);
        }
    }
}
