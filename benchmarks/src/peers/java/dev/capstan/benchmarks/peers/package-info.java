// SPDX-License-Identifier: Apache-2.0
/**
 * Capstan against other libraries: the same {@linkplain dev.capstan.benchmarks.peers.Work works} by each
 * {@linkplain dev.capstan.benchmarks.peers.Library library}, on one thread, checked to give the same and then timed in one
 * run. The other libraries are native; they come from Maven Central with the profile {@code peers} and are part of no other
 * build.
 */
package dev.capstan.benchmarks.peers;
