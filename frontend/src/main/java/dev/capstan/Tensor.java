// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import static java.util.Objects.requireNonNull;

import dev.capstan.runtime.eager.OperatorExecutor;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.op.AsStrided;
import dev.capstan.runtime.op.Detach;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.spi.PathEvent;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.lang.ref.WeakReference;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A multi-dimensional array that remembers how it was computed. Names and meanings are those of PyTorch's tensor:
 * operands broadcast, element types promote, views share storage.
 *
 * <p>Operators run at once, but inside of a compiled region (see {@link Compile}) a tensor may stand for a value that is
 * not computed yet; reading it computes it.
 */
public class Tensor extends InPlaceOperators {
    private TensorType type;
    private volatile @Nullable NdArray values;
    private @Nullable Segment segment;
    private int segmentValue;
    private boolean inference;
    private boolean requiresGrad;
    private boolean exclusive;
    private @Nullable Node gradFn;
    private int outputNumber;
    private @Nullable Alias alias;
    private Particulars particulars = Particulars.NONE;

    /** A leaf around an array, which is not copied. */
    public Tensor(NdArray values) {
        this(values, values.type());
    }

    private Tensor(NdArray values, TensorType type) {
        this(values, type, GradMode.isInferenceMode());
    }

    /** A result that is not on the tape. */
    Tensor(NdArray values, TensorType type, boolean inference) {
        this.values = values;
        this.type = type;
        this.inference = inference;
    }

    /** A leaf around an array, as an operand of another full type. */
    static Tensor ofType(NdArray values, TensorType type) {
        return new Tensor(values, type);
    }

    /** A result on the tape. */
    Tensor(NdArray values, Node gradFn, int outputNumber) {
        this(values);
        this.requiresGrad = true;
        this.gradFn = gradFn;
        this.outputNumber = outputNumber;
    }

    /** The result of an operator that is being recorded, which is not done in inference mode. */
    Tensor(NdArray values, TensorType type, Node gradFn) {
        this(values, type, false);
        this.requiresGrad = true;
        this.gradFn = gradFn;
    }

    /** A value of a compiled region that is not computed yet. */
    Tensor(TensorType type, boolean requiresGrad, boolean inference, Segment segment, int segmentValue) {
        this.type = type;
        this.requiresGrad = requiresGrad;
        this.inference = inference;
        this.segment = segment;
        this.segmentValue = segmentValue;
    }

    @Override
    final Tensor self() {
        return this;
    }

    // ---- what it is

    /** Element type and shape. */
    final TensorType type() {
        return type;
    }

    /** The element type. */
    public final DType dtype() {
        return type.dtype();
    }

    /** The sizes. */
    public final Shape shape() {
        return type.shape();
    }

    /** The size of one dimension, negative from the end. */
    public final int size(int dimension) {
        int at = shape().dimension("size", dimension);
        if (shape().rank() == 0) {
            throw new CapstanException("size", "a 0-d tensor has no dimensions", "dimension " + dimension);
        }
        return shape().size(at);
    }

    /** Number of dimensions. */
    public final int dim() {
        return shape().rank();
    }

    /** Number of elements. */
    public final int numel() {
        return shape().elements();
    }

    /**
     * Counts the writes to the tensor's storage: those through the tensor, its views, what it is a view of, and what was
     * {@linkplain #detach() detached}; not those through its {@link #data()}.
     */
    public final int version() {
        NdArray array = values();
        VersionCounter counter = particulars.counter;
        return counter == null ? particulars.formerWrites + array.storage().version() : counter.version();
    }

    /** The same without asking for the elements of a tensor whose place on the tape is known. */
    final int tapeVersion() {
        if (!isTaped()) {
            return version();
        }
        if (particulars.counter != null) {
            return particulars.counter.version();
        }
        if (isConcealed()) {
            return particulars.formerWrites + particulars.concealed.storage().version();
        }
        Tensor root = this;
        while (root.isTaped() && !root.isConcealed() && root.alias != null) {
            root = root.alias.base();
        }
        if (root.isTaped() && !root.isConcealed()) {
            return root.segment.writesTo(root);
        }
        NdArray array = root.isConcealed() ? root.particulars.concealed : root.values();
        return root.particulars.formerWrites + array.storage().version();
    }

    /** True for a pending tensor whose place on the tape is known. */
    private boolean isTaped() {
        return isPending() && segment != null && segment.isTaped();
    }

    /** Counts all writes to the tensor's storage, through whatever tensor. */
    final int writes() {
        return values().storage().writes();
    }

    final @Nullable VersionCounter counter() {
        return particulars.counter;
    }

