// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Compares Capstan with other libraries and prints a table of times, ratios and bars. */
@Command(
        name = "comparison",
        description = "Compares Capstan with other libraries, work by work, on one thread.")
public final class Comparison implements Callable<Integer> {
    @Option(
            names = "--works",
            split = ",",
            description = "What to compare, of: ${COMPLETION-CANDIDATES}. Otherwise: all.")
    private Set<Works> works = EnumSet.allOf(Works.class);

    @Option(
            names = "--peers",
            split = ",",
            description = "With whom, of: ${COMPLETION-CANDIDATES}. Otherwise: all.")
    private Set<Peer> peers = EnumSet.complementOf(EnumSet.of(Peer.CAPSTAN));

    @Option(
            names = "--rounds",
            defaultValue = "3",
            description = "How often each pair takes turns. Standard: ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(names = "--verbose", description = "Shows what JMH says.")
    private boolean verbose;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Shows this.")
    private boolean help;

    private Comparison() {}

    /** The command. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Comparison()).execute(arguments));
    }

    @Override
    public Integer call() {
        Set<Peer> present = EnumSet.noneOf(Peer.class);
        for (Peer peer : peers) {
            if (!peer.isNative() || FirstStart.succeeds(peer)) {
                present.add(peer);
            } else {
                System.out.println(peer.title() + " cannot be loaded here and is left out; it needs " + peer.requirement());
            }
        }
        boolean complete = true;
        ComparisonTable table = new ComparisonTable();
        for (Works work : works) {
            Set<Peer> compared = compared(work, present);
            complete &= compared.isEmpty() || compare(work, compared, table);
        }
        System.out.println();
        table.printHead();
        works.forEach(work -> table.printRows(work, compared(work, present)));
        table.printLegend();
        return complete ? 0 : 1;
    }

    private static Set<Peer> compared(Works work, Set<Peer> present) {
        Set<Peer> compared = EnumSet.copyOf(work.bars().keySet());
        compared.retainAll(present);
        return compared;
    }

    /** Lets ours and theirs take turns; false if one of them failed. */
    private boolean compare(Works work, Set<Peer> compared, ComparisonTable table) {
        List<Peer> turns = Stream.concat(Stream.of(Peer.CAPSTAN), compared.stream()).toList();
        boolean complete = true;
        for (int round = 0; round < rounds; round++) {
            for (Peer peer : turns) {
                try {
                    for (RunResult result : new Runner(options(work, peer)).run()) {
                        double micros = table.add(work, peer, result);
                        System.out.println(
                                work + ", " + peer.title() + ": " + ComparisonTable.micros(micros) + " us so far");
                    }
                } catch (RunnerException e) {
                    System.out.println(work + ", " + peer.title() + ": " + e.getMessage());
                    complete = false;
                }
            }
        }
        return complete;
    }

    private Options options(Works work, Peer peer) {
        return new OptionsBuilder()
                .include(PeerBenchmark.class.getName())
                .param("work", work.name())
                .param("peer", peer.name())
                .addProfiler(ProcessorTime.class)
                .shouldFailOnError(true)
                .verbosity(verbose ? VerboseMode.NORMAL : VerboseMode.SILENT)
                .build();
    }
}
