// SPDX-License-Identifier: Apache-2.0
/**
 * Loops over buffers: how a scheduled kernel becomes a method tree, with vectors where the Vector API is present and
 * in scalar form otherwise, with the same bits.
 */
package dev.capstan.codegen.kernel;
