// SPDX-License-Identifier: Apache-2.0
/**
 * What generated classes link to besides {@code java.base} and the Vector API. A method here is named by emitted
 * bytecode: its signature and its bits stay as they are.
 */
package dev.capstan.runtime.abi;
