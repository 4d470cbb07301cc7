// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.spi;

import java.util.List;
import java.util.function.Supplier;

/**
 * What is known of one path.
 *
 * @param number its number in the tree, in order of first use, from 0
 * @param described tells its inputs and operators, one event a line
 * @param origin the first event by which it differed from all paths before it, and where in the user's code; empty for the
 *     first path
 * @param events how many events it has
 * @param state {@code counting}, {@code compiling}, {@code compiled} or {@code pinned: reason}
 * @param visits calls that took the path
 * @param hits calls that a program served
 * @param compilations programs generated, forward and backward; those in the form of other lengths are none
 * @param compileNanos time that it took to make its programs, in nanoseconds
 * @param memory bytes that its programs plan for one run: what is overwritten by the next run, and what is kept for the
 *     backward pass; results not included
 * @param code bytes of the class files of its drivers; kernels are shared and not included
 * @param bailOuts calls that ended here in mid-region because something was read or thrown, and calls whose operators were made
 *     again one by one, for what a program had not kept: as {@code interrupted at place: count}
 * @param tiers how each of its programs runs at present, as {@code program: tier}
 * @param generated makes what was generated readable, which takes longer than all the rest
 */
public record PathReport(
        int number,
        Supplier<String> described,
        String origin,
        int events,
        String state,
        long visits,
        long hits,
        int compilations,
        long compileNanos,
        long memory,
        long code,
        List<String> bailOuts,
        List<String> tiers,
        Supplier<List<Artifact>> generated) {
    /** Copies the lists. */
    public PathReport {
        bailOuts = List.copyOf(bailOuts);
        tiers = List.copyOf(tiers);
    }

    /** Its inputs and operators, one event a line. */
    public String description() {
        return described.get();
    }

    /** What was generated, readable. */
    public List<Artifact> artifacts() {
        return generated.get();
    }

    /**
     * One thing that was generated.
     *
     * @param kind what it shows
     * @param fileName a file name that fits it, such as {@code SineRnn_0_forward.java}
     * @param content the file's content; UTF-8 except for class files
     */
    public record Artifact(Kind kind, String fileName, byte[] content) {}

    /** What an artifact shows. */
    public enum Kind {
        /** The captured graph. */
        GRAPH,
        /** The steps of the program and the fused kernels. */
        KERNELS,
        /** The Java rendition. */
        JAVA,
        /** The bytecode as text. */
        BYTECODE,
        /** The class file. */
        CLASS_FILE
    }
}
