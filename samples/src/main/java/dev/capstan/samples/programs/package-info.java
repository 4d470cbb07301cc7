// SPDX-License-Identifier: Apache-2.0
/**
 * The programs. Each is a few lines of ordinary training code around a model; the models are modules in the style of
 * PyTorch's tutorials, with plain Java control flow. Start with {@link dev.capstan.samples.programs.Quickstart}.
 */
package dev.capstan.samples.programs;
