// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import static java.util.Objects.requireNonNull;

import dev.capstan.runtime.spi.Compilers;
import dev.capstan.runtime.spi.PathReport;
import dev.capstan.runtime.spi.PathTree;
import dev.capstan.runtime.spi.RegionPolicy;
import dev.capstan.runtime.spi.Tier;
import dev.capstan.runtime.type.CapstanException;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A compiled region: a piece of code whose operators are captured path by path. Without a compiler on the class path it
 * runs eagerly.
 */
public final class Compiled {
    /** Paths are compiled when they are taken this often, unless said otherwise. */
    public static final int DEFAULT_THRESHOLD = 3;

    private static final Tier DEFAULT_TIER = fromProperty(System.getProperty("capstan.tier", "rising"));

    private final String name;
    private final @Nullable PathTree tree;
    private final Shadow shadow;
    private final Taping taping = new Taping();

    private Compiled(String name, RegionPolicy policy) {
        this.name = name;
        this.shadow = new Shadow(policy.exact());
        this.tree = Compilers.regions()
                .map(compiler -> compiler.pathTree(name, policy))
                .orElse(null);
    }

    /** A region with a name for listings; paths taken {@code threshold} times are compiled. */
    public static Compiled region(String name, int threshold) {
        return region(name, RegionPolicy.of(threshold));
    }

    /** A region with a name for listings, and with limits of its own. */
    public static Compiled region(String name, RegionPolicy policy) {
        return new Compiled(requireNonNull(name, "name"), requireNonNull(policy, "policy"));
    }

    /**
     * Makes programs run in this tier, on this thread and until the scope is closed, so that a test decides which code it
     * covers: {@code try (var scope = Compiled.inTier(Tier.STEPS)) { ... }}. When a path is compiled is not changed by it. The
     * system property {@code capstan.tier=steps|generated} does so everywhere.
     */
    public static Stance.Scope inTier(Tier tier) {
        requireNonNull(tier, "tier");
        Tier before = ThreadState.current().tier;
        ThreadState.current().tier = tier;
        return () -> ThreadState.current().tier = before;
    }

    /** The tier in which programs run on a thread. */
    static Tier tier(ThreadState thread) {
        return thread.tier == null ? DEFAULT_TIER : thread.tier;
    }

    private static Tier fromProperty(String tier) {
        return switch (tier) {
            case "rising" -> Tier.RISING;
            case "steps" -> Tier.STEPS;
            case "generated" -> Tier.GENERATED;
            default -> throw new CapstanException("capstan.tier", "neither rising, steps nor generated", tier);
        };
    }

    /** A function as a region of its own; it captures what it uses, and is made once and called often. */
    public static <I, O> CompiledFunction<I, O> function(Function<I, O> body) {
        return new CompiledFunction<>(region("function", DEFAULT_THRESHOLD), requireNonNull(body, "body"));
    }

    /** The same for two inputs. */
    public static <A, B, O> CompiledBiFunction<A, B, O> function(BiFunction<A, B, O> body) {
        return new CompiledBiFunction<>(region("function", DEFAULT_THRESHOLD), requireNonNull(body, "body"));
    }

    /**
     * A training step as one region: forward, loss, {@link Tensor#backward()}, update and {@code zeroGrad} are captured and
     * compiled together. It captures models and optimizers that it uses, and is made once and called in the loop:
     * {@code var step = Compiled.step("step", (x, y) -> { ...; loss.backward(); adam.step(); return loss; });}
     *
     * @param name for listings
     */
    public static <A, B, O> CompiledBiFunction<A, B, O> step(String name, BiFunction<A, B, O> body) {
        return new CompiledBiFunction<>(region(name, DEFAULT_THRESHOLD), requireNonNull(body, "body"));
    }

    /** The same for one input, which may be a record of tensors. */
    public static <I, O> CompiledFunction<I, O> step(String name, Function<I, O> body) {
        return new CompiledFunction<>(region(name, DEFAULT_THRESHOLD), requireNonNull(body, "body"));
    }

    /** The same with the name "step". */
    public static <A, B, O> CompiledBiFunction<A, B, O> step(BiFunction<A, B, O> body) {
        return step("step", body);
    }

    /** The same with the name "step". */
    public static <I, O> CompiledFunction<I, O> step(Function<I, O> body) {
        return step("step", body);
    }

    /** Runs a body in this region. Its result is a tensor, or a record, list or array of tensors. */
    public <O> O call(Supplier<O> body) {
        return tree == null ? body.get() : Region.call(tree, shadow, taping, body);
    }

    /** The region's name. */
    public String name() {
        return name;
    }

    /** What is known of each path that calls of this region took, in order of first use. */
    public List<PathReport> report() {
        return Optional.ofNullable(tree).map(PathTree::report).orElse(List.of());
    }

    /**
     * Makes every n-th call a second time, eagerly and on copies of its inputs, and compares what the program gives and
     * writes to the last bit; a difference is an error. The system property {@code capstan.shadow=n} does so for all regions
     * that are exact.
     *
     * @param calls n; 0 for never
     * @return this
     * @throws CapstanException if the region's policy is not exact
     */
    public Compiled shadow(int calls) {
        shadow.every(calls);
        return this;
    }

    /** The paths as text: how they differ, visits, hits, state, sizes, times, bail-outs, what was given up and forgotten. */
    public String explain() {
        StringBuilder text =
                new StringBuilder(name).append(": ").append(report().size()).append(" paths\n");
        Optional.ofNullable(tree)
                .flatMap(PathTree::dissolved)
                .ifPresent(state -> text.append("  ").append(state).append('\n'));
        if (tree != null) {
            if (!tree.inexact().isEmpty()) {
                text.append("  not bit for bit as in eager mode: ")
                        .append(String.join(", ", tree.inexact()))
                        .append('\n');
            }
            taping.reason()
                    .ifPresent(reason -> text.append("  backward passes are queued operator by operator: ")
                            .append(reason)
                            .append('\n'));
            tree.limits().forEach(limit -> text.append("  ").append(limit).append('\n'));
        }
        for (PathReport path : report()) {
            text.append(String.format(
                    "  path %d: %s, %d events, %d visits, %d hits, %d misses, %d compilations in %.1f ms%n",
                    path.number(),
                    path.state(),
                    path.events(),
                    path.visits(),
                    path.hits(),
                    path.visits() - path.hits(),
                    path.compilations(),
                    path.compileNanos() / 1e6));
            if (path.memory() + path.code() > 0) {
                text.append(String.format(
                        "    plans %,d bytes of memory for a run, %,d bytes of code%n", path.memory(), path.code()));
            }
            if (!path.origin().isEmpty()) {
                text.append("    new: ").append(path.origin()).append('\n');
            }
            path.tiers().forEach(tier -> text.append("    ").append(tier).append('\n'));
            path.bailOuts().forEach(event -> text.append("    ").append(event).append('\n'));
        }
        return text.toString();
    }
}
