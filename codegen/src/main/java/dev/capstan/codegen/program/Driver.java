// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

/**
 * What a generated program implements. Public because the program's class lives in another class loader; it is not for
 * callers.
 */
public interface Driver {
    /**
     * Executes all steps.
     *
     * @param arrays the array of each slot
     * @param offsets where each slot's elements begin
     * @param scratch arrays for packed factors, of no use afterwards
     * @param constants what the program calls by reference: the steps that the eager executors run, and those
     *     that threads share
     */
    void run(Object[] arrays, int[] offsets, Object[] scratch, Object[] constants);
}
