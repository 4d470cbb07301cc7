// SPDX-License-Identifier: Apache-2.0
/**
 * What user code imports first: tensors, their element types and functional operators, and the control of
 * compilation. Names and semantics are PyTorch's, in Java's case.
 */
package dev.capstan;
