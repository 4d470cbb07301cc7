// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.codegen.kernel.WarmUpThread.Job;
import dev.capstan.codegen.kernel.WarmUpThread.Progress;
import dev.capstan.codegen.kernel.WarmUpThread.Rank;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("everywhere")
class WarmUpThreadTest {
    private final List<String> log = new CopyOnWriteArrayList<>();

    /** Works in slices, and waits in between. */
    private final class Slices implements Job {
        private final String name;
        private final Progress[] slices;
        private final CountDownLatch done;
        private int next;

        Slices(String name, CountDownLatch done, Progress... slices) {
            this.name = name;
            this.done = done;
            this.slices = slices;
        }

        @Override
        public Progress advance() {
            log.add(name);
            if (next == slices.length) {
                done.countDown();
                throw new IllegalStateException("no slice left");
            }
            Progress progress = slices[next++];
            if (progress == Progress.DONE) {
                done.countDown();
            }
            return progress;
        }

        @Override
        public boolean isWanted() {
            return true;
        }

        @Override
        public void failed(Throwable reason) {
            log.add(name + " failed: " + reason.getMessage());
        }
    }

    @Test
    void laterRanksOnlyRunWhileEarlierOnesWait() throws InterruptedException {
        CountDownLatch holding = new CountDownLatch(1);
        CountDownLatch begin = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(3);
        WarmUpThread thread = WarmUpThread.shared();
        // holds the thread until all are there
        thread.submit(Rank.PRODUCT, new Job() {
            @Override
            public Progress advance() {
                holding.countDown();
                try {
                    begin.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                return Progress.DONE;
            }

            @Override
            public boolean isWanted() {
                return true;
            }

            @Override
            public void failed(Throwable reason) {
                log.add(reason.toString());
            }
        });
        // else it may have seen some of the others already
        assertTrue(holding.await(60, TimeUnit.SECONDS));
        thread.submit(Rank.EAGER, new Slices("eager", done));
        thread.submit(Rank.PROGRAM, new Slices("program", done, Progress.WORKING, Progress.DONE));
        thread.submit(Rank.PRODUCT, new Slices("product", done, Progress.WORKING, Progress.WAITING, Progress.DONE));
        begin.countDown();
        assertTrue(done.await(60, TimeUnit.SECONDS), log.toString());
        assertEquals(
                List.of("product", "product", "program", "product", "program", "eager"),
                List.copyOf(log).subList(0, 6));
        for (int i = 0; i < 1000 && log.size() < 7; i++) {
            Thread.sleep(5);
        }
        assertEquals("eager failed: no slice left", log.get(6));
    }
}
