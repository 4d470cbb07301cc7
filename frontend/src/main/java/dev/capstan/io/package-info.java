// SPDX-License-Identifier: Apache-2.0
/**
 * Reading and writing tensors, in the safetensors format.
 */
package dev.capstan.io;
