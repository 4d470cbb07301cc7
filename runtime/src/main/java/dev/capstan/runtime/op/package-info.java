// SPDX-License-Identifier: Apache-2.0
/**
 * The operators: one file each, sorted into families that passes visit exhaustively, and the catalogue that lists
 * them. A gradient rule is written once, against the operations of an unknown domain: on tensors it is the eager
 * tape, on graph nodes the compiler's backward.
 */
package dev.capstan.runtime.op;
