// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import java.util.List;

/**
 * What becomes one step.
 *
 * @param phases the tasks of one kernel; or of several, in order, that keep to rows
 */
record Unit(List<List<Task>> phases) {}
