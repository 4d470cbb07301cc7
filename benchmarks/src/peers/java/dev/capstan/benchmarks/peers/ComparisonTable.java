// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.openjdk.jmh.results.RunResult;

/** The best times so far, and how they are printed: as a table in Markdown. */
final class ComparisonTable {
    private final Map<Works, Map<Peer, Double>> best = new EnumMap<>(Works.class);

    /** Takes in all iterations of a run; the best time so far, in microseconds. */
    double add(Works work, Peer peer, RunResult run) {
        double least = run.getBenchmarkResults().stream()
                .flatMap(fork -> fork.getIterationResults().stream())
                .mapToDouble(iteration ->
                        iteration.getSecondaryResults().get(ProcessorTime.NAME).getScore())
                .min()
                .orElseThrow();
        return best.computeIfAbsent(work, any -> new EnumMap<>(Peer.class)).merge(peer, least, Math::min);
    }

    /** The head of the table. */
    void printHead() {
        System.out.println("| work | against | ours, us | theirs, us | ours / theirs | bar | |");
        System.out.println("| --- | --- | --- | --- | --- | --- | --- |");
    }

    /** One row for each of the others. */
    void printRows(Works work, Set<Peer> others) {
        Map<Peer, Double> times = best.getOrDefault(work, Map.of());
        for (Peer other : others) {
            Double ours = times.get(Peer.CAPSTAN);
            Double theirs = times.get(other);
            if (ours == null || theirs == null) {
                System.out.printf("| %s | %s | not measured | | | | |%n", work.title(), other.title());
            } else {
                double ratio = ours / theirs;
                double bar = work.bars().get(other);
                System.out.printf(
                        Locale.ROOT,
                        "| %s | %s | %s | %s | %.3f | %s | %s |%n",
                        work.title(),
                        other.title(),
                        micros(ours),
                        micros(theirs),
                        ratio,
                        bar,
                        ratio <= bar ? "met" : "not met");
            }
        }
    }

    /** Three digits. */
    static String micros(double value) {
        String format = value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%,.0f";
        return String.format(Locale.ROOT, format, value);
    }

    /** What the figures are. */
    void printLegend() {
        System.out.println();
        System.out.println("Times are processor time of the whole process a step, the best half second of all rounds, in");
        System.out.println("which ours and theirs took turns, each in a new process. Results were compared before. The bar is the");
        System.out.println("largest ratio that is good enough.");
    }
}
