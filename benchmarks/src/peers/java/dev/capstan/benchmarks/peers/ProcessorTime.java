// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.ScalarResult;

/**
 * The time that the whole process, with all its threads, had a processor for, in microseconds a step. Unlike the time on the
 * clock it does not grow while other processes have the processor.
 */
public final class ProcessorTime implements InternalProfiler {
    /** The result's name. */
    static final String NAME = "processor";

    private final OperatingSystemMXBean system =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private long begin;

    /** A profiler of JMH's. */
    public ProcessorTime() {}

    @Override
    public String getDescription() {
        return "Processor time of the process";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
        begin = system.getProcessCpuTime();
    }

    @Override
    public Collection<ScalarResult> afterIteration(
            BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        double nanos = system.getProcessCpuTime() - begin;
        double micros = nanos / 1e3 / result.getMetadata().getAllOps();
        return List.of(new ScalarResult(NAME, micros, "us/op", AggregationPolicy.AVG));
    }
}
