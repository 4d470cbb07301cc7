// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Compiled;
import dev.capstan.Generator;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.runtime.spi.PathReport;
import java.util.List;
import java.util.concurrent.Callable;

/** A region, and cases that run eagerly and compiled. */
abstract class BothModes {
    /** True if the Vector API is there. */
    static final boolean VECTORS =
            ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();

    final Compiled region = Compiled.region("Captured", 1);

    static Tensor normal(long seed, int... sizes) {
        return new Generator(seed).normal(sizes);
    }

    static Tensor leaf(long seed, int... sizes) {
        return normal(seed, sizes).requiresGrad(true);
    }

    static <O> O eager(Callable<O> body) {
        return under(Stance.EAGER, body);
    }

    static <O> O compiled(Callable<O> body) {
        return under(Stance.COMPILE_NOW, body);
    }

    static <O> O under(Stance stance, Callable<O> body) {
        try (Stance.Scope scope = stance.enter()) {
            return body.call();
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    long hits() {
        return region.report().stream().mapToLong(PathReport::hits).sum();
    }

    int compilations() {
        return region.report().stream().mapToInt(PathReport::compilations).sum();
    }

    /** Runs a case in both modes, several times, and compares all tensors that it gives. */
    void assertSame(Callable<List<Tensor>> body) {
        for (int i = 0; i < 3; i++) {
            Tensors.assertSameBits(eager(body), compiled(body));
        }
        assertTrue(hits() > 0, "no generated program ran");
    }
}
