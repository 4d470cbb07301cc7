// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import static dev.capstan.codegen.tree.Expression.constant;
import static dev.capstan.codegen.tree.Primitive.INT;
import static dev.capstan.codegen.tree.Primitive.LONG;
import static dev.capstan.codegen.tree.Primitive.VOID;

import dev.capstan.codegen.tree.BlockBuilder;
import dev.capstan.codegen.tree.Callee;
import dev.capstan.codegen.tree.ClassTree;
import dev.capstan.codegen.tree.Expression;
import dev.capstan.codegen.tree.Expression.Local;
import dev.capstan.codegen.tree.MethodTree;
import dev.capstan.codegen.tree.Primitive;
import dev.capstan.codegen.tree.ReferenceType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/**
 * Writes what transposes square blocks in registers, after J. O. Eklundh, "A fast computer method for matrix
 * transposing" (1972): for each distance d = lanes/2 ... 1 the blocks of d x d off the diagonal change places. JDK 17
 * has no masks in registers: there, vectors are blended as integers.
 */
public final class Transposition {
    private static final String API = "jdk.incubator.vector.";
    private static final ReferenceType ANY_VECTOR = ReferenceType.of(API + "Vector");
    private static final ReferenceType OPERATORS = ReferenceType.of(API + "VectorOperators");
    private static final ReferenceType TERNARY = ReferenceType.of(API + "VectorOperators$Ternary");

    private static final ReferenceType MASK = ReferenceType.of(API + "VectorMask");
    private static final boolean HAS_MASK_REGISTERS = Runtime.version().feature() > 17;

    private final int lanes;
    private final Primitive element;
    private final ReferenceType vector;
    private final Primitive integer;
    private final ReferenceType bits;
    private final ReferenceType shuffle;
    private final Expression species;
    private final Expression bitSpecies;
    private final List<Expression> exchanges = new ArrayList<>();
    private final List<Expression> masks = new ArrayList<>();

    /**
     * Declares the constants that are needed.
     *
     * @param element {@code FLOAT}, {@code DOUBLE}, {@code INT} or {@code LONG}
     * @param species of the element's vectors
     */
    public Transposition(ClassTree.Builder type, VectorWidth width, Primitive element, Expression species) {
        this.lanes = width.lanes(element);
        this.element = element;
        this.vector = VectorWidth.vectorClass(element);
        this.integer = element == Primitive.FLOAT || element == INT ? INT : LONG;
        this.bits = VectorWidth.vectorClass(integer);
        this.species = species;
        ReferenceType box = VectorWidth.speciesClass(integer).arguments().get(0);
        this.shuffle = ReferenceType.of(API + "VectorShuffle", box);
        this.bitSpecies = type.field("BITS", VectorWidth.speciesClass(integer), width.speciesOf(integer));
        for (int d = 1; d < lanes; d *= 2) {
            exchanges.add(type.field("EXCHANGE" + d, shuffle, exchange(d)));
            masks.add(type.field("UPPER" + d, HAS_MASK_REGISTERS ? MASK : bits, upper(d)));
        }
    }

    /** The shuffle of lane i and lane i ^ d. */
    private Expression exchange(int d) {
        ReferenceType kernels = ReferenceType.of(MicroKernels.class.getName());
        Expression partners = Callee.ofInterfaceStatic(kernels, "partners", INT.array(), INT, INT)
                .call(constant(lanes), constant(d));
        return Callee.ofStatic(shuffle, "fromArray", shuffle, VectorWidth.speciesClass(integer), INT.array(), INT)
                .call(bitSpecies, partners, constant(0));
    }

    /** The lanes i with i & d, as a mask or as a vector of all bits. */
    private Expression upper(int d) {
        long upper = 0;
        for (int i = 0; i < lanes; i++) {
            upper |= (i & d) != 0 ? 1L << i : 0;
        }
        Expression lanesOfMask = Callee.ofStatic(MASK, "fromLong", MASK, VectorWidth.speciesClass(integer), LONG)
                .call(bitSpecies, constant(upper));
        return HAS_MASK_REGISTERS
                ? lanesOfMask
                : Callee.ofVirtual(MASK, "toVector", ANY_VECTOR)
                        .call(lanesOfMask)
                        .cast(bits);
    }

