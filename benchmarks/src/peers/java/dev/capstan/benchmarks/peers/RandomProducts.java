// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Compares our shared kernel with OpenBLAS on products of random shapes and layouts, on one thread of one process, and prints
 * the geometric mean of the ratios and the worst. Each factor lies in memory row by row or column by column.
 */
@Command(name = "random-products", description = "Compares products of random shapes with OpenBLAS, on one thread.")
public final class RandomProducts implements Callable<Integer> {
    private static final int LARGEST = 600;
    /** The least M and N of the products among which the worst is looked for. */
    private static final int LEAST = 16;

    private static final int WINDOWS = 5;
    private static final long WINDOW_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    /** What the warm-up goes on with after it has let products use vectors. */
    private static final long REST_MILLIS = 5_000;

    @Option(names = "--shapes", defaultValue = "200", description = "How many. Standard: ${DEFAULT-VALUE}.")
    private int shapes;

    @Option(names = "--seed", defaultValue = "1", description = "Where they come from. Standard: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--rounds",
            defaultValue = "3",
            description = "How often both take turns. Standard: ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(
            names = "--small",
            description = "Uniform are the logarithms of the sizes, not the sizes: small ones are as frequent as large ones.")
    private boolean small;

    @Option(names = "--verbose", description = "Shows all shapes, not only the worst.")
    private boolean verbose;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Shows this.")
    private boolean help;

    private record Result(Product product, double ours, double theirs) {
        double ratio() {
            return ours / theirs;
        }

        void print() {
            System.out.printf(
                    Locale.ROOT,
                    "%4d x %3d x %3d, %s%s  %9.3f / %9.3f us = %.2f%n",
                    product.m(),
                    product.k(),
                    product.n(),
                    product.leftTransposed() ? "T" : "N",
                    product.rightTransposed() ? "T" : "N",
                    ours / 1e3,
                    theirs / 1e3,
                    ratio());
        }
    }

    private RandomProducts() {}

    /** The command. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new RandomProducts()).execute(arguments));
    }

    @Override
    public Integer call() throws InterruptedException {
        if (!FirstStart.succeeds(Peer.OPENBLAS)) {
            System.out.println(Peer.OPENBLAS.title() + " cannot be loaded here");
            return 1;
        }
        System.setProperty("capstan.threads", "1");
        Library ours = Peer.CAPSTAN.library();
        Library theirs = Peer.OPENBLAS.library();
        Product.of(LEAST, LEAST, LEAST).start(ours, 1).settle();
        Thread.sleep(REST_MILLIS);
        Random random = new Random(seed);
        List<Result> results = new ArrayList<>();
        for (int i = 0; i < shapes; i++) {
            Product product = new Product(
                    size(random), size(random), size(random), random.nextBoolean(), random.nextBoolean());
            Results.requireEqual(product, ours, theirs);
            results.add(measured(product, ours, theirs));
        }
        results.sort(Comparator.comparingDouble(Result::ratio));
        print(results);
        return 0;
    }

    private int size(Random random) {
        if (!small) {
            return 1 + random.nextInt(LARGEST);
        }
        return (int) Math.round(Math.exp(random.nextDouble() * Math.log(LARGEST)));
    }

    private Result measured(Product product, Library ours, Library theirs) {
        Program left = product.start(ours, 1);
        Program right = product.start(theirs, 1);
        double best = Double.POSITIVE_INFINITY;
        double bestOfTheirs = Double.POSITIVE_INFINITY;
        for (int round = 0; round < rounds; round++) {
            best = Math.min(best, nanos(left));
            bestOfTheirs = Math.min(bestOfTheirs, nanos(right));
        }
        return new Result(product, best, bestOfTheirs);
    }

    /** The least time of a step of several windows, after one that is not counted. */
    private static double nanos(Program program) {
        double best = Double.POSITIVE_INFINITY;
        for (int window = 0; window <= WINDOWS; window++) {
            long begin = System.nanoTime();
            long nanos;
            int steps = 0;
            do {
                for (int i = 0; i < 10; i++) {
                    program.step();
                }
                steps += 10;
                nanos = System.nanoTime() - begin;
            } while (nanos < WINDOW_NANOS);
            best = window == 0 ? best : Math.min(best, (double) nanos / steps);
        }
        return best;
    }

    private void print(List<Result> results) {
        List<Result> large = results.stream()
                .filter(result -> result.product().m() >= LEAST
                        && result.product().n() >= LEAST)
                .toList();
        List<Result> shown = verbose ? results : large.subList(Math.max(0, large.size() - 5), large.size());
        shown.forEach(Result::print);
        System.out.printf(
                Locale.ROOT,
                "%d products, sizes 1 to %d: geometric mean of ours / theirs %.3f; where M and N are at least %d (%d): %.3f,"
                        + " worst %.2f%n",
                results.size(),
                LARGEST,
                mean(results),
                LEAST,
                large.size(),
                mean(large),
                large.stream().mapToDouble(Result::ratio).max().orElse(Double.NaN));
    }

    private static double mean(List<Result> results) {
        return Math.exp(results.stream()
                .mapToDouble(result -> Math.log(result.ratio()))
                .average()
                .orElse(Double.NaN));
    }
}
