// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.form;

import dev.capstan.runtime.kernel.Instruction;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.tracer.form.Numbers.Reader;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * What an immutable value is apart from the whole numbers in it. Records, lists, shapes and layouts are taken apart; all
 * else is what it is. {@code [10,32]} and {@code [30,32]} are of one mould, and so are {@code select[dimension=0,
 * index=3]} and {@code select[dimension=0, index=4]}.
 */
sealed interface Mould {
    /** The value with these numbers. */
    Object cast(Reader numbers);

    /**
     * The mould in which the numbers that never change are cast already.
     *
     * @param numbers all of them
     * @param changing the positions of those that are left
     */
    Mould settled(Reader numbers, BitSet changing);

    /**
     * A value without numbers.
     *
     * @param value may be null
     */
    record Fixed(Object value) implements Mould {
        @Override
        public Object cast(Reader numbers) {
            return value;
        }

        @Override
        public Mould settled(Reader numbers, BitSet changing) {
            return this;
        }
    }

    /** A number. */
    enum Whole implements Mould {
        INT,
        LONG;

        @Override
        public Object cast(Reader numbers) {
            return this == INT ? (Object) numbers.nextInt() : (Object) numbers.next();
        }

        @Override
        public Mould settled(Reader numbers, BitSet changing) {
            return whole(this, numbers, changing);
        }
    }

    /**
     * A floating-point constant of a kernel that is a number of elements, or two by that: what a mean divides by, and what
     * the gradient of a mean square is multiplied by.
     *
     * @param type of the constant
     * @param divides whether it is two by the number
     */
    record FloatingConstant(DType type, boolean divides) implements Mould {
        /** Quotients of greater numbers are no longer told from one another. */
        private static final long MOST = 1L << 23;

        static Mould of(Instruction instruction, Numbers numbers) {
            double constant = instruction.constant();
            for (boolean divides : new boolean[] {false, true}) {
                FloatingConstant mould = new FloatingConstant(instruction.type(), divides);
                long number = Math.round(divides ? 2 / constant : constant);
                if (Math.abs(number) < MOST && mould.instruction(number).equals(instruction)) {
                    numbers.add(number);
                    return mould;
                }
            }
            return new Fixed(instruction);
        }

        private Instruction instruction(long number) {
            double value = divides ? 2.0 / number : number;
            double rounded = type == DType.FLOAT32 ? (float) value : value;
            return new Instruction(Primitive.CONSTANT, type, -1, -1, -1, Double.doubleToRawLongBits(rounded));
        }

        @Override
        public Instruction cast(Reader numbers) {
            return instruction(numbers.next());
        }

        @Override
        public Mould settled(Reader numbers, BitSet changing) {
            return whole(this, numbers, changing);
        }
    }

    /** A shape of so many dimensions. */
    record Sizes(int rank) implements Mould {
        static Sizes of(Shape shape, Numbers numbers) {
            for (int i = 0; i < shape.rank(); i++) {
                numbers.addSize(shape.size(i));
            }
            return new Sizes(shape.rank());
        }

        @Override
        public Shape cast(Reader numbers) {
            int[] sizes = new int[rank];
            for (int i = 0; i < rank; i++) {
                sizes[i] = numbers.nextInt();
            }
            return Shape.of(sizes);
        }

        @Override
        public Mould settled(Reader numbers, BitSet changing) {
            return whole(this, numbers, changing);
        }
    }

    /** A layout of so many dimensions. */
    record Positions(int rank) implements Mould {
        static Positions of(Layout layout, Numbers numbers) {
            int rank = layout.shape().rank();
            Sizes.of(layout.shape(), numbers);
            for (int i = 0; i < rank; i++) {
                numbers.add(layout.stride(i));
            }
            numbers.add(layout.offset());
            return new Positions(rank);
        }

        @Override
        public Layout cast(Reader numbers) {
            Shape shape = new Sizes(rank).cast(numbers);
            int[] strides = new int[rank];
            for (int i = 0; i < rank; i++) {
                strides[i] = numbers.nextInt();
            }
            return Layout.of(shape, strides, numbers.nextInt());
        }

        @Override
        public Mould settled(Reader numbers, BitSet changing) {
            return whole(this, numbers, changing);
        }
    }

    /** The same mould if any of its numbers changes, whereupon all are left; else the value. */
    private static Mould whole(Mould mould, Reader numbers, BitSet changing) {
        int from = numbers.position();
        Object value = mould.cast(numbers);
        int first = changing.nextSetBit(from);
        if (first < 0 || first >= numbers.position()) {
            return new Fixed(value);
        }
        changing.set(from, numbers.position());
        return mould;
    }

    /** A list. */
    record Items(List<Mould> items) implements Mould {
        @Override
        public List<Object> cast(Reader numbers) {
            List<Object> list = new ArrayList<>(items.size());
            items.forEach(item -> list.add(item.cast(numbers)));
            return list;
        }

        @Override
        public Mould settled(Reader numbers, BitSet changing) {
            List<Mould> settled =
                    items.stream().map(item -> item.settled(numbers, changing)).toList();
            return settled.stream().allMatch(Fixed.class::isInstance)
                    ? new Fixed(
                            settled.stream().map(item -> ((Fixed) item).value).toList())
                    : new Items(settled);
        }
    }

    /**
     * Whole numbers in which stretches of equal steps are told from single numbers, but not how long they are: the
     * operands of a stack are of one mould for all lengths.
     *
     * @param steps for each stretch, whether it is one
     */
    record Progressions(List<Boolean> steps) implements Mould {
        /** Lists that are shorter are items. */
        static final int SHORTEST = 3;

        static Progressions of(List<?> list, Numbers numbers) {
            List<Boolean> steps = new ArrayList<>();
            int begin = 0;
            while (begin < list.size()) {
                int end = begin + 1;
                long first = (Integer) list.get(begin);
                long step = end < list.size() ? (Integer) list.get(end) - first : 0;
                while (end < list.size() && (Integer) list.get(end) == first + step * (end - begin)) {
                    end++;
                }
                boolean stretch = end - begin >= SHORTEST;
                steps.add(stretch);
                numbers.add(first);
                if (stretch) {
                    numbers.add(step);
                    numbers.add(end - begin);
                }
                begin = stretch ? end : begin + 1;
            }
            return new Progressions(steps);
        }

        @Override
        public List<Object> cast(Reader numbers) {
            List<Object> list = new ArrayList<>();
            for (boolean stretch : steps) {
                int first = numbers.nextInt();
                int step = stretch ? numbers.nextInt() : 0;
                int count = stretch ? numbers.nextInt() : 1;
                for (int i = 0; i < count; i++) {
                    list.add(first + i * step);
                }
            }
            return list;
        }

        @Override
        public Mould settled(Reader numbers, BitSet changing) {
            return whole(this, numbers, changing);
        }
    }

    /** A record. */
    record Structure(Class<? extends Record> type, List<Mould> parts) implements Mould {
        @Override
        public Object cast(Reader numbers) {
            Object[] values = new Object[parts.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = parts.get(i).cast(numbers);
            }
            return Anatomy.of(type).make(values);
        }

        @Override
        public Mould settled(Reader numbers, BitSet changing) {
            List<Mould> settled =
                    parts.stream().map(part -> part.settled(numbers, changing)).toList();
            if (!settled.stream().allMatch(Fixed.class::isInstance)) {
                return new Structure(type, settled);
            }
            Object[] values = settled.stream().map(part -> ((Fixed) part).value).toArray();
            return new Fixed(Anatomy.of(type).make(values));
        }
    }
}
