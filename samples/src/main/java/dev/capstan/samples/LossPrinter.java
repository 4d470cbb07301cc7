// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples;

import java.io.PrintWriter;
import java.util.Locale;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** The losses as lines of text and, on a terminal, a progress bar that stays below them. */
final class LossPrinter implements StepListener {
    private static final int BAR_LENGTH = 72;
    private static final String ERASE_LINE = "\r\u001b[K";

    private final PrintWriter out;
    private final @Nullable ProgressBar bar;
    private String drawn = "";

    LossPrinter(String task, int steps, PrintWriter out) {
        this(task, steps, out, Terminal.isInteractive());
    }

    LossPrinter(String task, int steps, PrintWriter out, boolean interactive) {
        this.out = out;
        bar = !interactive
                ? null
                : new ProgressBarBuilder()
                        .setTaskName(task)
                        .setInitialMax(steps)
                        .setUpdateIntervalMillis(100)
                        .setStyle(ProgressBarStyle.ASCII)
                        .setConsumer(new DelegatingProgressBarConsumer(this::draw, BAR_LENGTH))
                        .build();
    }

    @Override
    public void step(int index, double loss) {
        String line = String.format(Locale.ROOT, "step %4d   loss %.6g", index, loss);
        if (bar == null) {
            out.println(line);
            return;
        }
        bar.stepTo(index + 1L);
        synchronized (this) {
            out.print(ERASE_LINE + line + System.lineSeparator() + drawn);
            out.flush();
        }
    }

    /** Called by the bar on a thread of its own, too. */
    private synchronized void draw(String text) {
        drawn = text;
        out.print(ERASE_LINE + text);
        out.flush();
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            synchronized (this) {
                out.print(ERASE_LINE);
            }
        }
        out.flush();
    }
}
