// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.spi.RegionPolicy;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a {@link dev.capstan.nn.Module} whose {@code apply} is a compiled region: paths through its {@code forward} that
 * are taken often are compiled to bytecode, everything else runs eagerly. The results are the same, bit for bit.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface Compile {
    /** The number of times a path is taken before it is compiled. */
    int threshold() default 3;

    /** The number of paths that are kept; beyond it, the path that was taken least recently is forgotten. */
    int paths() default RegionPolicy.STANDARD_PATHS;

    /** The bytes of memory that the programs of all paths may plan; beyond them, the program used least recently is dropped. */
    long memory() default RegionPolicy.STANDARD_MEMORY;

    /**
     * False allows programs that differ from eager mode by rounding: sums of matrix products become one product over all that
     * is summed. {@link Compiled#explain()} names what was allowed.
     */
    boolean exact() default true;
}
