// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.spi;

import dev.capstan.runtime.type.CapstanException;

/**
 * When the paths of a region are compiled, how exactly, and how much of it is kept. Beyond a limit, what was used least
 * recently is forgotten.
 *
 * @param threshold the number of times a path is taken before it is compiled in the background, at least 1
 * @param paths the number of paths that are kept, at least 1
 * @param memory the bytes of memory that the programs of all paths may plan for one run each, at least 1; the program that
 *     was made last is kept in any case
 * @param exact whether programs give the bits of eager mode. If not, sums may be rounded in another order: a program is as
 *     accurate as eager mode, and differs from it by rounding
 */
public record RegionPolicy(int threshold, int paths, long memory, boolean exact) {
    /** As many paths are kept unless said otherwise. */
    public static final int STANDARD_PATHS = 256;

    /** The programs of a region may plan as many bytes unless said otherwise: 1 GiB. */
    public static final long STANDARD_MEMORY = 1L << 30;

    /** Refuses numbers that are not positive. */
    public RegionPolicy {
        verify("threshold", threshold);
        verify("paths", paths);
        verify("memory", memory);
    }

    /** This threshold and the standard limits. */
    public static RegionPolicy of(int threshold) {
        return new RegionPolicy(Math.max(1, threshold), STANDARD_PATHS, STANDARD_MEMORY, true);
    }

    /** The same with another number of paths. */
    public RegionPolicy withPaths(int number) {
        return new RegionPolicy(threshold, number, memory, exact);
    }

    /** The same with other bytes of memory. */
    public RegionPolicy withMemory(long bytes) {
        return new RegionPolicy(threshold, paths, bytes, exact);
    }

    /** The same, and programs give the bits of eager mode, or need not. */
    public RegionPolicy withExact(boolean same) {
        return new RegionPolicy(threshold, paths, memory, same);
    }

    private static void verify(String what, long number) {
        if (number < 1) {
            throw new CapstanException("compile", what + " is at least 1", Long.toString(number));
        }
    }
}
