// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.op.Assembly;
import dev.capstan.runtime.op.Contraction;
import dev.capstan.runtime.op.Elementwise;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import dev.capstan.tracer.rewrite.LayoutAlgebra;
import dev.capstan.tracer.schedule.Schedule.Kind;
import dev.capstan.tracer.schedule.Schedule.Place;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * In which buffer each root lies, decided once everything is known that reads it: what is put into an assembly, or
 * leaves as a result, is computed right there if possible.
 */
final class Placement {
    /** Bytes of a vector, as far as layouts are concerned: those of the widest. */
    private static final int VECTOR_BYTES = 64;
    /** Padding of rows to whole vectors that is less than this part of them is not worth another layout. */
    private static final int LEAST_PADDING = 16;

    private final Graph graph;
    private final Roots roots;
    private final Buffers buffers;
    private final int[] required;
    private final Place[] locations;
    private final boolean[] within;
    private final boolean[] overlaid;
    private final int[] reads;
    private final int[] exchangedReads;
    /** What had better lie transposed for the sake of products, unless somebody reads it along its rows. */
    private final BitSet padded;

    private final BitSet rowwise = new BitSet();
    /** For each root the values that lie in its memory. */
    private final IntLists aliases;
    /** Of roots that have to be somewhere else, too. */
    private final Map<Integer, List<Copy>> copies = new HashMap<>();

    private final IntLists parts;

    /** A tensor that has to be somewhere else, too. */
    static final class Copy {
        private final int source;
        private final int into;
        private final DType type;
        private final Place target;
        private boolean needless;

        /**
         * Not made yet.
         *
         * @param source the value
         * @param into the assembly of which it is a piece, or {@link Task#NOTHING}
         * @param type the element type of the copy
         * @param target a place of the value's shape
         */
        Copy(int source, int into, DType type, Place target) {
            this.source = source;
            this.into = into;
            this.type = type;
            this.target = target;
        }

        int source() {
            return source;
        }

        int into() {
            return into;
        }

        DType type() {
            return type;
        }

        Place target() {
            return target;
        }

        /** True if the value was placed there from the start. */
        boolean isNeedless() {
            return needless;
        }
    }

    /**
     * Nothing but operands has a place yet.
     *
     * @param given for each operand where it lies, null for the other values
     */
    Placement(Graph graph, Roots roots, Buffers buffers, Place[] given) {
        this.graph = graph;
        this.roots = roots;
        this.buffers = buffers;
        int size = graph.definitions().size();
        this.required = new int[size];
        this.locations = given.clone();
        this.within = new boolean[size];
        this.overlaid = new boolean[size];
        this.reads = new int[size];
        this.exchangedReads = new int[size];
        this.aliases = new IntLists(size);
        this.parts = new IntLists(size);
        this.padded = padded();
        for (int value = 0; value < size; value++) {
            aliases.add(roots.of(value), value);
        }
        Arrays.fill(required, Task.NOTHING);
    }

    /**
     * Products with many vectors' worth of rows but rows that end within a vector, and what is computed from them element by
     * element. The same product transposed leaves no lane of a vector idle.
     */
    private BitSet padded() {
        BitSet padded = new BitSet();
        for (int value = 0; value < graph.definitions().size(); value++) {
            if (graph.definitions().get(value) instanceof Apply apply) {
                Shape shape = apply.type().shape();
                padded.set(
                        value,
                        apply.operator() instanceof Contraction && isPadded(apply.type())
                                || apply.operator() instanceof Elementwise
                                        && apply.operands().stream()
                                                .anyMatch(operand -> padded.get(operand)
                                                        && graph.type(operand)
                                                                .shape()
                                                                .equals(shape)));
            }
        }
        return padded;
    }

    private static boolean isPadded(TensorType type) {
        Shape shape = type.shape();
        if (shape.rank() != 2 || !type.dtype().isFloating()) {
            return false;
        }
        int lanes = VECTOR_BYTES / type.dtype().bytes();
        int columns = shape.size(1);
        int padding = Math.floorMod(-columns, lanes);
        return columns > 1 && shape.size(0) > 0 && shape.size(0) % lanes == 0 && LEAST_PADDING * padding >= columns;
    }

    /** Says that a task reads a value along its rows, or in the order of its elements. */
    void addRowwiseRead(int value) {
        rowwise.set(roots.of(value));
    }

    /** Says that a root must fill a buffer. */
    void require(int root, int buffer) {
        required[root] = buffer;
    }

    /** Says that a value is to be copied. */
    void add(Copy copy) {
        copies.computeIfAbsent(roots.of(copy.source), unseen -> new ArrayList<>())
                .add(copy);
    }

    /** Says that a task reads a value. */
    void addRead(int value) {
        reads[roots.of(value)]++;
    }

    /** True if a root must be in memory even if only fused tasks read it. */
    boolean isRequired(int root) {
        return required[root] != Task.NOTHING || within[root];
    }

    /** True if anything needs a root. */
    boolean isUsed(int root) {
        return isRequired(root) || reads[root] > 0 || copies.containsKey(root) && !roots.isConstant(root);
    }

    /** True if memory for a root must be zero before its parts are written. */
    boolean isHollow(int root) {
        return graph.definitions().get(root) instanceof Apply apply
                && apply.operator() instanceof Assembly assembly
                && !assembly.covers();
    }

    /** True for an assembly that no piece fills: it is all zeros, if it has elements. */
    boolean isOfNothing(Apply apply) {
        return apply.operator() instanceof Assembly
                && apply.operands().stream()
                        .allMatch(piece -> graph.type(piece).shape().elements() == 0);
    }

