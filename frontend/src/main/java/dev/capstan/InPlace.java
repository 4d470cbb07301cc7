// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.eager.OperatorExecutor;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.op.Cast;
import dev.capstan.runtime.op.Expand;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.op.Ops;
import dev.capstan.runtime.op.Overwrite;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A write to a tensor. The tape records it as what it means without writing: the operator gives a new value, and
 *
 * <ul>
 *   <li>a tensor that is no view becomes that value, or a copy of itself that is overwritten by it;
 *   <li>a view's base becomes a copy of the base with the value laid over it, {@link Overwrite}.
 * </ul>
 *
 * <p>The views of a tensor that has become another one are found out of date, and connected anew, when they are next used.
 * The version of the storage rises with every write, so that a backward pass that would need the old elements refuses.
 */
final class InPlace implements Ops<Tensor> {
    private final Tensor target;
    private final @Nullable VersionCounter counter;

    /** A write to a tensor that is made once. */
    InPlace(Tensor target) {
        this(target, target.counter());
    }

    /** The same on behalf of a tensor of the same elements that has a version of its own. */
    InPlace(Tensor target, @Nullable VersionCounter counter) {
        this.target = target;
        this.counter = counter;
    }

    @Override
    public Tensor apply(Operator operator, List<Tensor> operands) {
        String name = operator.name() + "_";
        verifyMode(name);
        verifyResult(name, operator.infer(operands.stream().map(Tensor::type).toList()));
        Region region = Region.current();
        if (region != null && isQueueable()) {
            boolean recorded = isRecorded(operands);
            boolean taped = recorded && region.isTaped();
            if (!taped && region.write(target, TensorOps.INSTANCE.apply(operator, operands), recorded, true)) {
                return target;
            }
        }
        boolean recording = verifyTape(name, operands);
        verifyPlaces(name);
        settle();
        try (GradMode.Scope direct = Region.suspend()) {
            return assign(
                    TensorOps.INSTANCE.apply(operator, recording ? kept(operator, operands) : operands), recording);
        }
    }

    /** False if eager mode would refuse the write, because of what the tape knows of the target. */
    private boolean isQueueable() {
        if (!GradMode.isEnabled()) {
            return true;
        }
        boolean leaf = !target.isPending() && target.requiresGrad();
        Alias alias = target.alias();
        boolean ofLeaf = alias != null
                && !alias.isDetached()
                && !alias.base().isPending()
                && alias.base().requiresGrad();
        return !leaf && !ofLeaf;
    }

    /**
     * Writes what an operator gave.
     *
     * @param computed a value of the target's shape, which is converted
     */
    Tensor assign(Tensor computed, boolean recording) {
        Tensor converted = Cast.cast(TensorOps.INSTANCE, computed, target.dtype());
        store(converted);
        if (recording) {
            record(converted, converted.requiresGrad());
        }
        return target;
    }

    /** Writes another tensor's elements. */
    Tensor copy(Tensor source) {
        verifyMode("copy_");
        if (isQueued("copy_", source)) {
            return target;
        }
        verifyPlaces("copy_");
        return overwrite("copy_", source);
    }

    private boolean isQueued(String name, Tensor source) {
        Region region = Region.current();
        if (region == null || !isQueueable()) {
            return false;
        }
        verifyFits(name, source);
        return region.write(target, source, isRecorded(List.of(target, source)), false);
    }

    private Tensor fitted(Tensor source) {
        TensorOps ops = TensorOps.INSTANCE;
        return Expand.expand(ops, Cast.cast(ops, source, target.dtype()), target.shape());
    }

    private void verifyFits(String name, Tensor source) {
        Shape together = Shape.broadcast(name, target.shape(), source.shape());
        verifyResult(name, new TensorType(target.dtype(), together));
    }

    /** Writes one element everywhere, once where several elements are one place in memory. */
    Tensor fill(String name, Tensor value) {
        verifyMode(name);
        if (isQueued(name, value)) {
            return target;
        }
        Layout layout = target.values().layout();
        Tensor once = target;
        try (GradMode.Scope direct = Region.suspend()) {
            for (int i = 0; i < layout.shape().rank(); i++) {
                once = repeats(layout, i) ? once.narrow(i, 0, 1) : once;
            }
        }
        new InPlace(once).overwrite(name, value);
        return target;
    }

    private static boolean repeats(Layout layout, int dimension) {
        return layout.stride(dimension) == 0 && layout.shape().size(dimension) > 1;
    }

    private Tensor overwrite(String name, Tensor source) {
        verifyFits(name, source);
        boolean recording = verifyTape(name, List.of(target, source));
        settle();
        try (GradMode.Scope direct = Region.suspend()) {
            if (recording) {
                Tensor value = fitted(source);
                store(value);
                record(value, false);
            } else {
                store(source);
            }
        }
        return target;
    }

