// SPDX-License-Identifier: Apache-2.0
/** The command line: runs the programs and shows what was compiled. */
package dev.capstan.samples;
