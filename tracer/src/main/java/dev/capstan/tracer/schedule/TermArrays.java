// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Instruction;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.kernel.ReductionKernel;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** What kernels, reductions, products and single operators make of arrays of {@link Terms}. */
final class TermArrays {
    private static final int BLOCK = 256;
    private static final int MOST_LISTED = 1 << 20;
    private static final long COMBINED = 1L << 48;
    private static final long CHAINED = 2L << 48;
    private static final long MULTIPLIED = 3L << 48;
    private static final long SINGLE = 4L << 48;
    private static final long INPUT = 5L << 48;
    private static final long RUBBISH = 6L << 48;

    private final Terms terms = new Terms();
    private final Map<Layout, int[]> positions = new HashMap<>();
    private final Map<Operator, Integer> operators = new HashMap<>();
    private final Map<Kernel, KernelOnTerms> kernels = new HashMap<>();
    private final Map<Kernel, KernelOnTerms> prepared = new IdentityHashMap<>();
    /** The inputs as they are at first, which nobody writes to. */
    private final Map<Integer, long[]> inputs = new HashMap<>();
    /** What is known of stretches of them. */
    private final Map<long[], Map<Stretch, long[]>> known = new IdentityHashMap<>();

    private final Functions functions;
    private long rubbish;
    /** How many positions are known. */
    private long listed;

    /** @param functions kernels of one input and one output, the work of which is not looked into where they are found */
    TermArrays(List<Kernel> functions) {
        this.functions = new Functions(terms, functions);
    }

    /**
     * A tensor of terms.
     *
     * @param terms the array in which it lies
     * @param begin what the layout's positions are relative to
     */
    record Area(long[] terms, int begin, Layout layout) {
        /** A whole array. */
        static Area of(long[] terms, Shape shape) {
            return new Area(terms, 0, Layout.contiguous(shape));
        }

        Area expand(Shape shape) {
            return new Area(terms, begin, layout.expand(shape));
        }

        private int first() {
            return begin + layout.offset();
        }
    }

    private record Stretch(int begin, Layout layout, Along along) {}

    /** Along what terms are summed up, each multiplied by chance for its position. */
    private enum Along {
        ROWS,
        COLUMNS,
        ALL
    }

    /** A kernel with room for a block of each of its values. */
    private final class KernelOnTerms {
        private final Kernel kernel;
        private final long[][] values;
        /** Which values may have constants in this block. */
        private final boolean[] constant;

        private final Functions.Call[] calls;
        private final boolean[] needed;

        KernelOnTerms(Kernel kernel) {
            this.kernel = kernel;
            this.values = new long[kernel.instructions().size()][];
            this.constant = new boolean[values.length];
            this.calls = functions.calls(kernel);
            this.needed = Functions.needed(kernel, calls);
            for (int i = 0; i < values.length; i++) {
                Instruction step = kernel.instructions().get(i);
                values[i] = needed[i] ? new long[BLOCK] : null;
                if (needed[i] && step.primitive() == Primitive.CONSTANT) {
                    constant[i] = true;
                    Arrays.fill(values[i], terms.constant(step));
                }
            }
        }

        void run(List<Area> inputs, int from, int count) {
            for (int i = 0; i < values.length; i++) {
                Instruction step = kernel.instructions().get(i);
                if (!needed[i]) {
                    continue;
                }
                if (step.primitive() == Primitive.INPUT) {
                    gather(inputs.get(step.a()), from, count, values[i]);
                    constant[i] = Terms.mayHaveConstants(values[i], count);
                } else if (calls[i] != null) {
                    functions.apply(calls[i], values[calls[i].argument()], values[i], count);
                    constant[i] = Terms.mayHaveConstants(values[i], count);
                } else if (step.primitive() != Primitive.CONSTANT) {
                    apply(step, values[i], count);
                    constant[i] = mayGiveConstants(step);
                }
            }
        }

        private void apply(Instruction step, long[] results, int count) {
            int b = step.b() < 0 ? step.a() : step.b();
            int c = step.c() < 0 ? step.a() : step.c();
            if (constant[step.a()] || constant[b] || constant[c]) {
                terms.apply(step.primitive(), step.type(), values[step.a()], values[b], values[c], results, count);
            } else {
                Terms.applyToOthers(
                        step.primitive(), step.type(), values[step.a()], values[b], values[c], results, count);
            }
        }

        /** A constant is made of constants, or chosen. */
        private boolean mayGiveConstants(Instruction step) {
            return step.primitive() == Primitive.SELECT
                    ? constant[step.b()] || constant[step.c()]
                    : constant[step.a()] && (step.b() < 0 || constant[step.b()]);
        }

        long[] output(int number) {
            return values[kernel.outputs().get(number)];
        }
    }

    private KernelOnTerms prepared(Kernel kernel) {
        // equal kernels are one object for most steps
        return prepared.computeIfAbsent(kernel, same -> kernels.computeIfAbsent(same, KernelOnTerms::new));
    }

