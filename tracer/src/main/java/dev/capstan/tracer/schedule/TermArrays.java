// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.ReductionKernel;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.tracer.schedule.TermLines.Weights;
import dev.capstan.tracer.schedule.TermMemory.Area;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What kernels, reductions, products and single operators make of arrays of {@link Terms}. */
final class TermArrays {
    private static final long COMBINED = 1L << 48;
    private static final long MULTIPLIED = 3L << 48;
    private static final long SINGLE = 4L << 48;
    private static final long INPUT = 5L << 48;
    private static final long RUBBISH = 6L << 48;

    private final Terms terms = new Terms();
    private final Effort effort;
    private final Map<Operator, Integer> operators = new HashMap<>();
    private final Numbering<Kernel> kernels = new Numbering<>();
    private final List<TermKernel> prepared = new ArrayList<>();
    private long rubbish;

    TermArrays(Effort effort) {
        this.effort = effort;
    }

    private TermKernel prepared(Kernel kernel) {
        int number = kernels.of(kernel);
        if (number == prepared.size()) {
            prepared.add(new TermKernel(kernel, terms, effort));
        }
        return prepared.get(number);
    }

    /** An input as it is at first: its elements are atoms. */
    TermMemory input(int index, int elements) {
        return TermMemory.atoms(effort, Terms.mixed(INPUT, index, 0), elements);
    }

    /** Atoms that come nowhere else: what is in memory that was not written to. */
    TermMemory rubbish(int elements) {
        return TermMemory.atoms(effort, Terms.mixed(RUBBISH, rubbish++, 0), elements);
    }

    /** A number. */
    TermMemory constant(DType type, double value) {
        return TermMemory.filled(effort, terms.constant(Expr.constant(type, value)), 1);
    }

    /** Zeros. */
    TermMemory zeros(DType type, int elements) {
        return TermMemory.filled(effort, terms.zero(type), elements);
    }

    /** Writes zeros. */
    void clear(DType type, Area area) {
        TermRuns zeros = new TermRuns(effort);
        zeros.append(area.layout().shape().elements(), terms.zero(type), 0, 0);
        area.write(zeros);
    }

    /** The terms of an area, converted. */
    TermRuns converted(Area from, DType type, DType target) {
        if (type == target) {
            return from.read();
        }
        Kernel kernel = Kernel.of(List.of(type), List.of(Expr.input(0, type).cast(target)));
        return prepared(kernel).run(List.of(from.read()), from.layout().shape().elements())[0];
    }

    /**
     * The outputs of a kernel.
     *
     * @param inputs of one shape
     */
    TermRuns[] map(Kernel kernel, List<Area> inputs, Shape shape) {
        List<TermRuns> given = new ArrayList<>(inputs.size());
        for (Area input : inputs) {
            given.add(input.read());
        }
        return prepared(kernel).run(given, shape.elements());
    }

    /**
     * Combines in row-major order.
     *
     * @param inputs of the domain's shape
     * @param kept the domain's shape with size 1 in combined dimensions
     */
    TermRuns reduce(ReductionKernel kernel, Shape domain, List<Area> inputs, Shape kept) {
        Area mapped = Area.of(map(kernel.map(), inputs, domain)[0], domain);
        int rank = domain.rank();
        int[] order = new int[rank];
        int results = 0;
        for (int i = 0; i < rank; i++) {
            if (kept.size(i) == domain.size(i)) {
                order[results++] = i;
            }
        }
        int next = results;
        for (int i = 0; i < rank; i++) {
            if (kept.size(i) != domain.size(i)) {
                order[next++] = i;
            }
        }
        int lines = kept.elements();
        int inner = lines == 0 ? 0 : domain.elements() / lines;
        TermLines combined;
        if (results > 0 && results < rank && order[results - 1] == rank - 1 && domain.size(rank - 1) > 1) {
            // the elements of one line are apart, those of lines beside it follow one another
            System.arraycopy(order, results, order, results - 1, rank - results);
            order[rank - 1] = rank - 1;
            combined = TermLines.across(mapped.permute(order), lines, inner, domain.size(rank - 1), effort);
        } else {
            combined = TermLines.along(mapped.permute(order), lines, inner, effort);
        }
        long kind = COMBINED
                + ((long) kernel.combine().ordinal() << Byte.SIZE)
                + kernel.state().ordinal();
        TermRuns states = new TermRuns(effort);
        Map<Long, Weights> weights = new HashMap<>();
        for (int group = 0; group < combined.count(); group++) {
            long id = Terms.mixed(kind, combined.key(group), 0);
            combined.sum(group, weights.computeIfAbsent(id, same -> new Weights(same, 0, inner, effort)), id, states);
        }
        return prepared(kernel.finish()).run(List.of(states), lines)[0];
    }

