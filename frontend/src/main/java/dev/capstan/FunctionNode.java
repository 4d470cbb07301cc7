// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.op.Cast;
import dev.capstan.runtime.op.Sum;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The tape node of one call of a {@link CustomOperation}. */
final class FunctionNode extends Node {
    private final CustomOperation operation;
    private final @Nullable Edge[] edges;
    private final TensorType[] types;
    private final List<TensorType> outputTypes = new ArrayList<>();
    private List<SavedTensor> saved = List.of();
    private boolean released;

    private FunctionNode(long sequence, CustomOperation operation, List<Tensor> inputs) {
        super(sequence);
        this.operation = operation;
        this.edges = inputs.stream().map(Tensor::gradientEdge).toArray(Edge[]::new);
        this.types = inputs.stream().map(Tensor::type).toArray(TensorType[]::new);
    }

    /**
     * A call. In a compiled region it is part of what is queued, but where the tape records it and the region does not make the
     * tape: there it is a segment of its own.
     */
    static List<Tensor> call(CustomOperation operation, List<Tensor> inputs) {
        boolean recorded = GradMode.isEnabled() && inputs.stream().anyMatch(Tensor::requiresGrad);
        Region region = Region.current();
        boolean queued = region != null && region.isTaped();
        if (recorded && !queued) {
            Region.endSegment(inputs);
            inputs.forEach(Tensor::values);
        }
        if (recorded && region != null) {
            region.calledFunction();
        }
        FunctionNode node = recorded ? new FunctionNode(Node.reserve(1), operation, inputs) : null;
        List<Tensor> outputs;
        try (GradMode.Scope off = GradMode.noGrad()) {
            outputs = new ArrayList<>(operation.forward(inputs));
        }
        for (Tensor input : inputs) {
            if (operation.changes(input) && outputs.stream().noneMatch(output -> output == input)) {
                throw new CapstanException(
                        operation.gradientName(),
                        "an input that is marked dirty is not among the outputs",
                        input.type().toString());
            }
        }
        if (node != null) {
            if (!queued || inputs.stream().anyMatch(operation::changes)) {
                Region.endSegment(outputs);
                outputs.forEach(Tensor::values);
            }
            node.made(inputs, outputs);
            if (queued) {
                region.made(node);
            }
        }
        return Collections.unmodifiableList(outputs);
    }

    /** Puts the outputs on the tape. */
    private void made(List<Tensor> inputs, List<Tensor> outputs) {
        for (int i = 0; i < outputs.size(); i++) {
            Tensor output = outputs.get(i);
            outputTypes.add(output.type());
            if (!output.dtype().isFloating() || !operation.isDifferentiable(output)) {
                continue;
            }
            boolean input = inputs.stream().anyMatch(tensor -> tensor == output);
            if (input && operation.changes(output)) {
                verifyChanged(output);
                output.rebase(this, i);
            } else if (input || output.requiresGrad()) {
                outputs.set(i, new Tensor(output.values(), this, i));
            } else {
                output.become(this, i);
            }
        }
        List<Tensor> kept = operation.saved();
        for (Tensor tensor : kept) {
            if (tensor.openSegment() == null) {
                // what is queued elsewhere nobody would know to be needed
                tensor.values();
            }
        }
        saved = kept.stream().map(SavedTensor::new).toList();
    }

    private void verifyChanged(Tensor input) {
        if (input.requiresGrad() && input.isLeaf()) {
            throw new CapstanException(
                    name(),
                    "a leaf that requires a gradient is changed in place",
                    input.type().toString());
        }
        if (input.view() != null) {
            throw new CapstanException(
                    name(), "a view is changed in place", input.type().toString());
        }
    }

    @Override
    public String name() {
        return operation.gradientName();
    }

    @Override
    @Nullable
    Edge[] edges() {
        return edges;
    }

    @Override
    int inputs() {
        return outputTypes.size();
    }

