// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.parallel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.type.CapstanException;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WorkersTest {
    private final Workers workers = new Workers(3);

    @AfterEach
    void end() {
        workers.use(1);
    }

    @Test
    void everyChunkRunsOnce() {
        for (int chunks = 0; chunks < 300; chunks++) {
            AtomicIntegerArray runs = new AtomicIntegerArray(chunks);
            workers.forEach(chunks, runs::incrementAndGet);
            for (int i = 0; i < chunks; i++) {
                assertEquals(1, runs.get(i));
            }
        }
    }

    @Test
    void chunksRunOnSeveralThreadsAtOnce() {
        CountDownLatch all = new CountDownLatch(3);
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        workers.forEach(3, chunk -> {
            threads.add(Thread.currentThread());
            all.countDown();
            try {
                all.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        assertEquals(3, threads.size());
        assertTrue(threads.contains(Thread.currentThread()));
    }

    @Test
    void whatChunksWriteIsSeenAfterwards() {
        int[] numbers = new int[1000];
        for (int round = 1; round < 200; round++) {
            int now = round;
            workers.forEach(10, chunk -> Arrays.fill(numbers, 100 * chunk, 100 * chunk + 100, now));
            assertArrayEquals(IntStream.generate(() -> now).limit(1000).toArray(), numbers);
        }
    }

    @Test
    void aChunkMayDivideItsWork() {
        AtomicIntegerArray runs = new AtomicIntegerArray(400);
        workers.forEach(20, outer -> workers.forEach(20, inner -> runs.incrementAndGet(20 * outer + inner)));
        assertEquals(400, IntStream.range(0, 400).map(runs::get).sum());
    }

    @Test
    void callersShareTheWorkers() throws InterruptedException {
        AtomicIntegerArray runs = new AtomicIntegerArray(4);
        Thread[] callers = new Thread[4];
        for (int i = 0; i < callers.length; i++) {
            int caller = i;
            callers[i] = new Thread(() -> {
                for (int round = 0; round < 500; round++) {
                    workers.forEach(7, chunk -> runs.incrementAndGet(caller));
                }
            });
            callers[i].start();
        }
        for (Thread caller : callers) {
            caller.join();
        }
        for (int i = 0; i < callers.length; i++) {
            assertEquals(3500, runs.get(i));
        }
    }

    @Test
    void theExceptionOfAChunkIsTheCallers() {
        IllegalStateException fault = new IllegalStateException();
        assertSame(
                fault,
                assertThrows(
                        IllegalStateException.class,
                        () -> workers.forEach(9, chunk -> {
                            if (chunk == 5) {
                                throw fault;
                            }
                        })));
        everyChunkRunsOnce();
    }

    @Test
    void theNumberOfThreadsCanChange() {
        for (int threads : new int[] {1, 2, 5, 1, 3}) {
            workers.use(threads);
            assertEquals(threads, workers.threads());
            everyChunkRunsOnce();
        }
        assertThrows(CapstanException.class, () -> workers.use(0));
        assertEquals(3, workers.threads());
    }
}