    /** A product of matrices or of stacks of them. Each element is a chain over a row and a column. */
    TermRuns multiply(Area left, Area right, DType type, Shape shape) {
        int rank = shape.rank();
        int rows = shape.size(rank - 2);
        int columns = shape.size(rank - 1);
        int inner = left.layout().shape().size(rank - 1);
        TermRuns product = new TermRuns(effort);
        if (shape.elements() == 0) {
            return product;
        }
        int items = shape.elements() / rows / columns;
        int[] order = new int[rank];
        for (int i = 0; i < rank; i++) {
            order[i] = i < rank - 2 ? i : 2 * rank - 3 - i;
        }
        TermLines first = lines(left, left.permute(order), items, rows, inner);
        TermLines second = lines(right.permute(order), right, items, columns, inner);
        Product lines = new Product(MULTIPLIED + type.ordinal(), inner, first, second, product);
        int a = 0;
        int b = 0;
        for (int item = 0; item < items; item++) {
            int aEnd = end(first, a, (item + 1) * rows);
            int bEnd = end(second, b, (item + 1) * columns);
            lines.item(a, aEnd, b, bEnd);
            a = aEnd;
            b = bEnd;
        }
        return product;
    }

    private static int end(TermLines lines, int from, int line) {
        int end = from;
        while (end < lines.count() && lines.begin(end) < line) {
            end++;
        }
        return end;
    }

    /**
     * The lines of a factor.
     *
     * @param along its last dimension is along lines
     * @param across the same, its last two dimensions exchanged
     */
    private TermLines lines(Area along, Area across, int items, int lines, int inner) {
        Layout layout = along.layout();
        int last = layout.shape().rank() - 1;
        boolean follow = layout.stride(last) == 1 || layout.stride(last - 1) != 1 || inner <= 1;
        return follow
                ? TermLines.along(along, items * lines, inner, effort)
                : TermLines.across(across, items * lines, inner, lines, effort);
    }

    /** Products of rows and columns. */
    private final class Product {
        private final long kind;
        private final int inner;
        private final TermLines left;
        private final TermLines right;
        private final TermRuns into;
        /** Of rows and of columns, for each identity of a product. */
        private final Map<Long, Weights[]> weights = new HashMap<>();

        Product(long kind, int inner, TermLines left, TermLines right, TermRuns into) {
            this.kind = kind;
            this.inner = inner;
            this.left = left;
            this.right = right;
            this.into = into;
        }

        private Weights[] weights(long id) {
            return weights.computeIfAbsent(id, same ->
                    new Weights[] {new Weights(same, 0, inner, effort), new Weights(same, inner, inner, effort)});
        }

        /** The product of two matrices, given by groups of rows and of columns. */
        void item(int a, int aEnd, int b, int bEnd) {
            TermRuns columns = new TermRuns(effort);
            for (int rows = a; rows < aEnd; rows++) {
                if (rows == a || left.key(rows) != left.key(rows - 1)) {
                    columns = columns(left.key(rows), b, bEnd);
                }
                rows(rows, columns);
            }
        }

        /** What columns add to the elements of a row. */
        private TermRuns columns(long row, int b, int bEnd) {
            TermRuns columns = new TermRuns(effort);
            for (int group = b; group < bEnd; group++) {
                long id = Terms.mixed(kind, row, right.key(group));
                right.sum(group, weights(id)[1], id, columns);
            }
            return columns;
        }

        private void rows(int group, TermRuns columns) {
            TermRuns[] rows = new TermRuns[columns.count];
            for (int i = 0; i < rows.length; i++) {
                if (i > 0 && columns.ids[i] == columns.ids[i - 1]) {
                    rows[i] = rows[i - 1];
                } else {
                    rows[i] = new TermRuns(effort);
                    left.sum(group, weights(columns.ids[i])[0], columns.ids[i], rows[i]);
                }
            }
            for (int row = 0; row < left.size(group); row++) {
                for (int i = 0; i < rows.length; i++) {
                    long first = Residues.add(rows[i].origin(0, row), columns.firsts[i]);
                    into.append(columns.end(i) - columns.begins[i], columns.ids[i], first, columns.steps[i]);
                }
            }
        }
    }

    /** The result of an operator of which nothing is known but that it gives the same of the same. */
    TermRuns single(Operator operator, List<Area> operands, Shape shape) {
        long all = operators.computeIfAbsent(operator, unseen -> operators.size());
        for (Area operand : operands) {
            all = Terms.mixed(SINGLE, all, operand.layout().shape().rank());
            for (int size : operand.layout().shape().sizes()) {
                all = Terms.mixed(SINGLE, all, size);
            }
            all = TermLines.hash(all, operand.read());
        }
        TermRuns results = new TermRuns(effort);
        results.append(shape.elements(), Terms.mixed(SINGLE + 1, all, 0), 0, 1);
        return results;
    }

    /** Tensors broadcast to a shape. */
    static List<Area> stretched(List<Area> areas, Shape shape) {
        List<Area> stretched = new ArrayList<>(areas.size());
        areas.forEach(area -> stretched.add(area.expand(shape)));
        return stretched;
    }
}
