// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

/** What a product does with the elements of C. */
enum Update {
    /** Each becomes its chain, which starts from +0.0. */
    SET,
    /** The chains continue them. */
    CONTINUE,
    /** Each chain starts from +0.0 and is added when it is complete. */
    ADD
}
