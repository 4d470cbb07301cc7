// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;

/** An array of terms. At first it is one run; a page of it that was written to has its own runs. */
final class TermMemory {
    private static final int LEAST_PAGE = 10;
    private static final int MOST_PAGES = 256;

    private final long id;
    private final long step;
    private final int length;
    /** A page has two to the power of so many elements. */
    private final int shift;

    private final TermRuns[] pages;
    private final Effort effort;

    private TermMemory(Effort effort, long id, long step, int length, int shift, TermRuns[] pages) {
        this.effort = effort;
        this.id = id;
        this.step = step;
        this.length = length;
        this.shift = shift;
        this.pages = pages;
    }

    private static TermMemory all(Effort effort, long id, long step, int length) {
        int shift = LEAST_PAGE;
        while (length - 1 >> shift >= MOST_PAGES) {
            shift++;
        }
        return new TermMemory(effort, id, step, length, shift, new TermRuns[Math.max(0, length - 1 >> shift) + 1]);
    }

    /** Elements that are computed from nothing: the origin of each is its position. */
    static TermMemory atoms(Effort effort, long id, int length) {
        return all(effort, id, 1, length);
    }

    /** The same term everywhere, which has no origin. */
    static TermMemory filled(Effort effort, long id, int length) {
        return all(effort, id, 0, length);
    }

    private boolean isOneSequence() {
        return shift == Integer.SIZE - 1;
    }

    /** What a sequence holds, to which nothing is written. */
    static TermMemory of(TermRuns runs) {
        return new TermMemory(runs.effort(), 0, 0, runs.length, Integer.SIZE - 1, new TermRuns[] {runs});
    }

    /**
     * A tensor.
     *
     * @param memory in which it lies
     * @param begin what the layout's positions are relative to
     */
    record Area(TermMemory memory, int begin, Layout layout) {
        /** A whole array. */
        static Area of(TermMemory memory, Shape shape) {
            return new Area(memory, 0, Layout.contiguous(shape));
        }

        /** A tensor that was worked out. */
        static Area of(TermRuns runs, Shape shape) {
            return of(TermMemory.of(runs), shape);
        }

        Area expand(Shape shape) {
            return new Area(memory, begin, layout.expand(shape));
        }

        Area permute(int[] order) {
            return new Area(memory, begin, layout.permute(order));
        }

        /** The terms in row-major order, to be read only. */
        TermRuns read() {
            TermRuns whole = memory.pages[0];
            if (memory.isOneSequence() && whole.length == layout.shape().elements() && layout.isContiguous()) {
                return whole;
            }
            TermRuns runs = new TermRuns(memory.effort);
            new Rows(layout).each(begin, (from, elements, stride) -> memory.read(from, elements, stride, runs));
            return runs;
        }

        /** Takes terms in row-major order. */
        void write(TermRuns from) {
            int[] next = new int[2];
            new Rows(layout).each(begin, (to, elements, stride) -> memory.write(to, elements, stride, from, next));
        }
    }

    /** A layout as few rows, each with one stride. */
    private static final class Rows {
        private final int first;
        private final int[] sizes;
        private final int[] strides;
        private int rank;

        private interface Row {
            void at(int position, int elements, int stride);
        }

        Rows(Layout layout) {
            Shape shape = layout.shape();
            first = layout.offset();
            sizes = new int[shape.rank() + 1];
            strides = new int[shape.rank() + 1];
            for (int i = 0; i < shape.rank(); i++) {
                int size = shape.size(i);
                int stride = layout.stride(i);
                if (size == 0) {
                    sizes[0] = 0;
                    rank = 1;
                    return;
                }
                if (size == 1) {
                    continue;
                }
                if (rank > 0 && strides[rank - 1] == size * stride) {
                    sizes[rank - 1] *= size;
                    strides[rank - 1] = stride;
                } else {
                    sizes[rank] = size;
                    strides[rank++] = stride;
                }
            }
            if (rank == 0) {
                sizes[0] = 1;
                strides[0] = 1;
                rank = 1;
            }
        }

        void each(int begin, Row row) {
            each(0, begin + first, row);
        }

        private void each(int dimension, int position, Row row) {
            if (dimension == rank - 1) {
                row.at(position, sizes[dimension], strides[dimension]);
                return;
            }
            for (int i = 0; i < sizes[dimension]; i++) {
                each(dimension + 1, position + i * strides[dimension], row);
            }
        }
    }

    private void read(int from, int elements, int stride, TermRuns into) {
        int position = from;
        for (int left = elements; left > 0; ) {
            int page = position >> shift;
            int base = page << shift;
            TermRuns runs = pages[page];
            int run = runs == null ? 0 : runs.find(position - base);
            int begin = runs == null ? 0 : base + runs.begins[run];
            int end = runs == null ? length : base + runs.end(run);
            if (runs == null && stride != 0) {
                // pages that were not written to are one run
                int last = page;
                while (stride > 0 && last + 1 < pages.length && pages[last + 1] == null) {
                    last++;
                }
                begin = base;
                end = end(last);
            }
            int count = stride == 0
                    ? left
                    : Math.min(left, stride > 0 ? (end - 1 - position) / stride + 1 : (position - begin) / -stride + 1);
            long each = runs == null ? step : runs.steps[run];
            long first = runs == null ? Residues.multiply(step, position) : runs.origin(run, position - base);
            into.append(count, runs == null ? id : runs.ids[run], first, times(each, stride));
            position += count * stride;
            left -= count;
        }
    }

    /** One more than the position of a page's last element. */
    private int end(int page) {
        return (int) Math.min(length, (page + 1L) << shift);
    }

    private static long times(long step, int stride) {
        if (stride == 1 || step == 0) {
            return step;
        }
        long product = Residues.multiply(step, Math.abs(stride));
        return stride < 0 ? Residues.subtract(0, product) : product;
    }

    /** @param next the first run, and how many elements of it, that are still to be written */
    private void write(int to, int elements, int stride, TermRuns from, int[] next) {
        int position = to;
        for (int left = elements; left > 0; ) {
            int run = next[0];
            int begin = from.begins[run] + next[1];
            int page = position >> shift;
            int rest = from.end(run) - begin;
            int room = end(page) - position;
            int count = stride == 1 ? Math.min(Math.min(left, rest), room) : 1;
            page(page).put(position - (page << shift), count, from.ids[run], from.origin(run, begin), from.steps[run]);
            next[1] += count;
            if (count == rest) {
                next[0]++;
                next[1] = 0;
            }
            position += count * stride;
            left -= count;
        }
    }

    private TermRuns page(int number) {
        if (pages[number] == null) {
            int base = number << shift;
            TermRuns page = new TermRuns(effort);
            page.append(end(number) - base, id, Residues.multiply(step, base), step);
            pages[number] = page;
        }
        return pages[number];
    }
}
