// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.Queued.Input;
import dev.capstan.Queued.Operation;
import dev.capstan.Queued.Retaken;
import dev.capstan.Queued.Write;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.op.AsStrided;
import dev.capstan.runtime.op.Detach;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.spi.PathEvent;
import dev.capstan.runtime.spi.Walk;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The events of a segment so far, the numbers of their values and the tensors that stand for these. A write gives the storage
 * of a value another content: then the value goes by another number.
 */
abstract class SegmentEvents implements Storage.Reader {
    final Walk walk;
    final ThreadState thread;
    final Inputs inputs = new Inputs();
    /** For each event the tensor that stands for its value, or null. */
    @Nullable
    Tensor[] values;

    int count;
    int operators;
    /** Events of this call only, by number. */
    Map<Integer, Queued> own = Map.of();

    /** What storages hold; null while nothing is written. */
    @Nullable
    Contents contents;

    SegmentEvents(Walk walk, ThreadState thread) {
        this.walk = walk;
        this.thread = thread;
        this.values = new Tensor[walk.likelyLength()];
    }

    /** What was noted of an operator, now if it was not yet. */
    static Operation operation(PathEvent event, Operator operator, boolean recording, int... numbers) {
        if (event.note() == null) {
            event.note(new Operation(operator, numbers, recording));
        }
        return (Operation) event.note();
    }

    /** True if the tape is made while operators are queued: then nothing here requires a gradient. */
    abstract boolean isTaped();

    /** Adds an event, and the tensor that stands for its value if there is one. */
    void add(@Nullable Tensor value) {
        if (count == values.length) {
            values = Arrays.copyOf(values, 2 * count + 1);
        }
        values[count++] = value;
    }

    /** Puts an event of this call only in the place of what others have noted there. */
    void own(Queued event) {
        own = own.isEmpty() ? new HashMap<>() : own;
        own.put(count, event);
    }

    /** The event of a value. */
    Queued queued(int value) {
        Queued special = own.isEmpty() ? null : own.get(value);
        return special == null ? (Queued) walk.event(value).note() : special;
    }

    /** All events, in order. */
    List<Queued> queued() {
        Queued[] all = new Queued[count];
        for (int i = 0; i < count; i++) {
            all[i] = queued(i);
        }
        return Arrays.asList(all);
    }

    TensorType type(int value) {
        return walk.event(value).type();
    }

    Shape shape(int value) {
        return type(value).shape();
    }

    boolean requiresGradient(int value) {
        return walk.event(value).requiresGradient();
    }

    /** The number that a tensor has now: a write may have given it another content. */
    int number(Tensor tensor) {
        int value = tensor.segmentValue();
        if (value >= count || values[value] != tensor) {
            value = tensor.segment() == this && tensor.isPending() ? value : inputNumber(tensor);
        }
        if (contents == null || !contents.isStale(value)) {
            return value;
        }
        int current = current(value);
        if (tensor.segment() == this && tensor.isPending()) {
            tensor.moveTo(current);
            if (queued(current) instanceof Retaken retaken && retaken.connected()) {
                tensor.connected();
            }
        }
        return current;
    }

    /** Connects a pending view with what its base is now, where eager mode makes the node of that. */
    void connect(Tensor view) {
        number(view);
    }

    private int inputNumber(Tensor tensor) {
        NdArray array = tensor.values();
        int alias = Walk.NONE;
        if (!array.storage().awaitedBy(this)) {
            int known = inputs.of(tensor);
            if (known != Walk.NONE) {
                return known;
            }
            alias = inputs.in(array.storage());
        }
        boolean required = tensor.requiresGrad() && !isTaped();
        PathEvent event = walk.input(tensor.type(), array.layout(), required, alias);
        if (event.note() == null) {
            event.note(new Input(inputs.count(), alias));
        }
        inputs.add(tensor, array, count, alias);
        if (tensor.segment() == null) {
            // it is found at once when it is used again, here and, as a rule, in the next call
            tensor.moveTo(count);
        }
        add(tensor);
        return count - 1;
    }

    /** A value in terms of what storages hold now; a view of an old content is taken again of the new one. */
    private int current(int value) {
        Operation view = view(value);
        int content = contents.of(value);
        boolean detached = requiresGradient(value) != requiresGradient(content) || isApart(value);
        if (view == null || !isView(value) && !detached) {
            return content;
        }
        if (isLeftBehind(value)) {
            if (requiresGradient(value) || isRecorded(value)) {
                return retaken(value, new AsStrided(contents.place(value)), content, true);
            }
            if (thread.isRecording()) {
                throw Alias.refusal(type(value));
            }
        }
        // off the tape the view is what it was
        int again = retaken(value, view.operator(), upToDate(view.operands()[0]), false);
        if (!requiresGradient(value)) {
            return again;
        }
        PathEvent event = walk.retake(value, again);
        if (event.note() == null) {
            event.note(new Retaken(value, view, false));
        }
        add(null);
        operators++;
        return count - 1;
    }

