// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.type.CapstanException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The hooks at one node of the tape, each kind in the order in which they were registered. */
final class NodeHooks {
    private final List<AtInput> ofTensors = new CopyOnWriteArrayList<>();
    private final List<AtInput> retaining = new CopyOnWriteArrayList<>();
    private final List<Once<NodePrehook>> before = new CopyOnWriteArrayList<>();
    private final List<Once<NodeHook>> after = new CopyOnWriteArrayList<>();
    private final List<Once<Consumer<Tensor>>> afterAccumulation = new CopyOnWriteArrayList<>();

    /** A registration, which is not equal to another one of the same hook. */
    private static final class Once<H> {
        final H hook;

        Once(H hook) {
            this.hook = hook;
        }
    }

    /** The hook of the tensor whose gradient arrives at one of the node's inputs. */
    private static final class AtInput {
        final int input;
        final GradientHook hook;

        AtInput(int input, GradientHook hook) {
            this.input = input;
            this.hook = hook;
        }
    }

    private static <E> RemovableHandle add(List<E> hooks, E hook) {
        hooks.add(hook);
        return new RemovableHandle(() -> hooks.remove(hook));
    }

    RemovableHandle ofTensor(int input, GradientHook hook) {
        return add(ofTensors, new AtInput(input, hook));
    }

    /** A hook that sees the gradient after all others have changed it. */
    RemovableHandle retaining(int input, GradientHook hook) {
        return add(retaining, new AtInput(input, hook));
    }

    RemovableHandle before(NodePrehook hook) {
        return add(before, new Once<>(hook));
    }

    RemovableHandle after(NodeHook hook) {
        return add(after, new Once<>(hook));
    }

    RemovableHandle afterAccumulation(Consumer<Tensor> hook) {
        return add(afterAccumulation, new Once<>(hook));
    }

    boolean followNode() {
        return !after.isEmpty();
    }

    /** Runs the hooks of the tensors whose gradients have arrived. */
    void runOfTensors(Node node, @Nullable Tensor[] gradients) {
        ofTensors.forEach(hook -> run(node, hook, gradients));
        retaining.forEach(hook -> run(node, hook, gradients));
    }

    private static void run(Node node, AtInput at, @Nullable Tensor[] gradients) {
        Tensor gradient = gradients[at.input];
        if (gradient != null) {
            // whoever sees a gradient may keep it
            gradients[at.input] = replaced(node, gradient.shared(), at.hook.apply(gradient));
        }
    }

    void runBefore(Node node, @Nullable Tensor[] gradients) {
        for (Once<NodePrehook> once : before) {
            replace(node, gradients, once.hook.apply(shared(gradients)));
        }
    }

    void runAfter(Node node, @Nullable Tensor[] contributions, @Nullable Tensor[] gradients) {
        for (Once<NodeHook> once : after) {
            replace(node, contributions, once.hook.apply(shared(contributions), shared(gradients)));
        }
    }

    void runAfterAccumulation(Tensor leaf) {
        afterAccumulation.forEach(once -> once.hook.accept(leaf));
    }

    private static List<@Nullable Tensor> shared(@Nullable Tensor[] gradients) {
        List<@Nullable Tensor> list = new ArrayList<>(Arrays.asList(gradients));
        list.replaceAll(gradient -> gradient == null ? null : gradient.shared());
        return Collections.unmodifiableList(list);
    }

    private static void replace(Node node, @Nullable Tensor[] gradients, @Nullable List<@Nullable Tensor> given) {
        if (given == null) {
            return;
        }
        if (given.size() != gradients.length) {
            throw new CapstanException(
                    "hook",
                    "the number of gradients differs",
                    given.size() + " instead of " + gradients.length + " of " + node);
        }
        for (int i = 0; i < gradients.length; i++) {
            gradients[i] = gradients[i] == null ? given.get(i) : replaced(node, gradients[i], given.get(i));
        }
    }

    private static Tensor replaced(Node node, Tensor gradient, @Nullable Tensor given) {
        if (given == null) {
            return gradient;
        }
        if (!given.shape().equals(gradient.shape()) || given.dtype() != gradient.dtype()) {
            throw new CapstanException(
                    "hook",
                    "the gradient is replaced by one of another type",
                    given.type() + " for " + gradient.type() + " of " + node);
        }
        return given;
    }
}