    @Override
    void backward(@Nullable Tensor[] gradients, BackwardPass pass) {
        if (released) {
            throw walkedAgain();
        }
        if (Arrays.stream(gradients).allMatch(Objects::isNull)) {
            return;
        }
        List<@Nullable Tensor> arrived = new ArrayList<>(Arrays.asList(gradients));
        if (operation.materializesGradients()) {
            for (int i = 0; i < gradients.length; i++) {
                if (gradients[i] == null) {
                    TensorType type = outputTypes.get(i);
                    arrived.set(i, Tensor.zeros(type.dtype(), type.shape().sizes()));
                }
            }
        }
        List<Tensor> unpacked =
                saved.stream().map(tensor -> tensor.unpack(name())).toList();
        List<@Nullable Tensor> made = computed(unpacked, arrived, pass.createsGraph());
        if (made.size() != edges.length) {
            throw new CapstanException(
                    name(),
                    "the number of gradients is not the number of inputs",
                    made.size() + " for " + edges.length);
        }
        for (int i = 0; i < edges.length; i++) {
            if (edges[i] != null && made.get(i) != null && pass.wants(edges[i])) {
                pass.contribute(edges[i], fitting(made.get(i), i));
            }
        }
    }

    private List<@Nullable Tensor> computed(
            List<Tensor> unpacked, List<@Nullable Tensor> arrived, boolean createsGraph) {
        if (!createsGraph || !operation.isOnceDifferentiable()) {
            return operation.backward(unpacked, arrived);
        }
        List<@Nullable Tensor> made;
        try (GradMode.Scope off = GradMode.noGrad()) {
            made = operation.backward(unpacked, arrived);
        }
        List<Tensor> sources = new ArrayList<>(unpacked);
        arrived.stream().filter(Objects::nonNull).forEach(sources::add);
        Edge[] behind = sources.stream().map(Tensor::gradientEdge).toArray(Edge[]::new);
        Node barrier = new Barrier(name(), behind);
        return made.stream()
                .map(gradient -> gradient == null ? null : new Tensor(gradient.values(), barrier, 0))
                .collect(ArrayList::new, List::add, List::addAll);
    }

    /** A gradient in its input's type and shape: what was broadcast is summed. */
    private Tensor fitting(Tensor gradient, int input) {
        TensorType type = types[input];
        if (!isBroadcast(type.shape(), gradient.shape())) {
            throw new CapstanException(
                    name(),
                    "a gradient does not fit its input",
                    gradient.type() + " for input " + input + " of " + type);
        }
        Tensor summed = Sum.sumTo(TensorOps.INSTANCE, gradient, type.shape());
        return Cast.cast(TensorOps.INSTANCE, summed, type.dtype());
    }

    private static boolean isBroadcast(Shape from, Shape to) {
        int lead = to.rank() - from.rank();
        return lead >= 0
                && IntStream.range(0, from.rank())
                        .allMatch(i -> from.size(i) == 1 || from.size(i) == to.size(lead + i));
    }

    @Override
    List<Tensor> saved() {
        return saved.stream().map(SavedTensor::tensor).toList();
    }

    @Override
    void release() {
        released |= !saved.isEmpty();
        saved = List.of();
    }

    /** Ends the way of second derivatives with an error. */
    private static final class Barrier extends Node {
        private final String function;
        private final @Nullable Edge[] edges;

        Barrier(String function, @Nullable Edge[] edges) {
            super(Node.reserve(1));
            this.function = function;
            this.edges = edges;
        }

        @Override
        public String name() {
            return function + "Barrier";
        }

        @Override
        @Nullable
        Edge[] edges() {
            return edges;
        }

        @Override
        void backward(@Nullable Tensor[] gradients, BackwardPass pass) {
            throw new CapstanException(
                    function, "the function is marked as differentiable once, and is differentiated twice", "");
        }
    }
}