    /** True if a value is a view that is not the whole, in memory or on the tape. */
    private boolean isView(int value) {
        boolean onTape = requiresGradient(contents.of(value)) && !isDetached(value);
        return view(value) != null && (onTape || contents.isPart(value));
    }

    /** True if a value is a view whose base a recorded write has changed: whoever uses it next connects it with the base. */
    boolean isLeftBehind(int value) {
        return contents != null
                && contents.isStale(value)
                && contents.isRewritten(value)
                && isView(value)
                && !isDetached(value);
    }

    private int upToDate(int value) {
        return contents.isStale(value) ? current(value) : value;
    }

    private int retaken(int value, Operator view, int operand, boolean connected) {
        PathEvent again = walk.apply(view, new int[] {operand}, connected);
        // the user may have made the same event where this is the view taken again
        Operation operation = operation(again, view, connected, operand);
        own(new Retaken(value, connected ? operation : view(value), connected));
        add(null);
        operators++;
        return count - 1;
    }

    /** True if a value's version is not that of its storage's content. */
    private boolean isApart(int value) {
        return view(value) != null && counter(value) != counter(contents.root(value));
    }

    @Nullable
    VersionCounter counter(int value) {
        int made = value;
        while (queued(made) instanceof Retaken retaken) {
            made = retaken.value();
        }
        return values[made] == null ? null : values[made].counter();
    }

    /** The version of a value that is apart from what it was made of. */
    int version(int value) {
        return counter(value).version();
    }

    /** True if a value shares storage with another and nothing else. */
    boolean isDetached(int value) {
        for (int shown = value; view(shown) != null; shown = view(shown).operands()[0]) {
            if (view(shown).operator() instanceof Detach) {
                return true;
            }
        }
        return false;
    }

    /** False if a value is a view that was made while nothing was recorded. */
    boolean isRecorded(int value) {
        for (int shown = value; view(shown) != null; shown = view(shown).operands()[0]) {
            if (!view(shown).recording()) {
                return false;
            }
        }
        return true;
    }

    /** The number that a value has in the end, {@link Walk#NONE} for a view that was not taken again. */
    int last(int value) {
        if (contents == null || !contents.isStale(value)) {
            return value;
        }
        return isView(value) ? Walk.NONE : contents.of(value);
    }

    /** How a value is taken of another; null for what is no view, and, where writes are queued, for what a view operator copied. */
    @Nullable
    Operation view(int value) {
        Queued event = queued(value);
        if (event instanceof Retaken retaken) {
            return retaken.view();
        }
        boolean view = event instanceof Operation operation
                && operation.isView()
                && (contents == null || contents.root(value) != value);
        return view ? (Operation) event : null;
    }

    /** True if a tensor lies in storage to which a write is queued, but was not used here before. */
    boolean isHiddenAlias(Tensor tensor) {
        if (contents == null || tensor.isPending()) {
            return false;
        }
        int value = tensor.segmentValue();
        if (value < count && values[value] == tensor) {
            return walk.event(value).isSharing() && contents.isWritten(((Input) queued(value)).alias());
        }
        Storage storage = tensor.values().storage();
        int known = storage.isAwaited() ? inputs.in(storage) : Walk.NONE;
        return known != Walk.NONE && contents.isWritten(known) && values[known] != tensor;
    }

    Tensor input(int value) {
        return inputs.get(((Input) queued(value)).place());
    }

    /** Queues an operator for whose result there is no tensor. */
    int derived(Operator operator, boolean recording, int... operands) {
        PathEvent event = walk.apply(operator, operands, recording);
        operation(event, operator, recording, operands);
        add(null);
        operators++;
        return count - 1;
    }

    /** What a view of a tensor from outside shows; null for another value, and where writes are queued. */
    @Nullable
    NdArray shown(int value) {
        if (contents != null) {
            return null;
        }
        if (queued(value) instanceof Input input) {
            return inputs.get(input.place()).values();
        }
        Operation view = view(value);
        NdArray whole = view == null ? null : shown(view.operands()[0]);
        return whole == null ? null : view.of(whole);
    }

    /** True if the segment has an input in this storage. */
    boolean reads(Storage storage) {
        return inputs.in(storage) != Walk.NONE;
    }

    /** True if an operator of the segment takes the value. */
    boolean usesInside(int value) {
        for (Queued event : queued()) {
            boolean operand = event instanceof Operation operation
                    && Arrays.stream(operation.operands()).anyMatch(number -> number == value);
            boolean written = event instanceof Write write && (write.content() == value || write.value() == value);
            if (operand || written) {
                return true;
            }
        }
        return false;
    }

    /** The tensor that stands for a value, or for the storage that it is the content of; or null. */
    @Nullable
    Tensor holder(int value) {
        return values[value] == null && contents != null ? values[contents.root(value)] : values[value];
    }

    /** True if writes are queued. */
    boolean hasWrites() {
        return contents != null;
    }

    /** What the segment took from outside. */
    Inputs inputs() {
        return inputs;
    }

    /** The way through the path tree. */
    Walk walk() {
        return walk;
    }

    /** True if operators are queued. */
    boolean hasOperators() {
        return operators > 0;
    }

    /** Number of events. */
    int events() {
        return count;
    }
}
