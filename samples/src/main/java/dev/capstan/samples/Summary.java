// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples;

import dev.capstan.Stance;
import dev.capstan.runtime.spi.Compilers;
import dev.capstan.runtime.spi.PathReport;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;

/**
 * What a training took.
 *
 * @param stepNanos the time of each step
 * @param before the paths that were known before the training, as the region may have been used
 * @param after the paths that are known now
 */
record Summary(long[] stepNanos, List<PathReport> before, List<PathReport> after) {
    /** Paths that this training took. */
    long paths() {
        return after.stream().filter(path -> sum(path, PathReport::visits) > 0).count();
    }

    /** Calls that a program served. */
    long hits() {
        return sum(PathReport::hits);
    }

    /** Calls that ran eagerly. */
    long misses() {
        return sum(PathReport::visits) - hits();
    }

    /** Programs generated, forward and backward. */
    long compilations() {
        return sum(PathReport::compilations);
    }

    private long sum(ToLongFunction<PathReport> count) {
        return after.stream().mapToLong(path -> sum(path, count)).sum();
    }

    /** What was added to a path's count; a path keeps its number. */
    private long sum(PathReport path, ToLongFunction<PathReport> count) {
        return before.stream()
                .filter(earlier -> earlier.number() == path.number())
                .mapToLong(earlier -> count.applyAsLong(path) - count.applyAsLong(earlier))
                .findFirst()
                .orElseGet(() -> count.applyAsLong(path));
    }

    /** The summary in a few lines. */
    String text(Stance stance) {
        StringBuilder text = new StringBuilder();
        int half = stepNanos.length / 2;
        long total = Arrays.stream(stepNanos).sum();
        long second = Arrays.stream(stepNanos, half, stepNanos.length).sum();
        line(text, "mode", stance == Stance.EAGER ? "eager" : "compiled");
        line(text, "steps", "%d in %.3f s", stepNanos.length, total / 1e9);
        line(
                text,
                "time per step",
                "%.3f ms; %.3f ms in the second half",
                total / 1e6 / stepNanos.length,
                second / 1e6 / (stepNanos.length - half));
        if (stance == Stance.EAGER) {
            return text.toString();
        }
        if (Compilers.regions().isEmpty()) {
            line(text, "paths", "none: there is no compiler, or it is off");
            return text.toString();
        }
        line(text, "paths", "%d", paths());
        line(text, "hits", "%d", hits());
        line(text, "misses", "%d", misses());
        line(text, "compile time", "%.1f ms in %d programs", sum(PathReport::compileNanos) / 1e6, compilations());
        for (PathReport path : after) {
            if (path.state().startsWith("pinned")) {
                line(text, "path " + path.number(), "%s", path.state());
            }
        }
        return text.toString();
    }

    private static void line(StringBuilder text, String name, String format, Object... values) {
        text.append(String.format(Locale.ROOT, "%-14s ", name))
                .append(String.format(Locale.ROOT, format, values))
                .append('\n');
    }
}
