// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

/**
 * Where a gradient goes: an input of a node of the tape.
 *
 * @param function the node
 * @param inputNumber which of the node's forward outputs the gradient belongs to, 0 for nearly all
 */
public record Edge(Node function, int inputNumber) {}
