// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.spi;

/** Compiles regions of a program that run often; found by {@link java.util.ServiceLoader}, see {@link Compilers}. */
public interface RegionCompiler {
    /**
     * A new, empty path tree.
     *
     * @param name the region's name in listings, for example the module's class name
     * @param policy when its paths are compiled, and how many are kept
     */
    PathTree pathTree(String name, RegionPolicy policy);
}
