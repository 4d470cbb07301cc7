// SPDX-License-Identifier: Apache-2.0
/**
 * The method tree: Java methods as data, below kernels and above bytecode. One tree has two printers, one to bytecode
 * and one to readable Java source, and both are run against each other in tests.
 */
package dev.capstan.codegen.tree;
