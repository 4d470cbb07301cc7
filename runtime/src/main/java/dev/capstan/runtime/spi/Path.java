// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.spi;

import java.util.Optional;

/** A complete path through a region, from its first event to the end. */
public interface Path {
    /** How a call may be served. */
    enum Demand {
        /** By a program if there is one; a hot path is compiled in the background. */
        WHEN_HOT,
        /** By a program, which is compiled now if it does not exist. */
        NOW
    }

    /**
     * The program for this path, or null if this call runs eagerly. Counts the visit. A path that writes to its inputs is
     * observed a few times before a program serves it.
     *
     * @param tier how a program that serves has to run; one that has to run otherwise than by default is made at once
     * @throws dev.capstan.runtime.type.CapstanException for {@link Demand#NOW} if the path cannot be compiled
     */
    Program program(Demand demand, Tier tier);

    /**
     * True if enough earlier calls ran operator by operator to their end, so that what was used behind them was noticed. Values of a
     * path that changes its own inputs cannot be computed later.
     */
    boolean isObserved();

    /** Says that a call ran, or was run again, operator by operator. */
    void observed();

    /**
     * Why no program will ever serve this path, if that is because of the tape that a program would have to stand for: a caller
     * who makes the tape takes another path.
     */
    Optional<String> untapable();

    /** Says that a value inside of the path was used after its end: from now on it is an output. */
    void escaped(int value);

    /** What the caller has noted here, on this walk or an earlier one; null if nothing. */
    Object note();

    /** Keeps something immutable with the path, so that later calls need not make it again. */
    void note(Object immutable);

    /** Counts that a call left the program's way, or had no program for all of it: what happened, and where in the user's code. */
    void bailedOut(String event);
}