    /** Says that writes through this tensor, and its views, are counted here. */
    final Tensor countedBy(@Nullable VersionCounter own) {
        if (own != counter()) {
            particulars().counter = own;
        }
        return this;
    }

    /** Notes that a write to the storage, which counted it, was made through this tensor. */
    final void wrote() {
        if (counter() != null) {
            counter().wrote(values().storage());
        }
    }

    // ---- values

    /** The array behind the tensor, computed first if it is not yet. It is for reading; see {@link #writableValues()}. */
    public final NdArray values() {
        NdArray known = values;
        if (known == null) {
            Segment owner = segment;
            if (owner != null) {
                owner.read(this);
            }
            known = values;
        }
        return known;
    }

    /**
     * The array behind the tensor for a kernel that writes to it now. What a compiled region has queued on this thread runs
     * first, and the version of the storage rises.
     */
    public final NdArray writableValues() {
        NdArray array = values();
        Region.beforeWrite(array.storage());
        array.storage().written();
        wrote();
        return array;
    }

    /** The one element, as a double. */
    public final double item() {
        if (numel() != 1) {
            throw new CapstanException("item", "the tensor does not have exactly one element", type.toString());
        }
        NdArray array = values();
        return array.get(array.layout().offset());
    }

    /** All elements in row-major order as float32, a copy. */
    public final float[] toFloatArray() {
        NdArray array = NdArray.zeros(DType.FLOAT32, shape());
        OperatorExecutor.copy(values(), array);
        return (float[]) array.storage().array();
    }

    /** All elements in row-major order as float64, a copy. */
    public final double[] toDoubleArray() {
        NdArray array = NdArray.zeros(DType.FLOAT64, shape());
        OperatorExecutor.copy(values(), array);
        return (double[]) array.storage().array();
    }

    /** All elements in row-major order as int64, a copy. */
    public final long[] toLongArray() {
        NdArray array = NdArray.zeros(DType.INT64, shape());
        OperatorExecutor.copy(values(), array);
        return (long[]) array.storage().array();
    }

    final Tensor contiguousCopy() {
        NdArray copy = NdArray.zeros(dtype(), shape());
        OperatorExecutor.copy(values(), copy);
        copy.storage().made();
        return new Tensor(copy);
    }

    // ---- the tape

    /** True if gradients are computed with respect to this tensor or through it. */
    public final boolean requiresGrad() {
        renew();
        return requiresGrad;
    }

    /** The same for a tensor that nobody uses yet: a view that the tape does not know is refused when somebody does. */
    final boolean isOnTape() {
        boolean unknown = alias != null && alias.isStale() && !alias.isRecorded();
        return !unknown && requiresGrad();
    }

    /**
     * Asks for gradients with respect to this leaf, or no longer.
     *
     * @return this tensor
     */
    public Tensor requiresGrad(boolean required) {
        if (required && !dtype().isFloating()) {
            throw new CapstanException("requiresGrad", "only floating tensors have gradients", type.toString());
        }
        if (required && openSegment() != null && !requiresGrad) {
            segment.takeOut(this);
        }
        if (!isLeaf()) {
            throw new CapstanException("requiresGrad", "only a leaf can be changed", type + " made by " + gradFn());
        }
        if (required != requiresGrad) {
            Region.beforeWrite(values().storage());
        }
        if (required && inference && !GradMode.isInferenceMode()) {
            throw new CapstanException(
                    "requiresGrad",
                    "an inference tensor is changed outside of inference mode; copy it first",
                    type.toString());
        }
        requiresGrad = required;
        return this;
    }

    /**
     * True if the tensor was made in {@link GradMode#inferenceMode()}, or is a view of one that was. Outside of that mode it
     * can be read, but not written to, and not be kept for a backward pass.
     */
    public final boolean isInference() {
        return inference;
    }

    /** True if the tensor was not made by a recorded operator. */
    public final boolean isLeaf() {
        return !requiresGrad() || gradFn() == null;
    }

    /** The tape node that made this tensor, or null for a leaf. */
    public final @Nullable Node gradFn() {
        renew();
        if (requiresGrad && !isTaped()) {
            values();
        }
        return gradFn;
    }

    /**
     * Lets a hook see, and replace, the whole gradient of this tensor in each backward pass before it goes on; at a leaf,
     * before it is added to {@link #grad()}. Hooks run in the order in which they were registered.
     *
     * @return a handle that takes the hook away
     * @throws CapstanException if the tensor does not require a gradient
     */
    public final RemovableHandle registerHook(GradientHook hook) {
        requireNonNull(hook, "hook");
        Edge place = place("registerHook");
        return place.function().hooks().ofTensor(place.inputNumber(), hook);
    }

