// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import static java.util.Objects.requireNonNull;

import dev.capstan.runtime.type.CapstanException;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A node of the tape: it turns gradients of what an operator gave into gradients of what the operator took. */
public abstract class Node {
    private static final AtomicLong CLOCK = new AtomicLong();

    private final long sequence;
    private final @Nullable String site = Anomaly.site();
    private volatile @Nullable NodeHooks hooks;

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

    /** Where in the user's code the node was made, if that was noted. */
    final @Nullable String site() {
        return site;
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

    /**
     * Lets a hook see, and replace, what this node has computed, each time that a pass has run it (PyTorch's
     * {@code Node.register_hook}).
     *
     * @return a handle that takes the hook away
     */
    public RemovableHandle registerHook(NodeHook hook) {
        return hooks().after(requireNonNull(hook, "hook"));
    }

    /**
     * Lets a hook see, and replace, what this node is about to take, each time that a pass is going to run it; hooks of
     * tensors come first (PyTorch's {@code Node.register_prehook}).
     *
     * @return a handle that takes the hook away
     */
    public RemovableHandle registerPrehook(NodePrehook hook) {
        return hooks().before(requireNonNull(hook, "hook"));
    }

    /** The tensor into which an {@code AccumulateGrad} adds; null for every other node. */
    public @Nullable Tensor variable() {
        return null;
    }

    /** The edges, not copied. */
    abstract @Nullable Edge[] edges();

    /** The hooks at this node, to which one can be added. */
    final synchronized NodeHooks hooks() {
        if (hooks == null) {
            hooks = new NodeHooks();
        }
        return hooks;
    }

    /** The hooks at this node, null if there was never one. */
    final @Nullable NodeHooks knownHooks() {
        return hooks;
    }

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

    /** That the node needs what it has dropped. */
    final CapstanException walkedAgain() {
        return new CapstanException(
                "backward",
                "the graph is walked a second time and its saved tensors are gone; call backward with retainGraph",
                name());
    }

    /** The tensors that are kept for the backward pass. */
    List<Tensor> saved() {
        return List.of();
    }

    /** Drops what was saved for the backward pass. */
    void release() {}

    @Override
    public String toString() {
        return name();
    }
}
