// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples;

import dev.capstan.runtime.spi.PathReport;
import dev.capstan.samples.programs.Training;
import java.io.IOException;
import java.util.List;

/** Takes the steps of a training one after another, and measures each. */
final class TrainingLoop {
    private TrainingLoop() {}

    /** Trains to the end. */
    static Summary run(Training training, List<StepListener> listeners) throws IOException {
        List<PathReport> before = training.region().report();
        long[] nanos = new long[training.steps()];
        for (int i = 0; i < nanos.length; i++) {
            long start = System.nanoTime();
            double loss = training.step(i);
            nanos[i] = System.nanoTime() - start;
            for (StepListener listener : listeners) {
                listener.step(i, loss);
            }
        }
        return new Summary(nanos, before, training.region().report());
    }
}