    /**
     * Calls a hook with this leaf each time that a backward pass has added to its {@link #grad()}, under noGrad unless the
     * pass itself is recorded.
     *
     * @return a handle that takes the hook away
     * @throws CapstanException if this is no leaf, or does not require a gradient
     */
    public final RemovableHandle registerPostAccumulateGradHook(Consumer<Tensor> hook) {
        requireNonNull(hook, "hook");
        Edge place = place("registerPostAccumulateGradHook");
        if (!isLeaf()) {
            throw new CapstanException(
                    "registerPostAccumulateGradHook",
                    "only leaves accumulate gradients",
                    type + " made by " + gradFn());
        }
        return place.function().hooks().afterAccumulation(hook);
    }

    /**
     * Lets backward passes add this result's gradient to its {@link #grad()}, as they do for leaves.
     *
     * @throws CapstanException if the tensor does not require a gradient
     */
    public final void retainGrad() {
        Edge place = place("retainGrad");
        if (isLeaf() || retainsGrad()) {
            return;
        }
        // the tape must not keep a result that nobody else wants
        WeakReference<Tensor> result = new WeakReference<>(this);
        particulars().retention = place.function().hooks().retaining(place.inputNumber(), gradient -> {
            Tensor tensor = result.get();
            if (tensor != null) {
                boolean recorded = GradMode.isEnabled();
                Tensor before = tensor.grad();
                tensor.setGrad(before == null ? AccumulateGrad.owned(gradient, recorded) : before.add(gradient));
            }
            return null;
        });
    }

    /** True if this is no leaf and {@link #retainGrad()} was called. */
    public final boolean retainsGrad() {
        return particulars.retention != null;
    }

    /** The sum of gradients that backward passes have left at this leaf, or at a result with {@link #retainGrad()}; or null. */
    public final @Nullable Tensor grad() {
        return particulars.grad;
    }

    /** Replaces the gradient of this leaf; null forgets it. */
    public final void setGrad(@Nullable Tensor gradient) {
        if (gradient != null && !(gradient.shape().equals(shape()) && gradient.dtype() == dtype())) {
            throw new CapstanException("setGrad", "the gradient has another type", gradient.type() + " for " + type);
        }
        if (gradient != grad()) {
            particulars().grad = gradient;
        }
        if (gradient != null && gradient.isPending()) {
            gradient.segment().keepGradientOf(this);
        }
    }

    /** Computes the gradients of this 0-d result and adds them to {@link #grad()} of all leaves. */
    public final void backward() {
        Autograd.backward(List.of(this));
    }

    /** The same from a given gradient of this tensor. */
    public final void backward(Tensor gradient) {
        backward(requireNonNull(gradient, "gradient"), false, false);
    }

    /**
     * The same.
     *
     * @param gradient the gradient of this tensor; may be null for a single element
     * @param retainGraph true to keep the graph for another backward pass
     */
    public final void backward(@Nullable Tensor gradient, boolean retainGraph) {
        backward(gradient, retainGraph, false);
    }

    /**
     * The same.
     *
     * @param createGraph true to record the pass, so that the gradients can be differentiated; keeps the graph, too
     */
    public final void backward(@Nullable Tensor gradient, boolean retainGraph, boolean createGraph) {
        GradOptions options = new GradOptions(retainGraph, createGraph, false);
        Autograd.backward(List.of(this), Collections.singletonList(gradient), options);
    }

    /** Where the whole gradient of this tensor arrives. */
    final Edge place(String operator) {
        Edge made = gradientEdge();
        if (made == null) {
            throw new CapstanException(operator, "the tensor does not require a gradient", type.toString());
        }
        return made.function() instanceof RegionNode region ? region.place(made.inputNumber()) : made;
    }

    /** Where the gradient of this tensor goes, or null if none is wanted. */
    final @Nullable Edge gradientEdge() {
        if (!requiresGrad()) {
            return null;
        }
        if (gradFn() != null) {
            return new Edge(gradFn, outputNumber);
        }
        return new Edge(accumulator(), 0);
    }

    private synchronized AccumulateGrad accumulator() {
        if (particulars.accumulator == null) {
            particulars().accumulator = new AccumulateGrad(this);
        }
        return particulars.accumulator;
    }

    /** The tensor's own, to be changed. */
    private Particulars particulars() {
        return particulars == Particulars.NONE ? begunParticulars() : particulars;
    }

    /** Two threads may be the first at the same time, one with a gradient, the other with a place for it. */
    private synchronized Particulars begunParticulars() {
        if (particulars == Particulars.NONE) {
            particulars = new Particulars();
        }
        return particulars;
    }

