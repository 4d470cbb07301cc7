// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.spi;

import java.util.List;

/** Every sequence of operators that calls of one region ever took. Safe for use by many threads. */
public interface PathTree {
    /** The region's name. */
    String name();

    /** A walk from the root, for one call on one thread. */
    Walk walk();

    /** What is known of each path, in order of first use. */
    List<PathReport> report();
}
