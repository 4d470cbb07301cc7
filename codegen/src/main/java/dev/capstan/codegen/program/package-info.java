// SPDX-License-Identifier: Apache-2.0
/**
 * Drivers: straight-line calls of kernels over planned buffers, the classes that hold them, and their loading.
 */
package dev.capstan.codegen.program;
