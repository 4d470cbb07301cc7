// SPDX-License-Identifier: Apache-2.0
/**
 * Where data lives: storages over heap arrays, the views that share one, the version counters by which a changed
 * input is noticed, and the arenas out of which planned programs take their buffers.
 */
package dev.capstan.runtime.memory;
