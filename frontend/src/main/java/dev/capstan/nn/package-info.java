// SPDX-License-Identifier: Apache-2.0
/**
 * Modules: the layers of a network, which find their parameters, buffers and children in their fields, in the order
 * of declaration. The keys of a state dictionary equal those of the same PyTorch module.
 */
package dev.capstan.nn;
