// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Autograd;
import dev.capstan.Compiled;
import dev.capstan.Generator;
import dev.capstan.GradMode;
import dev.capstan.GradOptions;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.runtime.spi.PathReport;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Java that trains something with steps that are a region. It makes all that it uses, so that it can run again. */
@FunctionalInterface
interface TrainingCase {
    int STEPS = 6;

    /** Runs it and notes what it leaves behind. */
    void run(Compiled step, Trace trace) throws Exception;

    /** What was seen: values, places on the tape, versions, errors. */
    final class Trace {
        private final List<String> seen = new ArrayList<>();

        /** Notes all that can be told of a tensor. */
        void tensor(String name, Tensor tensor) {
            if (tensor == null) {
                seen.add(name + " is null");
                return;
            }
            String tape = tensor.requiresGrad() ? tensor.isLeaf() ? "leaf" : "result" : "constant";
            seen.add(name + " " + tensor.dtype() + tensor.shape() + " " + tape + " "
                    + Arrays.toString(tensor.toDoubleArray()));
        }

        /** Notes a tensor from outside, its version and its gradient. */
        void leaf(String name, Tensor leaf) {
            tensor(name, leaf);
            seen.add(name + " has version " + leaf.version());
            tensor(name + ".grad", leaf.grad());
        }

        void leaves(Tensor... leaves) {
            for (int i = 0; i < leaves.length; i++) {
                leaf("leaf " + i, leaves[i]);
            }
        }

        void text(String text) {
            seen.add(text);
        }

        /** Notes the message of what a body throws, and that it throws. */
        void error(Runnable body) {
            try {
                body.run();
                seen.add("nothing thrown");
            } catch (RuntimeException e) {
                seen.add(e.getClass().getSimpleName() + ": " + withoutPlace(e.getMessage()));
            }
        }

        /** Programs and nodes have other names than operators. */
        static String withoutPlace(String message) {
            return message.replaceAll(" of \\S+Backward.*| at \\w+\\.java.*|: \\S+Backward.*", "");
        }
    }

    /**
     * Runs a case eagerly, and compiled until all that escapes is known; all runs must leave the same, and programs must serve
     * something.
     */
    static Compiled compare(TrainingCase body) {
        Compiled step = compare(body, 3);
        assertTrue(hits(step) > 0, step::explain);
        return step;
    }

    /** The same for a number of compiled runs. */
    static Compiled compare(TrainingCase body, int runs) {
        List<String> eager = under(Stance.EAGER, body, Compiled.region("eager", 1));
        Compiled step = Compiled.region("step", 1);
        for (int i = 0; i < runs; i++) {
            List<String> compiled = under(Stance.COMPILE_NOW, body, step);
            String run = "run " + i + ", entry ";
            for (int j = 0; j < Math.min(eager.size(), compiled.size()); j++) {
                String entry = run + j + " of ";
                assertEquals(eager.get(j), compiled.get(j), () -> entry + step.explain());
            }
            assertEquals(eager.size(), compiled.size(), "entries");
        }
        return step;
    }

    /** Compares, and asserts that programs serve the steps once they are known, without reads in between. */
    static void isServed(TrainingCase body) {
        Compiled step = compare(body);
        assertTrue(hits(step) >= STEPS, step::explain);
        assertEquals(List.of(), bailOuts(step), step::explain);
        assertTrue(pinned(step).isEmpty(), step::explain);
    }

    /** Compares, and asserts that programs serve parts of steps, and that the places are reported that part them. */
    static void bailsOut(TrainingCase body) {
        Compiled step = compare(body);
        assertTrue(hits(step) > 0, step::explain);
        assertTrue(!bailOuts(step).isEmpty(), step::explain);
    }

    /**
     * Compares, and asserts that the region has come to make the tape itself, for a reason, and that programs then serve all
     * that it queues, without reads in between.
     */
    static void isTaped(String reason, TrainingCase body) {
        Compiled step = compare(body);
        assertTrue(step.explain().contains("queued operator by operator: " + reason), step::explain);
        long hits = hits(step);
        long visits = visits(step);
        List<String> bailOuts = bailOuts(step);
        under(Stance.COMPILE_NOW, body, step);
        assertTrue(hits(step) >= hits + STEPS, step::explain);
        assertEquals(visits(step) - visits, hits(step) - hits, step::explain);
        assertEquals(bailOuts, bailOuts(step), step::explain);
    }

    /**
     * Compares, and asserts that it is reported where calls are parted that no program serves, because eager mode refuses what
     * they do, or because of where their tensors lie.
     */
    static void isInterrupted(TrainingCase body) {
        Compiled step = compare(body, 3);
        assertTrue(bailOuts(step).stream().anyMatch(event -> event.startsWith("interrupted at ")), step::explain);
    }

    /** Compares, and asserts that it is reported where something that is thrown ends calls in mid-region. */
    static Compiled isLeft(String exception, TrainingCase body) {
        Compiled step = compare(body, 3);
        assertTrue(
                bailOuts(step).stream().anyMatch(event -> event.matches("left by " + exception + " at \\w+Test\\..*")),
                step::explain);
        return step;
    }

    /** Compares, and asserts that a path is reported to be eager for good, for a reason. */
    static void isPinned(String reason, TrainingCase body) {
        Compiled step = compare(body, 3);
        assertTrue(pinned(step).stream().anyMatch(state -> state.contains(reason)), step::explain);
    }

    /** Runs a case in a stance; what it leaves. */
    static List<String> under(Stance stance, TrainingCase body, Compiled step) {
        Trace trace = new Trace();
        try (Stance.Scope scope = stance.enter()) {
            body.run(step, trace);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Exception e) {
            throw new AssertionError(e);
        }
        return trace.seen;
    }

    static long hits(Compiled step) {
        return step.report().stream().mapToLong(PathReport::hits).sum();
    }

    private static long visits(Compiled step) {
        return step.report().stream().mapToLong(PathReport::visits).sum();
    }

    private static List<String> bailOuts(Compiled step) {
        return step.report().stream()
                .flatMap(path -> path.bailOuts().stream())
                .filter(event -> !event.startsWith("made again"))
                .toList();
    }

    private static List<String> pinned(Compiled step) {
        return step.report().stream()
                .map(PathReport::state)
                .filter(state -> state.startsWith("pinned"))
                .toList();
    }

    static Tensor normal(long seed, int... sizes) {
        return new Generator(seed).normal(sizes);
    }

    static Tensor leaf(long seed, int... sizes) {
        return normal(seed, sizes).requiresGrad(true);
    }

    /** {@code w -= rate * w.grad} of each. */
    static void descend(double rate, Tensor... leaves) {
        try (GradMode.Scope off = GradMode.noGrad()) {
            for (Tensor leaf : leaves) {
                if (leaf.grad() != null) {
                    leaf.sub_(leaf.grad().mul(rate));
                }
            }
        }
    }

    /** Adds the gradient of {@code sum((d sum(y) / dx)^2)} to the leaf; the inner gradient, on the tape. */
    static Tensor differentiateTwice(Tensor y, Tensor x) {
        GradOptions create = GradOptions.standard().withCreateGraph(true);
        Tensor slope = Autograd.grad(List.of(y.sum()), List.of(x), null, create).get(0);
        slope.square().sum().backward();
        return slope;
    }

    static void forget(Tensor... leaves) {
        for (Tensor leaf : leaves) {
            leaf.setGrad(null);
        }
    }
}
