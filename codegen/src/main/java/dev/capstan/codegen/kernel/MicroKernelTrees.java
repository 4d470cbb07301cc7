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
import java.util.function.IntFunction;
import java.util.stream.IntStream;
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
                .comment("Micro-kernels of contractions: tiles of " + shape.fewRows() + " to " + shape.rows()
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
        MethodTree packedTile = packedTile();
        MethodTree[] wideTiles = tiles(2);
        MethodTree[] narrowTiles = tiles(1);
        MethodTree wide = dispatchHeights("tiles2", wideTiles);
        MethodTree narrow = dispatchHeights("tiles1", narrowTiles);
        MethodTree[] packs = {pack(2), pack(1)};
        MethodTree[] rows = {row(TileShape.ROW_VECTORS), row(2), row(1)};
        MethodTree transposedRow = transposedRow();
        MethodTree transpose = transposition.kernel();
        type.method(packedTile);
        Stream.of(wideTiles).forEach(type::method);
        Stream.of(narrowTiles).forEach(type::method);
        type.method(wide).method(narrow);
        Stream.of(rows).forEach(type::method);
        Stream.of(packs).forEach(type::method);
        return type.method(transposedRow)
                .method(transpose)
                .method(forward("packedTile", packedTile))
                .method(dispatchTiles(wide, narrow))
                .method(dispatchRows(rows))
                .method(dispatchPacks(packs))
                .method(forward("transposedRow", transposedRow))
                .method(transpose(transpose))
                .build();
    }

    /** Where a tile of C lies: its first element, how far its rows are apart, and its second vectors behind the first. */
    private record Target(Local array, Local offset, Local rowStride, Local second) {}

    /** A tile of C, its elements in registers. */
    private final class Tile {
        private final Target c;
        private final int certain;
        private final Expression last;
        private final Local[][] sums;

        /**
         * Declares the elements.
         *
         * @param certain so many rows are there for certain; of the others, those below the last are the last
         */
        Tile(BlockBuilder body, int rows, int vectors, Target c, int certain, Expression last, Local accumulate) {
            this.c = c;
            this.certain = certain;
            this.last = last;
            this.sums = new Local[rows][vectors];
            Local zero = body.declare("zero", zero());
            for (int r = 0; r < rows; r++) {
                for (int v = 0; v < vectors; v++) {
                    sums[r][v] = body.declare("sum" + r + "_" + v, zero);
                }
            }
            body.when(accumulate, this::load);
        }

        private void load(BlockBuilder then) {
            for (int r = 0; r < sums.length; r++) {
                Expression row = r < certain ? constant(r) : least(last, constant(r));
                Expression place = c.offset.plus(row.times(c.rowStride));
                for (int v = 0; v < sums[r].length; v++) {
                    Expression vector = v == 0 ? place : place.plus(c.second);
                    then.assign(sums[r][v], MicroKernelTrees.this.load(c.array, vector));
                }
            }
        }

        /** Adds the products of one element of each row of A and a row of B. */
        void multiply(BlockBuilder loop, Local[] right, IntFunction<Expression> left) {
            for (int r = 0; r < sums.length; r++) {
                Local factor = loop.declare("a" + r, broadcast(left.apply(r)));
                for (int v = 0; v < right.length; v++) {
                    loop.assign(sums[r][v], fma(factor, right[v], sums[r][v]));
                }
            }
        }

        void store(BlockBuilder body) {
            Expression[] steps = steps(body, "cStep", c.rowStride, sums.length, certain, last);
            Local place = body.declare("place", c.offset);
            for (int r = 0; r < sums.length; r++) {
                if (r > 0) {
                    body.assign(place, place.plus(steps[r]));
                }
                for (int v = 0; v < sums[r].length; v++) {
                    Expression vector = v == 0 ? place : place.plus(c.second);
                    body.evaluate(MicroKernelTrees.this.store(), sums[r][v], c.array, vector);
                }
            }
        }
    }

    /** By how much each row begins behind the one above it. */
    private static Expression[] steps(
            BlockBuilder body, String name, Local stride, int rows, int certain, Expression last) {
        Expression[] steps = new Expression[rows];
        for (int r = 1; r < rows; r++) {
            steps[r] = r < certain
                    ? stride
                    : body.declare(name + r, last.lessThan(constant(r)).choose(constant(0), stride));
        }
        return steps;
    }

    private MethodTree packedTile() {
        int rows = shape.rows();
        MethodTree.Builder method = MethodTree.named("packedTile" + rows + "x" + TileShape.TILE_VECTORS);
        Local a = method.parameter("a", element.array());
        Local aOffset = method.parameter("aOffset", INT);
        Local b = method.parameter("b", element.array());
        Local bOffset = method.parameter("bOffset", INT);
        Local c = method.parameter("c", element.array());
        Local cOffset = method.parameter("cOffset", INT);
        Local cRowStride = method.parameter("cRowStride", INT);
        Local cSecond = method.parameter("cSecond", INT);
        Local k = method.parameter("k", INT);
        Local accumulate = method.parameter("accumulate", BOOLEAN);
        BlockBuilder body = method.body();
        leaveIfNothingToDo(body, k);

        Target target = new Target(c, cOffset, cRowStride, cSecond);
        Tile tile = new Tile(body, rows, TileShape.TILE_VECTORS, target, rows, constant(rows - 1), accumulate);
        // one index for all addresses: with more, C2 keeps some of them in memory, and the arrays too
        Local end = body.declare("end", aOffset.plus(k));
        Local start = body.declare("start", bOffset.minus(aOffset.times(shape.widest())));
        body.count("p", aOffset, end, 1, (loop, p) -> {
            Local[] right = new Local[TileShape.TILE_VECTORS];
            for (int v = 0; v < right.length; v++) {
                right[v] = loop.declare("b" + v, load(b, column(start.plus(p.times(shape.widest())), v)));
            }
            tile.multiply(loop, right, r -> a.at(p.plus(r * TileShape.A_STRIDE)));
        });
        tile.store(body);
        return method.build();
    }

    private MethodTree tile(int rows, int vectors) {
        MethodTree.Builder method = MethodTree.named("tile" + rows + "x" + vectors);
        Local present = method.parameter("rows", INT);
        Local a = method.parameter("a", element.array());
        Local aOffset = method.parameter("aOffset", INT);
        Local aRowStride = method.parameter("aRowStride", INT);
        Local aColumnStride = method.parameter("aColumnStride", INT);
        Local b = method.parameter("b", element.array());
        Local bOffset = method.parameter("bOffset", INT);
        Local bRowStride = method.parameter("bRowStride", INT);
        Local bSecond = method.parameter("bSecond", INT);
        Local c = method.parameter("c", element.array());
        Local cOffset = method.parameter("cOffset", INT);
        Local cRowStride = method.parameter("cRowStride", INT);
        Local cSecond = method.parameter("cSecond", INT);
        Local k = method.parameter("k", INT);
        Local accumulate = method.parameter("accumulate", BOOLEAN);
        BlockBuilder body = method.body();
        leaveIfNothingToDo(body, k);

        // below the last row of C the last row is computed again, and stored where it is
        Local last = body.declare("last", present.minus(constant(1)));
        int certain = shape.fewest(rows);
        Target target = new Target(c, cOffset, cRowStride, cSecond);
        Tile tile = new Tile(body, rows, vectors, target, certain, last, accumulate);
        // Each row is found from the one above it, and the loop is none that C2 counts: else it would hoist the
        // places of all rows, and for want of registers keep them and the arrays in vector registers, out of which
        // they come no sooner than the multiplications that wait there (-XX:-UseFPUForSpilling shows the difference).
        Expression[] steps = steps(body, "aStep", aRowStride, rows, certain, last);
        Local toNext = body.declare("toNext", aColumnStride.minus(last.times(aRowStride)));
        Local at = body.declare("at", aOffset);
        Local rowOfB = body.declare("bRow", bOffset);
        Local end = body.declare("end", bOffset.plus(k.times(bRowStride)));
        body.loop(rowOfB.notEqualTo(end), loop -> {
            Local[] right = new Local[vectors];
            for (int v = 0; v < vectors; v++) {
                right[v] = loop.declare("b" + v, load(b, v == 0 ? rowOfB : rowOfB.plus(bSecond)));
            }
            tile.multiply(loop, right, r -> {
                if (r > 0) {
                    loop.assign(at, at.plus(steps[r]));
                }
                return a.at(at);
            });
            loop.assign(at, at.plus(toNext));
            loop.assign(rowOfB, rowOfB.plus(bRowStride));
        });
        tile.store(body);
        return method.build();
    }

    private static Expression least(Expression a, Expression b) {
        return a.lessThan(b).choose(a, b);
    }

    private MethodTree pack(int vectors) {
        MethodTree.Builder method = MethodTree.named("pack" + vectors);
        Local source = method.parameter("source", element.array());
        Local offset = method.parameter("offset", INT);
        Local rowStride = method.parameter("rowStride", INT);
        Local second = method.parameter("second", INT);
        Local target = method.parameter("target", element.array());
        Local targetOffset = method.parameter("targetOffset", INT);
        Local rows = method.parameter("rows", INT);
        int width = vectors * shape.lanes();
        BlockBuilder body = method.body();
        Local from = body.declare("from", offset);
        body.count("i", constant(0), rows, 1, (loop, i) -> {
            for (int v = 0; v < vectors; v++) {
                Local moved = loop.declare("v" + v, load(source, v == 0 ? from : from.plus(second)));
                loop.evaluate(store(), moved, target, column(targetOffset.plus(i.times(width)), v));
            }
            loop.assign(from, from.plus(rowStride));
        });
        return method.build();
    }

    private MethodTree transposedRow() {
        int lanes = shape.lanes();
        MethodTree.Builder method = MethodTree.named("transposedRow" + lanes);
        Local columns = method.parameter("columns", INT);
        Local a = method.parameter("a", element.array());
        Local aOffset = method.parameter("aOffset", INT);
        Local b = method.parameter("b", element.array());
        Local bOffset = method.parameter("bOffset", INT);
        Local bColumnStride = method.parameter("bColumnStride", INT);
        Local c = method.parameter("c", element.array());
        Local cOffset = method.parameter("cOffset", INT);
        Local k = method.parameter("k", INT);
        Local accumulate = method.parameter("accumulate", BOOLEAN);
        BlockBuilder body = method.body();
        leaveIfNothingToDo(body, k);

        // there is nothing behind the last column
        List<Local> columnsOfB = new ArrayList<>(List.of(bOffset));
        for (int j = 1; j < lanes; j++) {
            Expression step = columns.greaterThan(constant(j)).choose(bColumnStride, constant(0));
            columnsOfB.add(body.declare("column" + j, columnsOfB.get(j - 1).plus(step)));
        }
        Local sum = body.declare("sum", zero());
        body.when(accumulate, then -> then.assign(sum, load(c, cOffset)));
        body.count("p", constant(0), k, lanes, (loop, p) -> {
            List<Expression> rows =
                    transposition.transpose(loop, j -> load(b, columnsOfB.get(j).plus(p)));
            for (int j = 0; j < lanes; j++) {
                Expression left = a.at(aOffset.plus(p).plus(j));
                loop.assign(sum, fma(broadcast(left), rows.get(j), sum));
            }
        });
        body.evaluate(store(), sum, c, cOffset);
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

    private MethodTree[] tiles(int vectors) {
        return IntStream.of(shape.heights())
                .mapToObj(height -> tile(height, vectors))
                .toArray(MethodTree[]::new);
    }

    /** Picks the kernel of a height: a method of its own for each width, small enough to be inlined. */
    private MethodTree dispatchHeights(String name, MethodTree[] kernels) {
        MethodTree.Builder method = MethodTree.named(name);
        Local height = method.parameter("height", INT);
        List<Expression> arguments = new ArrayList<>();
        for (Local parameter : kernels[0].parameters()) {
            arguments.add(method.parameter(parameter.name(), parameter.type()));
        }
        dispatchHeights(method.body(), height, kernels, 0, arguments);
        return method.build();
    }

    private void dispatchHeights(
            BlockBuilder block, Local height, MethodTree[] kernels, int first, List<Expression> arguments) {
        Callee kernel = callee(kernels[first]);
        if (first == kernels.length - 1) {
            block.evaluate(kernel.call(arguments));
            return;
        }
        block.when(
                height.equalTo(constant(shape.heights()[first])),
                then -> then.evaluate(kernel.call(arguments)),
                other -> dispatchHeights(other, height, kernels, first + 1, arguments));
    }

    /** The interface's method: picks the kernel of the height and the width. */
    private MethodTree dispatchTiles(MethodTree wide, MethodTree narrow) {
        MethodTree.Builder method = MethodTree.named("tile").instance();
        Local height = method.parameter("height", INT);
        Local rows = method.parameter("rows", INT);
        Local vectors = method.parameter("vectors", INT);
        List<Expression> arguments = new ArrayList<>(List.of(height, rows));
        arguments.addAll(arrayArguments(
                method, wide.parameters().subList(2, wide.parameters().size())));
        method.body()
                .when(
                        vectors.equalTo(constant(2)),
                        two -> two.evaluate(callee(wide).call(arguments)),
                        one -> one.evaluate(callee(narrow).call(arguments)));
        return method.build();
    }

    /** The interface's method: picks the kernel of that width. */
    private MethodTree dispatchRows(MethodTree[] kernels) {
        MethodTree.Builder method = MethodTree.named("row").instance();
        Local vectors = method.parameter("vectors", INT);
        List<Expression> arguments = arrayArguments(method, kernels[0].parameters());
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

    /** The interface's method: picks the kernel of that width. */
    private MethodTree dispatchPacks(MethodTree[] kernels) {
        MethodTree.Builder method = MethodTree.named("pack").instance();
        Local vectors = method.parameter("vectors", INT);
        List<Expression> arguments = arrayArguments(method, kernels[0].parameters());
        method.body()
                .when(
                        vectors.equalTo(constant(2)),
                        two -> two.evaluate(callee(kernels[0]).call(arguments)),
                        one -> one.evaluate(callee(kernels[1]).call(arguments)));
        return method.build();
    }

    /** The interface's method: the kernel stores whole vectors. */
    private MethodTree transpose(MethodTree kernel) {
        MethodTree.Builder method = MethodTree.named("transpose").instance();
        List<Local> parameters = kernel.parameters();
        int last = parameters.size() - 1;
        List<Expression> arguments = arrayArguments(method, parameters.subList(0, last));
        method.parameter("columns", INT);
        arguments.add(method.parameter(parameters.get(last).name(), INT));
        method.body().evaluate(callee(kernel).call(arguments));
        return method.build();
    }

    private MethodTree forward(String name, MethodTree kernel) {
        MethodTree.Builder method = MethodTree.named(name).instance();
        method.body().evaluate(callee(kernel).call(arrayArguments(method, kernel.parameters())));
        return method.build();
    }

    /** Declares a kernel's parameters, arrays as objects (the interface's are erased), and gives them as arguments. */
    private List<Expression> arrayArguments(MethodTree.Builder method, List<Local> parameters) {
        List<Expression> arguments = new ArrayList<>();
        for (Local parameter : parameters) {
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
