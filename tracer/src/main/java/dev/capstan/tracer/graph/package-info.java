// SPDX-License-Identifier: Apache-2.0
/**
 * The compiler's intermediate representation: an immutable graph of operators made from a captured path, with the
 * backward of the same gradient rules that the eager tape uses, and the rewrites over it.
 */
package dev.capstan.tracer.graph;