    /** True for an assembly whose pieces are written over one another. */
    boolean isLayered(int root) {
        return graph.definitions().get(root) instanceof Apply apply
                && apply.operator() instanceof Assembly assembly
                && assembly.isLayered();
    }

    /** Decides where a root lies, after everything that reads it was added. */
    Place locate(int root) {
        overlaid[root] = isLayered(root);
        locations[root] = location(root);
        return locations[root];
    }

    private Place location(int root) {
        for (Copy copy : copies.getOrDefault(root, List.of())) {
            Optional<Layout> layout = within(root, copy);
            if (layout.isPresent()) {
                copy.needless = true;
                if (copy.into != Task.NOTHING) {
                    overlaid[root] |= overlaid[copy.into];
                    parts.add(copy.into, root);
                }
                within[root] = true;
                return new Place(copy.target.slot(), layout.get());
            }
        }
        Shape shape = roots.shape(root);
        if (required[root] != Task.NOTHING) {
            return new Place(required[root], Layout.contiguous(shape));
        }
        int buffer = buffers.scratch(graph.type(root).dtype(), shape.elements(), isHollow(root));
        boolean fillsVectors = padded.get(root) && !rowwise.get(root) && !copies.containsKey(root);
        boolean exchange = !isLayered(root)
                && (fillsVectors || exchangedReads[root] > 0 && exchangedReads[root] == reads[root])
                && canBeAt(root, exchangedContiguous(shape));
        return new Place(buffer, exchange ? exchangedContiguous(shape) : Layout.contiguous(shape));
    }

    /** Contiguous after an exchange of the last two dimensions. */
    private static Layout exchangedContiguous(Shape shape) {
        Shape exchanged = LayoutAlgebra.exchanged(Layout.contiguous(shape)).shape();
        return LayoutAlgebra.exchanged(Layout.contiguous(exchanged));
    }

    /** Where a root must lie so that a copy of it is already made; empty if it cannot, or had better not lie there. */
    private Optional<Layout> within(int root, Copy copy) {
        Kind kind = buffers.get(copy.target.slot()).kind();
        boolean lastsEnough = required[root] == Task.NOTHING
                || kind == Kind.KEPT && buffers.get(required[root]).kind() == Kind.KEPT;
        if (!lastsEnough
                || !(graph.definitions().get(root) instanceof Apply apply)
                || roots.isCopiedView(root)
                || isOfNothing(apply)
                || apply.type().dtype() != copy.type
                || isHollow(root) && !buffers.get(copy.target.slot()).cleared()) {
            return Optional.empty();
        }
        boolean alone = required[root] == Task.NOTHING
                && reads[root] == 0
                && copies.get(root).size() == 1;
        // what is written over, or lies over something else, is never seen but in the whole
        boolean hides = copy.into != Task.NOTHING && overlaid[copy.into];
        if (hides && (!alone || isHollow(root))) {
            return Optional.empty();
        }
        Optional<Layout> layout = inverse(root, copy).filter(place -> alone || isGoodToRead(root, place));
        if (isLayered(root)) {
            return layout.filter(Layout::isContiguous);
        }
        return apply.operator() instanceof Contraction
                ? layout.filter(place ->
                        place.isContiguous() || LayoutAlgebra.exchanged(place).isContiguous())
                : layout;
    }

    /** True if rows are dense, and if all views of a root can show it there. */
    private boolean isGoodToRead(int root, Layout place) {
        Layout compact = LayoutAlgebra.compact(place);
        int rank = compact.shape().rank();
        return (rank == 0 || compact.stride(rank - 1) == 1) && canBeAt(root, place);
    }

    /** True if all views of a root can show it where it lies. */
    private boolean canBeAt(int root, Layout place) {
        for (int value : aliases.get(root)) {
            if (roots.layout(value, place).isEmpty()) {
                return false;
            }
        }
        return true;
    }

    /** Where a root must lie so that what is to be copied lies where the copy would. */
    Optional<Layout> inverse(int root, Copy copy) {
        return LayoutAlgebra.inverse(base -> roots.layout(copy.source, base), roots.shape(root), copy.target.layout());
    }

    private static boolean isMatrices(Shape shape) {
        return shape.rank() == 2 || shape.rank() == 3;
    }

    /**
     * Notes if an operand of an element-wise task had better lie transposed, so that the loop walks through it as it
     * walks through the result.
     */
    void preferLayoutOf(int result, int operand) {
        int root = roots.of(operand);
        Layout target = locations[result].layout();
        if (!isMatrices(target.shape())
                || roots.isExternal(root)
                || roots.isConstant(root)
                || !isMatrices(roots.shape(root))
                || !graph.type(operand).shape().equals(target.shape())) {
            return;
        }
        boolean exchanged =
                !target.isContiguous() && LayoutAlgebra.exchanged(target).isContiguous();
        if (!exchanged && roots.layout(operand).isContiguous()) {
            // both walk through memory from its beginning to its end
            rowwise.set(root);
            return;
        }
        Layout wanted = exchanged ? exchangedContiguous(target.shape()) : Layout.contiguous(target.shape());
        boolean exchange = LayoutAlgebra.inverse(base -> roots.layout(operand, base), roots.shape(root), wanted)
                .filter(layout -> !layout.isContiguous()
                        && LayoutAlgebra.exchanged(layout).isContiguous())
                .isPresent();
        exchangedReads[root] += exchange ? 1 : 0;
    }

    /** The roots that were computed inside the memory of this one. */
    int[] parts(int root) {
        return parts.get(root);
    }

    /** Where a value lies. */
    Place place(int value) {
        Place root = locations[roots.of(value)];
        return new Place(root.slot(), roots.layout(value, root.layout()).orElseThrow());
    }
}
