// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.spi;

import java.util.List;
import java.util.Optional;

/** Every sequence of operators that calls of one region ever took. Safe for use by many threads. */
public interface PathTree {
    /** The region's name. */
    String name();

    /** A walk from the root, for one call on one thread. */
    Walk walk();

    /**
     * Whether to capture a call. False while the paths of the region keep differing: the call had better run eagerly, and the
     * regions inside of it had better be regions of their own.
     */
    boolean isOpen();

    /** That, and how often, the region was found not worth capturing; empty if never. */
    Optional<String> dissolved();

    /** Which limits were reached, and what was forgotten for that; empty if nothing. */
    List<String> limits();

    /** The rewrites that are allowed to round otherwise than eager mode; empty if programs give the same bits. */
    List<String> inexact();

    /** What is known of each path, in order of first use. */
    List<PathReport> report();
}
