// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.tracer.schedule.TermMemory.Area;
import java.math.BigInteger;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Runs of terms hold what single terms would, however they are cut and wherever they are written. */
class TermMemoryTest {
    private static final BigInteger PRIME = BigInteger.TWO.pow(61).subtract(BigInteger.ONE);
    private static final int ROUNDS = 3000;

    private static Effort effort() {
        return new Effort(Long.MAX_VALUE);
    }

    /** A layout in so many elements, none of them twice unless it is only read. */
    private static Layout layout(Random random, int elements, boolean read) {
        while (true) {
            int rank = random.nextInt(4);
            int[] sizes = new int[rank];
            int[] strides = new int[rank];
            for (int i = 0; i < rank; i++) {
                sizes[i] = 1 + random.nextInt(5);
            }
            int stride = 1 + (random.nextInt(4) == 0 ? 1 : 0);
            for (int i = rank - 1; i >= 0; i--) {
                strides[i] = read && random.nextInt(5) == 0 ? 0 : stride;
                stride *= sizes[i];
                stride += random.nextInt(3) == 0 ? 1 + random.nextInt(8) : 0;
            }
            Layout layout = Layout.of(Shape.of(sizes), strides, 0);
            if (rank > 1 && random.nextInt(3) == 0) {
                int[] order = new int[rank];
                for (int i = 0; i < rank; i++) {
                    order[i] = rank - 1 - i;
                }
                layout = layout.permute(order);
            }
            if (layout.extent() <= elements) {
                return layout.at(random.nextInt(elements - layout.extent() + 1));
            }
        }
    }

    private static int[] positions(Layout layout) {
        int[] positions = new int[layout.shape().elements()];
        for (int i = 0; i < positions.length; i++) {
            int rest = i;
            positions[i] = layout.offset();
            for (int dimension = layout.shape().rank() - 1; dimension >= 0; dimension--) {
                int size = layout.shape().size(dimension);
                positions[i] += rest % size * layout.stride(dimension);
                rest /= size;
            }
        }
        return positions;
    }

    private static long[][] elements(TermRuns runs) {
        long[][] elements = new long[runs.length][];
        for (int run = 0; run < runs.count; run++) {
            for (int i = runs.begins[run]; i < runs.end(run); i++) {
                elements[i] = new long[] {runs.ids[run], runs.origin(run, i)};
            }
        }
        return elements;
    }

    @Test
    void whatIsReadIsWhatWasWritten() {
        for (int length : new int[] {40, 5000, 600_000}) {
            Random random = new Random(length);
            TermMemory memory = TermMemory.atoms(effort(), 8, length);
            long[][] right = new long[length][];
            for (int i = 0; i < length; i++) {
                right[i] = new long[] {8, i};
            }
            for (int round = 0; round < ROUNDS; round++) {
                Layout from = layout(random, Math.min(length, 600), true);
                int base = random.nextInt(length - Math.min(length, 600) + 1);
                TermRuns read = new Area(memory, base, from).read();
                int[] positions = positions(from);
                long[][] elements = elements(read);
                assertEquals(positions.length, elements.length);
                for (int i = 0; i < positions.length; i++) {
                    assertArrayEquals(right[base + positions[i]], elements[i]);
                }
                Layout to = layout(random, Math.min(length, 600), false);
                TermRuns written = written(random, read, to.shape().elements());
                new Area(memory, base, to).write(written);
                long[][] terms = elements(written);
                int[] places = positions(to);
                for (int i = 0; i < places.length; i++) {
                    right[base + places[i]] = terms[i];
                }
            }
        }
    }

    /** What was read before, again and again, or something new. */
    private static TermRuns written(Random random, TermRuns read, int elements) {
        TermRuns written = new TermRuns(effort());
        while (written.length < elements) {
            int count = Math.min(elements - written.length, 1 + random.nextInt(6));
            int run = random.nextInt(read.count);
            if (random.nextBoolean()) {
                written.append(count, read.ids[run], read.firsts[run], read.steps[run]);
            } else {
                written.append(
                        count, 8L * random.nextInt(3), Residues.of(random.nextInt(3)), Residues.of(random.nextInt(2)));
            }
        }
        return written;
    }

    @Test
    void termsAreTheSameHoweverTheyAreCut() {
        Random random = new Random(5);
        for (int round = 0; round < ROUNDS; round++) {
            TermRuns one = new TermRuns(effort());
            TermRuns other = new TermRuns(effort());
            for (int part = 0; part < 4; part++) {
                int count = 1 + random.nextInt(4);
                long id = 8L * random.nextInt(2);
                long first = random.nextInt(4);
                long step = random.nextInt(2);
                one.append(count, id, first, step);
                for (int i = 0; i < count; i++) {
                    other.append(1, id, first + i * step, 0);
                }
            }
            assertTrue(one.isSameAs(other) && other.isSameAs(one));
            assertEquals(TermLines.hash(3, one), TermLines.hash(3, other));
            int at = random.nextInt(one.length);
            TermRuns changed = new TermRuns(effort());
            long[][] elements = elements(one);
            elements[at] = new long[] {elements[at][0], elements[at][1] + 1};
            for (long[] element : elements) {
                changed.append(1, element[0], element[1], 0);
            }
            assertTrue(!one.isSameAs(changed) && !changed.isSameAs(one));
            assertTrue(TermLines.hash(3, one) != TermLines.hash(3, changed));
        }
    }

    @Test
    void whatTakesTooLongStops() {
        Effort effort = new Effort(100);
        TermMemory memory = TermMemory.atoms(effort, 8, 64);
        Layout across = Layout.contiguous(Shape.of(8, 8)).permute(new int[] {1, 0});
        TermRuns read = new Area(memory, 0, across).read();
        assertEquals(8, read.count);
        assertThrows(Effort.Exhausted.class, () -> {
            for (int i = 0; i < 100; i++) {
                new Area(memory, 0, across).write(read);
            }
        });
    }

    @Test
    void residuesAreThoseOfThePrime() {
        Random random = new Random(3);
        for (int round = 0; round < ROUNDS; round++) {
            long a = round % 7 == 0 ? PRIME.longValue() - 1 : Residues.of(random.nextLong());
            long b = round % 5 == 0 ? PRIME.longValue() - 1 : Residues.of(random.nextLong());
            BigInteger left = BigInteger.valueOf(a);
            BigInteger right = BigInteger.valueOf(b);
            assertEquals(left.add(right).mod(PRIME).longValue(), Residues.add(a, b));
            assertEquals(left.subtract(right).mod(PRIME).longValue(), Residues.subtract(a, b));
            assertEquals(left.multiply(right).mod(PRIME).longValue(), Residues.multiply(a, b));
        }
        assertEquals(0, Residues.of(PRIME.longValue()));
    }
}