    /** How many steps a kernel takes for each element. */
    int steps(Kernel kernel) {
        int steps = 0;
        for (boolean needed : prepared(kernel).needed) {
            steps += needed ? 1 : 0;
        }
        return steps;
    }

    /** Where the elements of a layout are, relative to the first; null if they follow one another. */
    private int[] positions(Layout layout) {
        if (layout.isContiguous()) {
            return null;
        }
        int[] known = positions.get(layout.at(0));
        if (known == null) {
            known = listed(layout);
            listed += known.length;
            if (listed > MOST_LISTED) {
                positions.clear();
                listed = known.length;
            }
            positions.put(layout.at(0), known);
        }
        return known;
    }

    private static int[] listed(Layout layout) {
        Shape shape = layout.shape();
        int[] listed = new int[shape.elements()];
        int filled = Math.min(1, listed.length);
        for (int dimension = shape.rank() - 1; dimension >= 0 && filled > 0; dimension--) {
            for (int i = 1; i < shape.size(dimension); i++) {
                int step = i * layout.stride(dimension);
                for (int k = 0; k < filled; k++) {
                    listed[i * filled + k] = listed[k] + step;
                }
            }
            filled *= shape.size(dimension);
        }
        return listed;
    }

    private void gather(Area area, int from, int count, long[] into) {
        int[] at = positions(area.layout);
        int first = area.first();
        if (at == null) {
            System.arraycopy(area.terms, first + from, into, 0, count);
            return;
        }
        for (int i = 0; i < count; i++) {
            into[i] = area.terms[first + at[from + i]];
        }
    }

    private void scatter(long[] terms, Area area, int from, int count) {
        int[] at = positions(area.layout);
        int first = area.first();
        if (at == null) {
            System.arraycopy(terms, 0, area.terms, first + from, count);
            return;
        }
        for (int i = 0; i < count; i++) {
            area.terms[first + at[from + i]] = terms[i];
        }
    }

    /** All elements in row-major order. */
    long[] elements(Area area) {
        long[] elements = new long[area.layout.shape().elements()];
        if (elements.length > 0) {
            gather(area, 0, elements.length, elements);
        }
        return elements;
    }

    /** The terms of an input's first elements, or of more, which are atoms; to be read only. */
    long[] input(int index, int elements) {
        long[] terms = inputs.get(index);
        if (terms == null || terms.length < elements) {
            terms = new long[elements];
            for (int i = 0; i < elements; i++) {
                terms[i] = Terms.mixed(INPUT + index, i, 0);
            }
            inputs.put(index, terms);
            known.put(terms, new HashMap<>());
        }
        return terms;
    }

    /** Atoms that come nowhere else: what is in memory that was not written to. */
    long[] rubbish(int elements) {
        long[] terms = new long[elements];
        for (int i = 0; i < elements; i++) {
            terms[i] = Terms.mixed(RUBBISH, rubbish++, 0);
        }
        return terms;
    }

    /** A number. */
    long[] constant(DType type, double value) {
        return new long[] {terms.constant(Expr.constant(type, value))};
    }

    void zeros(DType type, Area area) {
        long[] zeros = new long[area.layout.shape().elements()];
        Arrays.fill(zeros, terms.zero(type));
        if (zeros.length > 0) {
            scatter(zeros, area, 0, zeros.length);
        }
    }

    void copy(Area from, DType type, Area to, DType target) {
        long[] elements = elements(from);
        for (int i = 0; i < elements.length; i++) {
            elements[i] = terms.cast(elements[i], type, target);
        }
        if (elements.length > 0) {
            scatter(elements, to, 0, elements.length);
        }
    }

    /** Copies terms of one shape. */
    void store(Area from, Area to) {
        long[] elements = elements(from);
        if (elements.length > 0) {
            scatter(elements, to, 0, elements.length);
        }
    }

    /** @param inputs of the outputs' shape */
    void map(Kernel kernel, List<Area> inputs, List<Area> outputs) {
        KernelOnTerms prepared = prepared(kernel);
        int elements = outputs.get(0).layout.shape().elements();
        for (int from = 0; from < elements; from += BLOCK) {
            int count = Math.min(BLOCK, elements - from);
            prepared.run(inputs, from, count);
            for (int i = 0; i < outputs.size(); i++) {
                scatter(prepared.output(i), outputs.get(i), from, count);
            }
        }
    }

