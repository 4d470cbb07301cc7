// SPDX-License-Identifier: Apache-2.0
/**
 * Recording. Inside a compiled region operators are queued instead of executed, and each one walks an edge of the
 * region's path tree; the leaf at which the region ends decides what runs. The user's Java is never skipped, so any
 * control flow is followed as it happens.
 */
package dev.capstan.tracer.capture;
