// SPDX-License-Identifier: Apache-2.0
/**
 * Recording. Inside a compiled region operators are queued instead of executed, and each one walks an edge of the
 * region's path tree; the leaf at which the region ends decides what runs. The user's Java is never skipped, so any
 * control flow is followed as it happens.
 *
 * <pre>{@code
 * path  := event* end                       the wanted values decide which path ends here
 * event := input type layout [alias]        a tensor from outside, at its first use
 *        | operator value*
 *        | write value over value           from now on a storage holds another value
 *        | view again, of value             a view goes on after a write that the tape does not know
 *        | backward from value              one gradient event for each input that it reaches follows
 * }</pre>
 *
 * A training step, {@code w} being the one parameter, as it is captured:
 *
 * <pre>{@code
 * %0 = input 0 : float32[2]    requiring a gradient
 * %1 = mul(%0, %0)
 * %2 = sum(%1)
 * %3 = backward from %2
 * %4 = gradient of %0
 * %5 = input 1 : float64[]     the learning rate
 * %6 = formula(%0, %4, %5)     the optimizer's rule
 * %7 = write of %6 over %0
 * }</pre>
 *
 * <p>A path is hot after some visits, and then is compiled; unless the region's {@link
 * dev.capstan.tracer.capture.Forms forms} tell what it would become. Those are learned from paths that were compiled, and
 * are functions of how often something is repeated.
 */
package dev.capstan.tracer.capture;
