// SPDX-License-Identifier: Apache-2.0
/**
 * The tape: what eager operators record and {@code backward()} walks, and functions with a gradient of the user's
 * own.
 */
package dev.capstan.autograd;
