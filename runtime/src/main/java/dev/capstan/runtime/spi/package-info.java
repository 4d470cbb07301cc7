// SPDX-License-Identifier: Apache-2.0
/**
 * What a compiler provides: programs for captured paths, and fast kernels for eager mode. Implementations are found
 * by {@link java.util.ServiceLoader}; without one, everything runs eagerly.
 */
package dev.capstan.runtime.spi;
