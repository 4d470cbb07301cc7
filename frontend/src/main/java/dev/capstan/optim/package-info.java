// SPDX-License-Identifier: Apache-2.0
/**
 * Optimizers: the rules by which parameters follow their gradients.
 */
package dev.capstan.optim;
