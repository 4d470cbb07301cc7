// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import static dev.capstan.codegen.tree.Expression.constant;
import static dev.capstan.codegen.tree.Primitive.BOOLEAN;
import static dev.capstan.codegen.tree.Primitive.INT;
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
import java.util.stream.Stream;

/**
 * Writes the vector micro-kernels of one element type as a class {@code implements MicroKernels}. The accumulators of a
 * tile are local variables, so that they live in registers; each kernel is a small static method.
 */
final class MicroKernelTrees {
    private static final ReferenceType ANY_VECTOR = ReferenceType.of("jdk.incubator.vector.Vector");

    private final TileShape shape;
    private final Primitive element;
    private final ReferenceType vector;
    private final Expression species;
    private final ClassTree.Builder type;
    private final Transposition transposition;

    private MicroKernelTrees(VectorWidth width, Primitive element, TileShape shape) {
        this.shape = shape;
        this.element = element;
        this.vector = VectorWidth.vectorClass(element);
        String name = element == Primitive.FLOAT ? "FloatContractionKernels" : "DoubleContractionKernels";
        this.type = ClassTree.named(GeneratedClasses.PACKAGE + "." + name)
                .comment("Micro-kernels of contractions: tiles of " + shape.rows() + " or " + shape.fewRows()
                        + " rows, vectors of " + shape.lanes()
                        + " lanes.\nEvery element is one chain of fused multiply-adds over ascending k.")
                .implementing(ReferenceType.of(MicroKernels.class.getName()));
        this.species = type.field("SPECIES", VectorWidth.speciesClass(element), width.speciesOf(element));
        this.transposition = new Transposition(type, width, element, species);
    }

    /** The class for {@code float} or {@code double}. */
    static ClassTree of(VectorWidth width, Primitive element, TileShape shape) {
        return new MicroKernelTrees(width, element, shape).build();
    }

    private ClassTree build() {
        MethodTree[] tiles = {
            tile(shape.rows(), 2), tile(shape.rows(), 1), tile(shape.fewRows(), 2), tile(shape.fewRows(), 1)
        };
        MethodTree[] rows = {row(TileShape.ROW_VECTORS), row(2), row(1)};
        Stream.of(tiles).forEach(type::method);
        Stream.of(rows).forEach(type::method);
        MethodTree transpose = transposition.kernel();
        return type.method(transpose)
                .method(dispatchTiles(tiles))
                .method(dispatchRows(rows))
                .method(forward("transpose", transpose))
                .build();
    }

    private MethodTree tile(int rows, int vectors) {
        int width = vectors * shape.lanes();
        MethodTree.Builder method = MethodTree.named("tile" + rows + "x" + vectors);
        Local a = method.parameter("a", element.array());
        Local aOffset = method.parameter("aOffset", INT);
        Local b = method.parameter("b", element.array());
        Local bOffset = method.parameter("bOffset", INT);
        Local c = method.parameter("c", element.array());
        Local cOffset = method.parameter("cOffset", INT);
        Local cRowStride = method.parameter("cRowStride", INT);
        Local k = method.parameter("k", INT);
        Local accumulate = method.parameter("accumulate", BOOLEAN);
        BlockBuilder body = method.body();
        leaveIfNothingToDo(body, k);

        List<Local> rowOffsets = new ArrayList<>();
        for (int r = 0; r < rows; r++) {
            Expression offset = r == 0 ? cOffset : rowOffsets.get(r - 1).plus(cRowStride);
            rowOffsets.add(body.declare("row" + r, offset));
        }
        Local zero = body.declare("zero", zero());
        Local[][] sums = new Local[rows][vectors];
        for (int r = 0; r < rows; r++) {
            for (int v = 0; v < vectors; v++) {
                sums[r][v] = body.declare("sum" + r + "_" + v, zero);
            }
        }
        body.when(accumulate, then -> {
            for (int r = 0; r < rows; r++) {
                for (int v = 0; v < vectors; v++) {
                    then.assign(sums[r][v], load(c, column(rowOffsets.get(r), v)));
                }
            }
        });
        body.count("p", constant(0), k, 1, (loop, p) -> {
            Local[] right = new Local[vectors];
            for (int v = 0; v < vectors; v++) {
                right[v] = loop.declare("b" + v, load(b, column(bOffset.plus(p.times(width)), v)));
            }
            for (int r = 0; r < rows; r++) {
                Expression left = a.at(aOffset.plus(p).plus(r * TileShape.A_STRIDE));
                Local factor = loop.declare("a" + r, broadcast(left));
                for (int v = 0; v < vectors; v++) {
                    loop.assign(sums[r][v], fma(factor, right[v], sums[r][v]));
                }
            }
        });
        for (int r = 0; r < rows; r++) {
            for (int v = 0; v < vectors; v++) {
                body.evaluate(store(), sums[r][v], c, column(rowOffsets.get(r), v));
            }
        }
        return method.build();
    }

    /** Calls on nothing are how a kernel is made known to the JIT. */
    private static void leaveIfNothingToDo(BlockBuilder body, Local k) {
        body.when(k.lessThan(constant(1)), BlockBuilder::returns);
    }

