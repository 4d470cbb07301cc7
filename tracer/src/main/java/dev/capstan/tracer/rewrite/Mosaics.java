// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.op.Add;
import dev.capstan.runtime.op.Assembly;
import dev.capstan.runtime.op.Elementwise;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Replaces the sum of pieces that lie in zeros at disjoint places, {@code x + E1 + E2 + ... + Ek} with k of at least 2
 * and x possibly absent, by {@code x + mosaic}. Such sums are the gradients of repeated {@code select} and {@code
 * slice}; added one by one they cost k times the size of the whole.
 *
 * <p>Bits: at its place, piece p meets the zeros of the k - 1 others, before or after x. Adding +0.0 changes nothing
 * but -0.0, which becomes +0.0; and then {@code (x + 0.0) + p}, {@code (x + p) + 0.0} and {@code x + (p + 0.0)} are
 * the same for all x and p. So each floating piece is put in as {@code p + 0.0}, and where no piece lies, +0.0 is
 * added to x.
 */
public final class Mosaics implements Pass {
    private static final double POSITIVE_ZERO = 0.0;
    private static final Map<DType, Kernel> ADDITIONS = additions();

    @Override
    public String name() {
        return "mosaics";
    }

    @Override
    public Graph apply(Graph graph, Roles roles) {
        int size = graph.definitions().size();
        int[] uses = uses(graph);
        Sum[] sums = new Sum[size];
        boolean[] continued = new boolean[size];
        for (int value = 0; value < size; value++) {
            sums[value] = sum(graph, value, sums, uses);
            if (sums[value] != null && sums[value].continues >= 0) {
                continued[sums[value].continues] = true;
            }
        }
        Rewriting rewriting = new Rewriting(graph);
        for (int value = 0; value < size; value++) {
            Sum sum = sums[value];
            if (sum == null || sum.tiles.size() < 2) {
                rewriting.keep(value);
            } else if (!continued[value]) {
                rewriting.replace(value, write(sum, graph, rewriting));
            }
        }
        return rewriting.graph();
    }

    /** How often each value is used, as an operand or as an output. */
    static int[] uses(Graph graph) {
        int[] uses = new int[graph.definitions().size()];
        graph.outputs().forEach(output -> uses[output]++);
        for (Graph.Definition definition : graph.definitions()) {
            if (definition instanceof Apply apply) {
                apply.operands().forEach(operand -> uses[operand]++);
            }
        }
        return uses;
    }

    /** The value as a sum that ends with pieces, or null if it is none. */
    private static Sum sum(Graph graph, int value, Sum[] sums, int[] uses) {
        if (!(graph.definitions().get(value) instanceof Apply apply)) {
            return null;
        }
        if (isTile(graph, apply)) {
            return new Sum(-1, value, place(graph, apply));
        }
        if (apply.operands().size() != 2) {
            return null;
        }
        int left = apply.operands().get(0);
        int right = apply.operands().get(1);
        boolean swap = !isTile(graph, right) && isTile(graph, left);
        int rest = swap ? right : left;
        int tile = swap ? left : right;
        if (!isTile(graph, tile) || !isAddition(graph, apply)) {
            return null;
        }
        Layout place = place(graph, (Apply) graph.definitions().get(tile));
        Sum before = sums[rest];
        boolean extensible = before != null && (uses[rest] == 1 || isTile(graph, rest));
        return extensible && before.coverage.isDisjoint(place)
                ? new Sum(before, rest, tile, place)
                : new Sum(rest, tile, place);
    }

    private static boolean isTile(Graph graph, int value) {
        return graph.definitions().get(value) instanceof Apply apply && isTile(graph, apply);
    }

    private static boolean isTile(Graph graph, Apply apply) {
        return apply.operator() instanceof Assembly assembly
                && !assembly.covers()
                && apply.operands().size() == 1
                && graph.type(apply.operands().get(0)).dtype() == apply.type().dtype();
    }

    private static Layout place(Graph graph, Apply tile) {
        List<TensorType> types = List.of(graph.type(tile.operands().get(0)));
        return ((Assembly) tile.operator())
                .place(0, types, Layout.contiguous(tile.type().shape()));
    }

    private static Map<DType, Kernel> additions() {
        Map<DType, Kernel> additions = new EnumMap<>(DType.class);
        for (DType type : DType.values()) {
            if (type != DType.BOOL) {
                additions.put(
                        type,
                        Kernel.of(
                                List.of(type, type), List.of(Expr.input(0, type).add(Expr.input(1, type)))));
            }
        }
        return additions;
    }

    /** True for the addition of two tensors of the result's type and shape. */
    static boolean isAddition(Graph graph, Apply apply) {
        DType type = apply.type().dtype();
        if (!(apply.operator() instanceof Elementwise elementwise) || type == DType.BOOL) {
            return false;
        }
        List<TensorType> types = graph.types(apply.operands());
        if (!types.get(0).equals(apply.type()) || !types.get(1).equals(apply.type())) {
            return false;
        }
        return elementwise.kernel(types).equals(ADDITIONS.get(type));
    }

    private static int write(Sum sum, Graph graph, Rewriting rewriting) {
        List<Assembly> tiles = new ArrayList<>();
        List<Integer> pieces = new ArrayList<>();
        long covered = 0;
        TensorType type = graph.type(sum.tiles.get(0));
        for (int tile : sum.tiles) {
            Apply apply = (Apply) graph.definitions().get(tile);
            tiles.add((Assembly) apply.operator());
            int piece = rewriting.now(apply.operands().get(0));
            covered += rewriting.type(piece).shape().elements();
            pieces.add(type.dtype().isFloating() ? Add.add(rewriting, piece, rewriting.number(POSITIVE_ZERO)) : piece);
        }
        Mosaic mosaic = new Mosaic(tiles, covered == type.shape().elements());
        int whole = rewriting.apply(mosaic, pieces);
        return sum.base < 0 ? whole : Add.add(rewriting, rewriting.now(sum.base), whole);
    }

    /** {@code base + tiles[0] + tiles[1] + ...} with tiles in disjoint places; no base if negative. */
    private static final class Sum {
        private final int base;
        private final int continues;
        private final List<Integer> tiles;
        private final Layout first;
        private final Coverage coverage;

        Sum(int base, int tile, Layout place) {
            this.base = base;
            this.continues = -1;
            this.tiles = new ArrayList<>(List.of(tile));
            this.first = place;
            this.coverage = new Coverage();
            coverage.add(place);
        }

        /** Continues a sum: a single tile by a copy, because it may have other uses, any other sum in its place. */
        Sum(Sum before, int value, int tile, Layout place) {
            boolean single = before.base < 0 && before.tiles.size() == 1;
            this.base = before.base;
            this.continues = single ? -1 : value;
            this.tiles = single ? new ArrayList<>(before.tiles) : before.tiles;
            this.coverage = single ? new Coverage() : before.coverage;
            if (single) {
                coverage.add(before.first);
            }
            this.first = before.first;
            tiles.add(tile);
            coverage.add(place);
        }
    }
}
