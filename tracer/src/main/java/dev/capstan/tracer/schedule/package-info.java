// SPDX-License-Identifier: Apache-2.0
/**
 * From graph to work: which operators fuse into one kernel, what is recomputed instead of kept, in which order
 * kernels run, and where in the arena each buffer lies.
 */
package dev.capstan.tracer.schedule;
