// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

/**
 * Products for which packing B does not pay, because few rows of A share it or because it fits the nearest caches as it lies.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class DirectContraction<A> {
    /** So many elements of B fit the L1 cache beside what else is used. */
    private static final int SMALL_B = 1 << 11;
    /** So few tiles below one another are done before packing pays. */
    private static final int FEW_TILES = 2;

    private static final int MAX_PACKED_A = 1 << 16;

    private final BlockedContraction<A> owner;
    private final TileShape shape;
    private final ArrayLoops<A> loops;
    private final MicroKernels<A> kernels;
    private final MicroKernels<A> transposing;

    DirectContraction(
            BlockedContraction<A> owner,
            TileShape shape,
            ArrayLoops<A> loops,
            MicroKernels<A> kernels,
            MicroKernels<A> transposing) {
        this.owner = owner;
        this.shape = shape;
        this.loops = loops;
        this.kernels = kernels;
        this.transposing = transposing;
    }

    /** Multiplies if the product is one of these; false if nothing was done. */
    boolean multiply(MatrixProduct<A> product, Matrix<A> b) {
        int m = product.m();
        int n = product.n();
        if (b.rowStride() == 1 && m == 1 && product.k() >= shape.lanes()) {
            multiplyTransposed(product, b);
        } else if (b.columnStride() == 1 && n >= shape.lanes() && shape.isFewRows(m)) {
            for (int i = 0; i < m; i++) {
                multiplyRow(product, i, b);
            }
        } else if (b.columnStride() == 1 && isWorthwhile(product) && (n >= shape.lanes() || b.rowStride() > 0)) {
            multiplyTiles(product, b);
        } else {
            return false;
        }
        return true;
    }

    private boolean isWorthwhile(MatrixProduct<A> product) {
        return product.m() <= FEW_TILES * shape.rows() || (long) product.k() * product.n() <= SMALL_B;
    }

    /** One row of C. The last vector overlaps the one before it, which changes no bits. */
    private void multiplyRow(MatrixProduct<A> product, int i, Matrix<A> b) {
        int lanes = shape.lanes();
        int n = product.n();
        int whole = n / lanes * lanes;
        int last = n - lanes;
        A c = product.c().array();
        int target = product.c().at(i, 0);
        if (whole < n && product.accumulate()) {
            A tile = owner.scratch().tile();
            loops.copy(c, target + last, 0, tile, 0, 0, 1, lanes);
            row(product, i, 1, b, last, tile, 0);
            loops.copy(tile, whole - last, 0, c, target + whole, 0, 1, n - whole);
        } else if (whole < n) {
            row(product, i, 1, b, last, c, target + last);
        }
        for (int j = 0; j < whole; ) {
            int remaining = (whole - j) / lanes;
            int vectors = remaining >= TileShape.ROW_VECTORS ? TileShape.ROW_VECTORS : remaining >= 2 ? 2 : 1;
            row(product, i, vectors, b, j, c, target + j);
            j += vectors * lanes;
        }
    }

    private void row(MatrixProduct<A> product, int i, int vectors, Matrix<A> b, int column, A c, int cOffset) {
        Matrix<A> a = product.a();
        kernels.row(
                vectors,
                a.array(),
                a.at(i, 0),
                a.columnStride(),
                b.array(),
                b.offset() + column,
                b.rowStride(),
                c,
                cOffset,
                product.k(),
                product.accumulate());
    }

    /** Tiles of C; only an A of which the columns are apart is packed. */
    private void multiplyTiles(MatrixProduct<A> product, Matrix<A> b) {
        int m = product.m();
        int blockM = rowsAtOnce(product);
        for (int i = 0; i < m; i += blockM) {
            MatrixProduct<A> block = blockM == m ? product : product.rows(i, Math.min(blockM, m - i));
            if (product.n() < shape.lanes()) {
                multiplyNarrow(block, rowsOfA(block), b);
            } else {
                multiplyTiles(block, rowsOfA(block), b);
            }
        }
    }

    private int rowsAtOnce(MatrixProduct<A> product) {
        return product.a().columnStride() == 1
                ? product.m()
                : Math.max(1, MAX_PACKED_A / rowStride(product.k()) / shape.rows()) * shape.rows();
    }

    private static int rowStride(int k) {
        return k <= TileShape.MAX_SUM ? TileShape.A_STRIDE : Math.addExact(k, TileShape.A_STRIDE - TileShape.MAX_SUM);
    }

    private Matrix<A> rowsOfA(MatrixProduct<A> product) {
        Matrix<A> a = product.a();
        if (a.columnStride() == 1) {
            return a;
        }
        int stride = rowStride(product.k());
        A rows = owner.scratch().rows(Math.multiplyExact(product.m(), stride));
        owner.packing().copy(a, product.m(), product.k(), rows, 0, stride);
        return Matrix.ofRows(rows, 0, stride);
    }

    private void multiplyTiles(MatrixProduct<A> product, Matrix<A> a, Matrix<A> b) {
        int m = product.m();
        int n = product.n();
        Matrix<A> c = product.c();
        for (int j = 0; j < n; ) {
            int width = shape.nextWidth(n - j);
            int second = shape.second(n - j);
            for (int i = 0; i < m; ) {
                int rows = Math.min(shape.nextRows(m - i), m - i);
                kernels.tile(
                        rows,
                        width / shape.lanes(),
                        a.array(),
                        a.at(i, 0),
                        a.rowStride(),
                        b.array(),
                        b.offset() + j,
                        b.rowStride(),
                        second,
                        c.array(),
                        c.at(i, j),
                        c.rowStride(),
                        second,
                        product.k(),
                        product.accumulate());
                i += rows;
            }
            j += width;
        }
    }

    /**
     * A product narrower than a vector: vectors of B run over the ends of its rows into numbers that are of no interest. So
     * do those of C, where its rows follow one another and are written in that order.
     */
    private void multiplyNarrow(MatrixProduct<A> product, Matrix<A> a, Matrix<A> b) {
        int m = product.m();
        int k = product.k();
        int n = product.n();
        int lanes = shape.lanes();
        int readable = readableRows(b, k);
        // where a vector would run over the end of the array
        A rest = owner.scratch().panels((k - readable) * lanes);
        loops.copy(b.array(), b.at(readable, 0), b.rowStride(), rest, 0, lanes, k - readable, n);
        Matrix<A> scratch = Matrix.ofRows(owner.scratch().tile(), 0, lanes);
        boolean isOverwritten = product.c().rowStride() == n && !product.accumulate();
        for (int i = 0; i < m; ) {
            int rows = Math.min(shape.nextRows(m - i), m - i);
            boolean inPlace = isOverwritten && (m - i - rows) * n >= lanes - n;
            Matrix<A> target = product.c().from(i, 0);
            Matrix<A> c = inPlace ? target : scratch;
            if (product.accumulate()) {
                loops.copy(target.array(), target.offset(), target.rowStride(), c.array(), 0, lanes, rows, n);
            }
            if (readable > 0) {
                tile(rows, readable, a.from(i, 0), b, c, product.accumulate());
            }
            if (readable < k) {
                Matrix<A> last = Matrix.ofRows(rest, 0, lanes);
                tile(rows, k - readable, a.from(i, readable), last, c, readable > 0 || product.accumulate());
            }
            if (!inPlace) {
                loops.copy(c.array(), 0, lanes, target.array(), target.offset(), target.rowStride(), rows, n);
            }
            i += rows;
        }
    }

    private void tile(int rows, int k, Matrix<A> a, Matrix<A> b, Matrix<A> c, boolean accumulate) {
        kernels.tile(
                rows,
                1,
                a.array(),
                a.offset(),
                a.rowStride(),
                b.array(),
                b.offset(),
                b.rowStride(),
                0,
                c.array(),
                c.offset(),
                c.rowStride(),
                0,
                k,
                accumulate);
    }

    /** How many rows of B, from the first, begin with a vector that lies within the array. */
    private int readableRows(Matrix<A> b, int k) {
        int room = loops.length(b.array()) - shape.lanes() - b.offset();
        return room < 0 ? 0 : Math.min(k, room / b.rowStride() + 1);
    }

    /** One row of C from a B of which the rows are adjacent, as those of a transposed matrix are. */
    private void multiplyTransposed(MatrixProduct<A> product, Matrix<A> b) {
        int lanes = shape.lanes();
        int n = product.n();
        int k = product.k();
        int whole = k / lanes * lanes;
        Matrix<A> a = rowsOfA(product);
        A c = product.c().array();
        A rest = whole == k ? null : owner.scratch().panels((k - whole) * lanes);
        for (int j = 0; j < n; j += lanes) {
            int columns = Math.min(lanes, n - j);
            int target = product.c().offset() + j;
            boolean inPlace = columns == lanes;
            A to = inPlace ? c : owner.scratch().tile();
            int position = inPlace ? target : 0;
            if (!inPlace && product.accumulate()) {
                loops.copy(c, target, 0, to, 0, 0, 1, columns);
            }
            transposing.transposedRow(
                    columns,
                    a.array(),
                    a.offset(),
                    b.array(),
                    b.at(0, j),
                    b.columnStride(),
                    to,
                    position,
                    whole,
                    product.accumulate());
            if (whole < k) {
                owner.packing().copy(b.from(whole, j), k - whole, columns, rest, 0, lanes);
                kernels.row(1, a.array(), a.at(0, whole), 1, rest, 0, lanes, to, position, k - whole, true);
            }
            if (!inPlace) {
                loops.copy(to, 0, 0, c, target, 0, 1, columns);
            }
        }
    }
}
