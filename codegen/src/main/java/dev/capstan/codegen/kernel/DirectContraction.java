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
    /** So many are read in the order of tiles quickly enough for some tiles. */
    private static final int MIDDLING_B = 1 << 14;
    /** So many elements of B are copied as they lie, rather than packed. */
    private static final int MAX_COPIED_B = 1 << 14;
    /** So few tiles below one another are done before packing pays. */
    private static final int FEW_TILES = 2;
    /** So few before it pays to pack a middling B, or a large A. */
    private static final int SOME_TILES = 12;

    /** So many elements of A fit the L2 cache. */
    private static final int MAX_COLUMNS_OF_A = 1 << 16;
    /** Of rows so many vectors apart, a tile's do not fit the ways of the L1 cache. */
    private static final int LINES = 32;

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
        } else if (b.columnStride() == 1 && b.rowStride() > 0 && isWorthwhile(product) && isReadable(product, b)) {
            if (n < shape.lanes()) {
                multiplyNarrow(product, b);
            } else {
                multiplyTiles(product, b);
            }
        } else {
            return false;
        }
        return true;
    }

    private boolean isWorthwhile(MatrixProduct<A> product) {
        long size = (long) product.k() * product.n();
        return size <= SMALL_B
                || product.m() <= FEW_TILES * shape.rows()
                || size <= MIDDLING_B && product.m() <= SOME_TILES * shape.rows();
    }

    /**
     * Whether tiles read A as it lies as quickly as packed. Where its columns are apart, a tile's rows are beside one another,
     * and A must fit the L2 cache; where its rows are apart, they must not fall on the same lines of the L1 cache.
     */
    boolean isInPlace(Matrix<A> a, int m, int k) {
        if (a.columnStride() != 1) {
            return a.rowStride() == 1 && (long) m * k <= MAX_COLUMNS_OF_A;
        }
        return m < FEW_TILES * shape.rows()
                || m <= SOME_TILES * shape.rows() && a.rowStride() % (LINES * shape.lanes()) != 0;
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

    /** Tiles of C, of factors as they lie. */
    private void multiplyTiles(MatrixProduct<A> product, Matrix<A> b) {
        int m = product.m();
        int n = product.n();
        Matrix<A> a = product.a();
        Matrix<A> c = product.c();
        for (int j = 0; j < n; ) {
            int width = shape.nextWidth(n - j);
            int second = shape.second(n - j);
            for (int i = 0; i < m; ) {
                int height = shape.nextHeight(m - i);
                int rows = Math.min(height, m - i);
                kernels.tile(
                        height,
                        rows,
                        width / shape.lanes(),
                        a.array(),
                        a.at(i, 0),
                        a.rowStride(),
                        a.columnStride(),
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
    private void multiplyNarrow(MatrixProduct<A> product, Matrix<A> b) {
        Matrix<A> a = product.a();
        int m = product.m();
        int k = product.k();
        int n = product.n();
        int lanes = shape.lanes();
        Matrix<A> vectors = isWithin(b, k) ? b : withRoomBehind(b, k, n);
        Matrix<A> scratch = Matrix.ofRows(owner.scratch().tile(), 0, lanes);
        boolean isOverwritten = product.c().rowStride() == n && !product.accumulate();
        for (int i = 0; i < m; ) {
            int height = shape.nextHeight(m - i);
            int rows = Math.min(height, m - i);
            boolean inPlace = isOverwritten && (m - i - rows) * n >= lanes - n;
            Matrix<A> target = product.c().from(i, 0);
            Matrix<A> c = inPlace ? target : scratch;
            if (product.accumulate()) {
                loops.copy(target.array(), target.offset(), target.rowStride(), c.array(), 0, lanes, rows, n);
            }
            tile(height, rows, k, a.from(i, 0), vectors, c, product.accumulate());
            if (!inPlace) {
                loops.copy(c.array(), 0, lanes, target.array(), target.offset(), target.rowStride(), rows, n);
            }
            i += rows;
        }
    }

    private void tile(int height, int rows, int k, Matrix<A> a, Matrix<A> b, Matrix<A> c, boolean accumulate) {
        kernels.tile(
                height,
                rows,
                1,
                a.array(),
                a.offset(),
                a.rowStride(),
                a.columnStride(),
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

    /** Whether whole vectors can be read, of B itself or, where it is narrower, of a small copy. */
    private boolean isReadable(MatrixProduct<A> product, Matrix<A> b) {
        int k = product.k();
        return product.n() >= shape.lanes() || isWithin(b, k) || (long) k * b.rowStride() <= MAX_COPIED_B;
    }

    /** Whether a vector from the first element of each row lies within the array. */
    private boolean isWithin(Matrix<A> b, int k) {
        return b.at(k - 1, 0) + shape.lanes() <= loops.length(b.array());
    }

    private Matrix<A> withRoomBehind(Matrix<A> b, int k, int n) {
        int span = (k - 1) * b.rowStride() + n;
        A copy = owner.scratch().panels(span + shape.lanes());
        loops.copy(b.array(), b.offset(), 0, copy, 0, 0, 1, span);
        return Matrix.ofRows(copy, 0, b.rowStride());
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