    MethodTree kernel() {
        MethodTree.Builder method = MethodTree.named("transpose" + lanes);
        Local source = method.parameter("source", element.array());
        Local offset = method.parameter("offset", INT);
        Local stride = method.parameter("stride", INT);
        Local target = method.parameter("target", element.array());
        Local targetOffset = method.parameter("targetOffset", INT);
        Local targetStride = method.parameter("targetStride", INT);
        Local rows = method.parameter("rows", INT);
        method.body().count("i", constant(0), rows, lanes, (loop, i) -> {
            Local next = loop.declare("next", offset.plus(i));
            Callee load = Callee.ofStatic(
                    vector, "fromArray", vector, VectorWidth.speciesClass(element), element.array(), INT);
            List<Expression> block = transpose(loop, column -> {
                if (column > 0) {
                    loop.assign(next, next.plus(stride));
                }
                return load.call(species, source, next);
            });
            Local place = loop.declare("place", targetOffset.plus(i.times(targetStride)));
            Callee store = Callee.ofVirtual(vector, "intoArray", VOID, element.array(), INT);
            for (int r = 0; r < lanes; r++) {
                loop.evaluate(store, block.get(r), target, place);
                if (r < lanes - 1) {
                    loop.assign(place, place.plus(targetStride));
                }
            }
        });
        return method.build();
    }

    /** The rows of a block of which the columns are given, in this order. */
    public List<Expression> transpose(BlockBuilder loop, IntFunction<Expression> columns) {
        Local[] block = new Local[lanes];
        for (int r = 0; r < lanes; r++) {
            Expression column = columns.apply(r);
            block[r] = loop.declare("v" + r, toBits(column));
        }
        for (int d = lanes / 2; d >= 1; d /= 2) {
            for (int r = 0; r < lanes; r++) {
                if ((r & d) == 0) {
                    exchangeBlocks(loop, block[r], block[r + d], d);
                }
            }
        }
        return Stream.of(block).map(this::fromBits).toList();
    }

    private Expression toBits(Expression elements) {
        String name = integer == INT ? "reinterpretAsInts" : "reinterpretAsLongs";
        return element == integer
                ? elements
                : Callee.ofVirtual(vector, name, bits).call(elements);
    }

    private Expression fromBits(Expression elements) {
        String name = element == Primitive.FLOAT ? "reinterpretAsFloats" : "reinterpretAsDoubles";
        return element == integer
                ? elements
                : Callee.ofVirtual(bits, name, vector).call(elements);
    }

    /** Of two rows at distance d, the upper lanes of the lower and the lower lanes of the upper change places. */
    private void exchangeBlocks(BlockBuilder loop, Local low, Local high, int d) {
        int step = Integer.numberOfTrailingZeros(d);
        Callee rearrange = Callee.ofVirtual(bits, "rearrange", bits, shuffle);
        loop.block(block -> {
            Local moved =
                    block.declare("moved", rearrange.call(blend(high, low, masks.get(step)), exchanges.get(step)));
            block.assign(low, blend(low, moved, masks.get(step)));
            block.assign(high, blend(moved, high, masks.get(step)));
        });
    }

    /** The second where the mask is set, else the first. */
    private Expression blend(Expression first, Expression second, Expression mask) {
        return HAS_MASK_REGISTERS
                ? Callee.ofVirtual(bits, "blend", bits, ANY_VECTOR, MASK).call(first, second, mask)
                : Callee.ofVirtual(bits, "lanewise", bits, TERNARY, ANY_VECTOR, ANY_VECTOR)
                        .call(first, Expression.staticField(OPERATORS, "BITWISE_BLEND", TERNARY), second, mask);
    }
}
