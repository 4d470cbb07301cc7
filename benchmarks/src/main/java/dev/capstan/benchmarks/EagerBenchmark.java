// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks;

import dev.capstan.Edge;
import dev.capstan.Tensor;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.TensorType;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What an operator costs in eager mode, on tensors so small that their elements hardly count: the sum of two of 1 x 32,
 * without and with a node on the tape, against Java that makes the same objects and adds the same elements by hand.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector"})
@Warmup(iterations = 6, time = 1)
@Measurement(iterations = 6, time = 1)
public class EagerBenchmark {
    private static final int ELEMENTS = 32;

    private final Tensor a = Tensor.of(elements(1)).reshape(1, ELEMENTS);
    private final Tensor b = Tensor.of(elements(2)).reshape(1, ELEMENTS);
    private final Tensor onTape =
            Tensor.of(elements(1)).reshape(1, ELEMENTS).copy().requiresGrad(true);

    private static float[] elements(int factor) {
        float[] elements = new float[ELEMENTS];
        for (int i = 0; i < ELEMENTS; i++) {
            elements[i] = factor * i;
        }
        return elements;
    }

    /** A sum without a tape. */
    @Benchmark
    public Tensor add() {
        return a.add(b);
    }

    /** The same by hand. */
    @Benchmark
    public Tensor addByHand() {
        return sum(a, b);
    }

    /** A sum with a node. */
    @Benchmark
    public Tensor addOnTheTape() {
        return onTape.add(b);
    }

    /** The same by hand. */
    @Benchmark
    public Recorded addOnTheTapeByHand() {
        return new Recorded(sum(onTape, b), new Edge[2], new TensorType[2], new Object[2]);
    }

    private static Tensor sum(Tensor x, Tensor y) {
        float[] left = (float[]) x.values().storage().array();
        float[] right = (float[]) y.values().storage().array();
        float[] result = new float[left.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = left[i] + right[i];
        }
        return new Tensor(
                new NdArray(Storage.of(DType.FLOAT32, result), x.values().layout()));
    }

    /** A result and what a node holds. */
    public static final class Recorded {
        private final Tensor result;
        private final Edge[] edges;
        private final TensorType[] types;
        private final Object[] saved;

        Recorded(Tensor result, Edge[] edges, TensorType[] types, Object[] saved) {
            this.result = result;
            this.edges = edges;
            this.types = types;
            this.saved = saved;
        }

        /** Everything it holds. */
        public Object[] all() {
            return new Object[] {result, edges, types, saved};
        }
    }
}