    /** The operands with a copy in place of the target where the tape would keep the elements that are about to go. */
    List<Tensor> kept(Operator operator, List<Tensor> operands) {
        boolean saves = false;
        for (int i = 0; i < operands.size(); i++) {
            saves |= operands.get(i) == target
                    && operator.savesOperand(i, j -> operands.get(j).requiresGrad() && operator.differentiable(j));
        }
        if (!saves) {
            return operands;
        }
        Tensor before = target.snapshot();
        return operands.stream()
                .map(operand -> operand == target ? before : operand)
                .toList();
    }

    private void store(Tensor source) {
        store(source, target.values());
    }

    private void store(Tensor source, NdArray to) {
        NdArray from = source.values();
        if (from.storage() == to.storage() && !from.layout().equals(to.layout())) {
            // elements may lie on one another: all are read before any is written
            from = source.contiguousCopy().values();
        }
        OperatorExecutor.copy(from.view(from.layout().expand(to.shape())), to);
        if (counter != null) {
            counter.wrote(to.storage());
        }
    }

    /**
     * Puts what was written on the tape.
     *
     * @param whole true if a node of its own computed the value, to which the target can point
     */
    private void record(Tensor value, boolean whole) {
        Alias alias = target.view();
        if (alias != null) {
            alias.base().rebase(overwriting(alias.base(), value, alias.place()));
            if (target.retainsGrad()) {
                target.gradFn();
            }
        } else if (whole) {
            target.rebase(value.gradFn());
        } else {
            target.rebase(overwriting(target, value, Layout.contiguous(target.shape())));
        }
    }

    /** The node of a copy of a tensor with a part laid over it, which need not be made: the tensor itself was written to. */
    private static OperatorNode overwriting(Tensor whole, Tensor part, Layout place) {
        return overwriting(whole, part, place, Node.reserve(1));
    }

    private static OperatorNode overwriting(Tensor whole, Tensor part, Layout place, long sequence) {
        OperatorNode node = new OperatorNode(sequence, new Overwrite(place), new Tensor[] {whole, part});
        node.produced(whole);
        return node;
    }

    /**
     * Makes a write to a part that was queued.
     *
     * @param part what is written, of the shape of its place
     * @param place where it lies in the target, which is contiguous and no view
     * @param sequence the creation number of the tape node
     */
    Tensor lay(Tensor part, Layout place, boolean recording, long sequence) {
        NdArray whole = target.values();
        store(part, whole.view(place.at(whole.layout().offset() + place.offset())));
        if (recording) {
            target.rebase(overwriting(target, part, place, sequence));
        }
        return target;
    }

    /** Computes what a compiled region has queued and what would see the elements change. */
    private void settle() {
        for (Tensor tensor = target; tensor != null; tensor = tensor.base()) {
            tensor.values();
        }
        Region.beforeWrite(target.values().storage());
    }

    /** True if the write is recorded; refuses what cannot be. */
    private boolean verifyTape(String name, List<Tensor> operands) {
        if (!isRecorded(operands)) {
            return false;
        }
        Alias alias = target.view();
        if (alias != null) {
            if (!alias.isRecorded()) {
                throw refusal(name, "a view made in noGrad is changed in place where it is recorded");
            }
            if (alias.base().requiresGrad() && alias.base().isLeaf()) {
                throw refusal(name, "a view of a leaf that requires a gradient is changed in place outside of noGrad");
            }
            if (alias.place() == null) {
                throw refusal(name, "a write to a view that is no strided part of its base cannot be recorded");
            }
        }
        if (target.requiresGrad() && target.isLeaf()) {
            throw refusal(name, "a leaf that requires a gradient is changed in place outside of noGrad");
        }
        return true;
    }

    /** True if the tape records the write; connects views with what their bases are before it. */
    private boolean isRecorded(List<Tensor> operands) {
        if (!GradMode.isEnabled() || !target.dtype().isFloating()) {
            return false;
        }
        // asking each, before this write has its place in the order
        boolean required = target.requiresGrad();
        for (Tensor operand : operands) {
            required |= operand.requiresGrad();
        }
        return required;
    }

    private void verifyResult(String name, TensorType result) {
        if (!result.shape().equals(target.shape())) {
            throw new CapstanException(
                    name, "the result does not fit into the first operand", result + " into " + target.type());
        }
        if (result.dtype().category().compareTo(target.dtype().category()) > 0) {
            throw new CapstanException(
                    name,
                    "the result's element type cannot be stored in the first operand",
                    result + " into " + target.type());
        }
    }

    private void verifyMode(String name) {
        if (target.isInference() && !GradMode.isInferenceMode()) {
            throw refusal(name, "an inference tensor is changed in place outside of inference mode; copy it first");
        }
    }

    private void verifyPlaces(String name) {
        Layout layout = target.values().layout();
        for (int i = 0; i < layout.shape().rank(); i++) {
            if (repeats(layout, i)) {
                throw refusal(name, "several elements of the written tensor are one place in memory; copy it first");
            }
        }
    }

    private CapstanException refusal(String name, String rule) {
        return new CapstanException(name, rule, target.type().toString());
    }

    @Override
    public TensorType type(Tensor value) {
        return value.type();
    }

    @Override
    public Tensor number(double value) {
        return Tensor.number(value);
    }
}