    /**
     * Combines in row-major order.
     *
     * @param inputs of the domain's shape
     * @param output of the domain's shape with size 1 in combined dimensions
     */
    void reduce(ReductionKernel kernel, Shape domain, List<Area> inputs, Area output) {
        Shape kept = output.layout.shape();
        long kind = COMBINED + kernel.combine().ordinal();
        long[] states = new long[kept.elements()];
        Arrays.fill(states, Terms.mixed(kind, kernel.state().ordinal(), 0));
        Layout results = Layout.contiguous(kept).expand(domain);
        int[] result = positions(results);
        KernelOnTerms map = prepared(kernel.map());
        for (int from = 0; from < domain.elements(); from += BLOCK) {
            int count = Math.min(BLOCK, domain.elements() - from);
            map.run(inputs, from, count);
            long[] mapped = map.output(0);
            for (int i = 0; i < count; i++) {
                int state = result == null ? from + i : result[from + i];
                states[state] = Terms.mixed(kind, states[state], mapped[i]);
            }
        }
        map(kernel.finish(), List.of(Area.of(states, kept)), List.of(output));
    }

    /** A product of matrices or of stacks of them. Each element is a chain over a row and a column, whichever comes first. */
    void multiply(Area left, Area right, DType type, Area output) {
        Shape shape = output.layout.shape();
        int rank = shape.rank();
        int rows = shape.size(rank - 2);
        int columns = shape.size(rank - 1);
        int inner = left.layout.shape().size(rank - 1);
        if (shape.elements() == 0) {
            return;
        }
        long[] rowSums = sums(left, Along.ROWS);
        long[] columnSums = sums(right, Along.COLUMNS);
        boolean inPlace = output.layout.isContiguous();
        long[] product = inPlace ? output.terms : new long[shape.elements()];
        int first = inPlace ? output.first() : 0;
        long kind = MULTIPLIED + ((long) inner << Byte.SIZE) + type.ordinal();
        for (int row = 0; row < rowSums.length; row++) {
            int item = row / rows;
            chain(kind, rowSums[row], columnSums, item * columns, product, first + row * columns, columns);
        }
        if (!inPlace) {
            scatter(product, output, 0, product.length);
        }
    }

    private static void chain(long kind, long row, long[] sums, int from, long[] product, int to, int count) {
        for (int i = 0; i < count; i++) {
            product[to + i] = Terms.mixed(kind, row + sums[from + i], row ^ sums[from + i]);
        }
    }

    /** Those of inputs are worked out once. */
    private long[] sums(Area area, Along along) {
        Map<Stretch, long[]> sums = known.get(area.terms);
        if (sums == null) {
            return summed(area, along);
        }
        Stretch stretch = new Stretch(area.begin, area.layout, along);
        long[] found = sums.get(stretch);
        if (found == null) {
            found = summed(area, along);
            sums.put(stretch, found);
        }
        return found;
    }

    private long[] summed(Area area, Along along) {
        boolean inPlace = area.layout.isContiguous();
        long[] elements = inPlace ? area.terms : elements(area);
        int first = inPlace ? area.first() : 0;
        if (along == Along.ALL) {
            return new long[] {sum(elements, first, area.layout.shape().elements())};
        }
        int[] sizes = area.layout.shape().sizes();
        int columns = sizes[sizes.length - 1];
        int rows = sizes[sizes.length - 2];
        int items = 1;
        for (int i = 0; i < sizes.length - 2; i++) {
            items *= sizes[i];
        }
        int allRows = items * rows;
        if (along == Along.ROWS) {
            long[] sums = new long[allRows];
            for (int row = 0; row < allRows; row++) {
                sums[row] = sum(elements, first + row * columns, columns);
            }
            return sums;
        }
        long[] sums = new long[items * columns];
        for (int row = 0; row < allRows; row++) {
            add(row % rows, elements, first + row * columns, sums, row / rows * columns, columns);
        }
        return sums;
    }

    private static long sum(long[] elements, int from, int count) {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            sum += Terms.mixed(CHAINED, i, elements[from + i]);
        }
        return sum;
    }

    private static void add(int row, long[] elements, int from, long[] sums, int to, int count) {
        for (int i = 0; i < count; i++) {
            sums[to + i] += Terms.mixed(CHAINED, row, elements[from + i]);
        }
    }

    /** An operator of which nothing is known but that it gives the same of the same. */
    void single(Operator operator, List<Area> operands, Area output) {
        long all = operators.computeIfAbsent(operator, unseen -> operators.size());
        for (Area operand : operands) {
            all = Terms.mixed(SINGLE, all, operand.layout.shape().rank());
            for (int size : operand.layout.shape().sizes()) {
                all = Terms.mixed(SINGLE, all, size);
            }
            all = Terms.mixed(SINGLE, all, sums(operand, Along.ALL)[0]);
        }
        long[] results = new long[output.layout.shape().elements()];
        for (int i = 0; i < results.length; i++) {
            results[i] = Terms.mixed(SINGLE + 1, all, i);
        }
        if (results.length > 0) {
            scatter(results, output, 0, results.length);
        }
    }

    /** Tensors broadcast to a shape. */
    static List<Area> stretched(List<Area> areas, Shape shape) {
        List<Area> stretched = new ArrayList<>(areas.size());
        areas.forEach(area -> stretched.add(area.expand(shape)));
        return stretched;
    }
}
