// SPDX-License-Identifier: Apache-2.0
/**
 * Optimizers: the rules by which parameters follow their gradients; and schedules, by which the rates of optimizers change.
 */
package dev.capstan.optim;