    /**
     * The same storage, off the tape and with a {@link #version()} of its own: PyTorch's {@code x.data}. A write through it
     * changes this tensor's elements, and no backward pass notices: one that needs them computes with the new ones.
     * {@link #detach()} gives a tensor whose writes are noticed.
     */
    public final Tensor data() {
        return Detach.data(TensorOps.INSTANCE, this).countedBy(new VersionCounter());
    }

    /**
     * Replaces the storage and the element type of this leaf by another tensor's; a gradient is forgotten.
     *
     * @throws CapstanException if this is no leaf, or the shapes differ
     */
    public final void setData(Tensor data) {
        if (!isLeaf() || !data.shape().equals(shape())) {
            throw new CapstanException("setData", "not a leaf of the same shape", data.type() + " for " + type);
        }
        if (requiresGrad && !data.dtype().isFloating()) {
            throw new CapstanException(
                    "setData",
                    "only floating tensors have gradients",
                    data.type().toString());
        }
        Region.beforeWrite(values().storage());
        NdArray array = data.values();
        particulars().formerWrites = version() + 1 - array.storage().version();
        particulars().counter = null;
        values = array;
        type = array.type();
        particulars().grad = null;
        alias = null;
    }

    // ---- between the tape, regions and this package

    final boolean isPending() {
        return values == null;
    }

    final @Nullable Segment segment() {
        return segment;
    }

    /** The segment that this thread queues the next operator in, if this is a value of it. */
    final @Nullable Segment openSegment() {
        Segment owner = segment;
        return owner != null && owner.isOpen() && Region.hasRoom(owner) ? owner : null;
    }

    /** Forgets the segment, with all that it holds: the tensor is computed. */
    final void leave() {
        segment = null;
    }

    final int segmentValue() {
        return segmentValue;
    }

    /** Gives a pending tensor another number, after a write. */
    final void moveTo(int value) {
        segmentValue = value;
    }

    /** Says that a recorded write to this pending tensor is queued: what it is a view of is another function now. */
    final void rewritten() {
        Tensor base = alias == null || alias.isDetached() ? this : alias.base();
        base.requiresGrad = true;
        base.particulars().rewrites++;
    }

    /** Says that the segment has connected this pending view with what its base is now. */
    final void connected() {
        follow();
        requiresGrad = true;
    }

    /** Says that this tensor, if it is a view, was made of its base as that is now. */
    final void follow() {
        if (alias != null) {
            alias.renew();
        }
    }

    /**
     * Forgets the recorded writes that were queued, because they are made now; a view whose base has its values already will be
     * connected with that.
     */
    final void forgetRewrites() {
        if (rewrites() > 0) {
            particulars.rewrites = 0;
        }
        if (alias != null && alias.base().segment() == null && alias.base().rewrites() > 0) {
            alias.outdate();
        }
    }

    /** Makes a pending tensor the computed one. */
    final void become(Tensor computed, NdArray array) {
        if (isTaped()) {
            boolean shares = alias != null && alias.base().values().storage() == array.storage();
            setFormerWrites(shares ? alias.base().particulars.formerWrites : 0);
        } else {
            requiresGrad = computed.requiresGrad;
            gradFn = computed.gradFn;
            outputNumber = computed.outputNumber;
        }
        exclusive = computed.exclusive;
        values = array;
        forgetDetached();
    }

    /** A detached tensor must not keep alive what it was detached from, which matters only while it has no values. */
    private void forgetDetached() {
        if (alias != null && alias.isDetached()) {
            alias = null;
        }
    }

    /** Makes a computed tensor pending again: the next one who asks for its values is noticed. */
    final void conceal() {
        particulars().concealed = values;
        values = null;
    }

    final boolean isConcealed() {
        return particulars.concealed != null;
    }

    /** Shows the values of a concealed tensor. */
    final void reveal() {
        if (isConcealed()) {
            values = particulars.concealed;
            particulars.concealed = null;
        }
    }

    /** The same tensor for the tape, which does not ask for its values on behalf of the user. */
    final Tensor forTape() {
        if (segment == null || segment.isTaped()) {
            return this;
        }
        Tensor same = gradFn == null ? new Tensor(values()) : new Tensor(values(), gradFn, outputNumber);
        same.requiresGrad = requiresGrad;
        same.setFormerWrites(particulars.formerWrites);
        return same.countedBy(counter());
    }

    /** This gradient, or a copy if somebody else holds it. */
    final Tensor owned() {
        return exclusive ? this : detach().contiguousCopy();
    }

