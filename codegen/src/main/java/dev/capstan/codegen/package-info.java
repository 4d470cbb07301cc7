// SPDX-License-Identifier: Apache-2.0
/**
 * The compiler behind the runtime's provider interface: from a schedule to classes that run, and from calls counted
 * to the next tier.
 */
package dev.capstan.codegen;
