// SPDX-License-Identifier: Apache-2.0

/** Threads that help with large kernels. What they compute does not depend on how many there are. */
package dev.capstan.runtime.parallel;