    /** True if a gradient of this tensor is added to {@link #grad()}, and nothing else happens to it. */
    final boolean accumulatesPlainly() {
        AccumulateGrad accumulator = particulars.accumulator;
        return isLeaf() && (accumulator == null || accumulator.knownHooks() == null);
    }

    /** Gives a pending tensor its values, and its place on the tape. */
    final void settle(NdArray array, @Nullable Node made, int output) {
        if (made != null) {
            gradFn = made;
            outputNumber = output;
        }
        if (isTaped()) {
            setFormerWrites(tapeVersion() - array.storage().version());
        }
        values = array;
        forgetDetached();
    }

    /** Makes this tensor, which is no view, the result of a recorded write to its storage. */
    final void rebase(Node node) {
        rebase(node, 0);
    }

    /** The same for one of a node's several outputs. */
    final void rebase(Node node, int output) {
        become(node, output);
        particulars().rewrites++;
    }

    /** Makes this tensor, off the tape until now, an output of a node. */
    final void become(Node node, int output) {
        gradFn = node;
        outputNumber = output;
        requiresGrad = true;
        if (particulars.accumulator != null) {
            particulars.accumulator = null;
        }
        if (retainsGrad()) {
            particulars.retention.remove();
            particulars.retention = null;
            retainGrad();
        }
    }

    private void setFormerWrites(int writes) {
        if (writes != particulars.formerWrites) {
            particulars().formerWrites = writes;
        }
    }

    /** How often recorded writes have made this tensor another function of others. */
    final int rewrites() {
        return particulars.rewrites;
    }

    /** How this tensor shares another's storage, null if it does not. */
    final @Nullable Alias alias() {
        return alias;
    }

    /** The tensor whose storage this one shares, null if it does not. */
    final @Nullable Tensor base() {
        return alias == null ? null : alias.base();
    }

    /** How this tensor is a view of another one on the tape, null if it is none or the other has new storage by now. */
    final @Nullable Alias view() {
        boolean view = alias != null
                && !alias.isDetached()
                && values().storage() == alias.base().values().storage();
        return view ? alias : null;
    }

    /** Notes that this tensor was made as a view of another one. */
    final Tensor viewOf(Tensor operand, Viewing viewing, boolean recording) {
        sharing(operand, Alias.of(this, operand, viewing, recording));
        forgetDetached();
        return this;
    }

    /** The same for a view that is queued as an event. */
    final Tensor queuedViewOf(Tensor operand, PathEvent event, boolean recording) {
        return sharing(operand, Alias.queued(event, operand, recording));
    }

    private Tensor sharing(Tensor operand, @Nullable Alias how) {
        alias = how;
        if (how != null) {
            inference = operand.inference;
            countedBy(operand.counter());
        }
        return this;
    }

    /** True for a view whose base was overwritten since. */
    final boolean isStale() {
        return alias != null && alias.isStale();
    }

    /** Connects a view whose base was overwritten with what the base is now. */
    final void renew() {
        renew(-1);
    }

    /**
     * The same.
     *
     * @param sequence the creation number of the tape node, -1 for the next one
     */
    final void renew(long sequence) {
        if (alias == null || !alias.isStale()) {
            return;
        }
        boolean queued = isPending() && segment != null && segment.isOpen();
        if (!queued && view() == null) {
            return;
        }
        if (!alias.isRecorded()) {
            if (!GradMode.isEnabled()) {
                return;
            }
            throw Alias.refusal(type);
        }
        if (queued) {
            segment.connect(this);
            return;
        }
        if (alias.place() == null) {
            throw new CapstanException(
                    "view",
                    "a view that is no strided part of its base is used after a recorded write",
                    type.toString());
        }
        if (sequence < 0) {
            Region.beforeNode();
        }
        alias.renew();
        Operator operator = new AsStrided(alias.place());
        long created = sequence < 0 ? Node.reserve(1) : sequence;
        OperatorNode node = new OperatorNode(created, operator, new Tensor[] {alias.base()});
        become(node, 0);
        node.produced(this);
    }

    /** The elements as they are now, at the same place of the tape. */
    final Tensor snapshot() {
        Edge edge = gradientEdge();
        NdArray copy = contiguousCopy().values();
        return edge == null ? new Tensor(copy) : new Tensor(copy, edge.function(), edge.inputNumber());
    }

    /** True if nobody else holds this tensor's storage. */
    final boolean isExclusive() {
        return exclusive;
    }

    final Tensor exclusive() {
        exclusive = true;
        return this;
    }

    /** Says that somebody else may hold this tensor's storage from now on. */
    final Tensor shared() {
        exclusive = false;
        return this;
    }

    @Override
    public String toString() {
        return TensorFormat.format(this);
    }
}
