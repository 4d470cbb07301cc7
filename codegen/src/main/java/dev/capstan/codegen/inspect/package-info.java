// SPDX-License-Identifier: Apache-2.0
/**
 * Looking into what was generated: graph, kernels, Java rendition and bytecode, as text and as files.
 */
package dev.capstan.codegen.inspect;
