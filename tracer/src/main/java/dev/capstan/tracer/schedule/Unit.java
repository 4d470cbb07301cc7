// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import java.util.List;

/**
 * What becomes one step.
 *
 * @param phases the numbers of the tasks of one kernel, ascending; or of several, in order, that keep to rows
 */
record Unit(List<int[]> phases) {}
