// SPDX-License-Identifier: Apache-2.0
/** Around the tape: functions with gradient rules of their own, checks of gradients, and the graph as text. */
package dev.capstan.autograd;
