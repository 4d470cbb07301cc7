// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import java.util.EnumMap;
import java.util.Map;

/** The works that are compared, against whom, and how much of their time ours may take. */
public enum Works {
    /** See {@link FeedForward}. */
    TWO_LAYER("two-layer, SGD, 64 x 1000 x 100 x 10", FeedForward.twoLayer(), bars(0.42, 0.65)),
    /** See {@link FeedForward}. */
    DYNAMIC_NET("DynamicNet, momentum, depths 0 to 3", FeedForward.dynamicNet(), bars(0.36, 0.55)),
    /** See {@link Recurrent}. */
    DYNAMIC_RNN("dynamic RNN, lengths 10, 20, 30, Adam", Recurrent.sines(), bars(0.01, 0.03)),
    /** See {@link LongShortTerm}. */
    LSTM("LSTM cell by hand, 30 x 32, 128 to 128, forward and backward", LongShortTerm.layer(), bars(0.40, 0.65)),
    /** See {@link EncoderLayer}. */
    ENCODER_LAYER("transformer layer, 8 x 64 x 128, forward and backward", EncoderLayer.standard(), bars(0.65, 0.80)),
    /** See {@link Perceptron}. */
    PERCEPTRON("784-256-256-10, batch 1, forward", Perceptron.single(), Map.of(Peer.LIBTORCH, 0.30)),
    /** See {@link Trees}. */
    TREE_LSTM(
            "tree-LSTM, 8 expressions, Adam",
            Trees.expressions(),
            Map.of(Peer.CAPSTAN_EAGER, 0.5, Peer.LIBTORCH, 0.2)),
    /** See {@link Product}. */
    PRODUCT_64_1000_100("matmul 64 x 1000 x 100", Product.of(64, 1000, 100), blas(1)),
    /** See {@link Product}. */
    PRODUCT_1000_64_100("matmul 1000 x 64 x 100, left transposed", new Product(1000, 64, 100, true, false), blas(1)),
    /** See {@link Product}. */
    PRODUCT_256("matmul 256 x 256 x 256", Product.of(256, 256, 256), blas(1)),
    /** See {@link Product}. */
    PRODUCT_128_512_512("matmul 128 x 512 x 512", Product.of(128, 512, 512), blas(1)),
    /** See {@link Product}. */
    PRODUCT_1024("matmul 1024 x 1024 x 1024", Product.of(1024, 1024, 1024), blas(1.15)),
    /** See {@link Product}. */
    PRODUCT_10_32_32("matmul 10 x 32 x 32", Product.of(10, 32, 32), blas(1)),
    /** See {@link Product}. */
    PRODUCT_30_32_32("matmul 30 x 32 x 32", Product.of(30, 32, 32), blas(1)),
    /** See {@link Product}. */
    PRODUCT_64_100_10("matmul 64 x 100 x 10", Product.of(64, 100, 10), blas(1)),
    /** See {@link Product}. */
    PRODUCT_1_32_32("matmul 1 x 32 x 32", Product.of(1, 32, 32), blas(1.3)),
    /** See {@link Operation}. */
    SOFTMAX("softmax 1024 x 1024", new Operation(Operation.Kind.SOFTMAX, 1024, 1024), torch(0.8)),
    /** See {@link Operation}. */
    LAYER_NORM("layer norm 1024 x 1024", new Operation(Operation.Kind.LAYER_NORM, 1024, 1024), torch(0.8)),
    /** See {@link Operation}. */
    SUM("sum of 1,000,000", new Operation(Operation.Kind.SUM, 1_000_000), torch(0.8)),
    /** See {@link Operation}. */
    TRANSPOSE("transpose 1024 x 1024", new Operation(Operation.Kind.TRANSPOSE, 1024, 1024), torch(0.8)),
    /** See {@link Operation}. */
    CHAIN_10_000("ten operators on 10,000", new Operation(Operation.Kind.CHAIN, 10_000), torch(0.15)),
    /** See {@link Operation}. */
    CHAIN_1_000_000("ten operators on 1,000,000", new Operation(Operation.Kind.CHAIN, 1_000_000), torch(0.1)),
    /** See {@link Operation}. */
    ARITHMETIC_10_000("ten of arithmetic on 10,000", new Operation(Operation.Kind.ARITHMETIC, 10_000), gcc(1.3)),
    /** See {@link Operation}. */
    ARITHMETIC_1_000_000(
            "ten of arithmetic on 1,000,000", new Operation(Operation.Kind.ARITHMETIC, 1_000_000), gcc(1.2)),
    /** See {@link Operation}. */
    ARITHMETIC_10_000_000(
            "ten of arithmetic on 10,000,000", new Operation(Operation.Kind.ARITHMETIC, 10_000_000), gcc(1.2));

    private final String title;
    private final Work work;
    private final Map<Peer, Double> bars;

    Works(String title, Work work, Map<Peer, Double> bars) {
        this.title = title;
        this.work = work;
        this.bars = new EnumMap<>(bars);
    }

    private static Map<Peer, Double> bars(double libtorch, double tensorFlow) {
        return Map.of(Peer.LIBTORCH, libtorch, Peer.TENSORFLOW, tensorFlow);
    }

    private static Map<Peer, Double> torch(double bar) {
        return Map.of(Peer.LIBTORCH, bar);
    }

    private static Map<Peer, Double> gcc(double bar) {
        return Map.of(Peer.GCC, bar);
    }

    private static Map<Peer, Double> blas(double bar) {
        return Map.of(Peer.OPENBLAS, bar);
    }

    /** What it is, for a table. */
    String title() {
        return title;
    }

    /** What to compute. */
    Work work() {
        return work;
    }

    /** Against whom, and the largest ratio of our time to theirs that is good enough. */
    Map<Peer, Double> bars() {
        return bars;
    }
}