    private MethodTree row(int vectors) {
        MethodTree.Builder method = MethodTree.named("row1x" + vectors);
        Local a = method.parameter("a", element.array());
        Local aOffset = method.parameter("aOffset", INT);
        Local aStride = method.parameter("aStride", INT);
        Local b = method.parameter("b", element.array());
        Local bOffset = method.parameter("bOffset", INT);
        Local bRowStride = method.parameter("bRowStride", INT);
        Local c = method.parameter("c", element.array());
        Local cOffset = method.parameter("cOffset", INT);
        Local k = method.parameter("k", INT);
        Local accumulate = method.parameter("accumulate", BOOLEAN);
        BlockBuilder body = method.body();
        leaveIfNothingToDo(body, k);

        Local zero = body.declare("zero", zero());
        Local[] sums = new Local[vectors];
        for (int v = 0; v < vectors; v++) {
            sums[v] = body.declare("sum" + v, zero);
        }
        body.when(accumulate, then -> {
            for (int v = 0; v < vectors; v++) {
                then.assign(sums[v], load(c, column(cOffset, v)));
            }
        });
        body.count("p", constant(0), k, 1, (loop, p) -> {
            Local factor = loop.declare("left", broadcast(a.at(aOffset.plus(p.times(aStride)))));
            Local start = loop.declare("start", bOffset.plus(p.times(bRowStride)));
            for (int v = 0; v < vectors; v++) {
                loop.assign(sums[v], fma(factor, load(b, column(start, v)), sums[v]));
            }
        });
        for (int v = 0; v < vectors; v++) {
            body.evaluate(store(), sums[v], c, column(cOffset, v));
        }
        return method.build();
    }

    /** The interface's method: picks the kernel of that height and width. */
    private MethodTree dispatchTiles(MethodTree[] kernels) {
        MethodTree.Builder method = MethodTree.named("tile").instance();
        Local rows = method.parameter("rows", INT);
        Local vectors = method.parameter("vectors", INT);
        List<Expression> arguments = arrayArguments(method, kernels[0]);
        method.body()
                .when(
                        rows.equalTo(constant(shape.rows())),
                        high -> high.when(
                                vectors.equalTo(constant(2)),
                                wide -> wide.evaluate(callee(kernels[0]).call(arguments)),
                                narrow -> narrow.evaluate(callee(kernels[1]).call(arguments))),
                        low -> low.when(
                                vectors.equalTo(constant(2)),
                                wide -> wide.evaluate(callee(kernels[2]).call(arguments)),
                                narrow -> narrow.evaluate(callee(kernels[3]).call(arguments))));
        return method.build();
    }

    /** The interface's method: picks the kernel of that width. */
    private MethodTree dispatchRows(MethodTree[] kernels) {
        MethodTree.Builder method = MethodTree.named("row").instance();
        Local vectors = method.parameter("vectors", INT);
        List<Expression> arguments = arrayArguments(method, kernels[0]);
        method.body()
                .when(
                        vectors.equalTo(constant(TileShape.ROW_VECTORS)),
                        wide -> wide.evaluate(callee(kernels[0]).call(arguments)),
                        other -> other.when(
                                vectors.equalTo(constant(2)),
                                two -> two.evaluate(callee(kernels[1]).call(arguments)),
                                one -> one.evaluate(callee(kernels[2]).call(arguments))));
        return method.build();
    }

    private MethodTree forward(String name, MethodTree kernel) {
        MethodTree.Builder method = MethodTree.named(name).instance();
        method.body().evaluate(callee(kernel).call(arrayArguments(method, kernel)));
        return method.build();
    }

    /** Declares the kernel's parameters, arrays as objects (the interface's are erased), and gives them as arguments. */
    private List<Expression> arrayArguments(MethodTree.Builder method, MethodTree kernel) {
        List<Expression> arguments = new ArrayList<>();
        for (Local parameter : kernel.parameters()) {
            boolean isArray = parameter.type().equals(element.array());
            Local local = method.parameter(parameter.name(), isArray ? ReferenceType.OBJECT : parameter.type());
            arguments.add(isArray ? local.cast(element.array()) : local);
        }
        return arguments;
    }

    private Callee callee(MethodTree kernel) {
        return kernel.callee(type.type());
    }

    private Expression column(Expression start, int vector) {
        return start.plus(vector * shape.lanes());
    }

    private Expression zero() {
        return Callee.ofStatic(vector, "zero", vector, VectorWidth.speciesClass(element))
                .call(species);
    }

    private Expression broadcast(Expression value) {
        return Callee.ofStatic(vector, "broadcast", vector, VectorWidth.speciesClass(element), element)
                .call(species, value);
    }

    private Expression load(Expression array, Expression index) {
        return Callee.ofStatic(vector, "fromArray", vector, VectorWidth.speciesClass(element), element.array(), INT)
                .call(species, array, index);
    }

    private Expression fma(Expression a, Expression b, Expression c) {
        return Callee.ofVirtual(vector, "fma", vector, ANY_VECTOR, ANY_VECTOR).call(a, b, c);
    }

    private Callee store() {
        return Callee.ofVirtual(vector, "intoArray", VOID, element.array(), INT);
    }
}
