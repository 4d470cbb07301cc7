// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A node of the tape: it turns gradients of what an operator gave into gradients of what the operator took. */
public abstract class Node {
    private static final AtomicLong CLOCK = new AtomicLong();

    private final long sequence;

    Node(long sequence) {
        this.sequence = sequence;
    }

    /** Takes numbers for nodes that are created now, in order; the first of them. */
    static long reserve(int nodes) {
        return CLOCK.getAndAdd(nodes);
    }

    /** The node's place in creation order: backward visits later nodes first. */
    long sequence() {
        return sequence;
    }

    /** What PyTorch calls the node, without the number: {@code TanhBackward}. */
    public abstract String name();

    /**
     * The nodes that receive this node's gradients, one entry an operand, null for operands without a gradient (PyTorch's
     * {@code next_functions}).
     */
    public List<@Nullable Edge> nextFunctions() {
        return Collections.unmodifiableList(Arrays.asList(edges().clone()));
    }

    /** The tensor into which an {@code AccumulateGrad} adds; null for every other node. */
    public @Nullable Tensor variable() {
        return null;
    }

    /** The edges, not copied. */
    abstract @Nullable Edge[] edges();

    /** Number of gradients that the node takes: the outputs of what it stands for. */
    int inputs() {
        return 1;
    }

    /**
     * Sends gradients on.
     *
     * @param gradients for each input the gradient or null if none arrived
     * @param pass the pass that this is part of
     */
    abstract void backward(@Nullable Tensor[] gradients, BackwardPass pass);

    /** Drops what was saved for the backward pass. */
    void release() {}

    @Override
    public String toString() {
        return name();
    }
}
