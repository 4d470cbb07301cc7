// SPDX-License-Identifier: Apache-2.0
/**
 * Who receives an operator when user code applies it: the eager executor, unless a recording is in scope on this
 * thread.
 */
package dev.capstan.runtime.dispatch;
