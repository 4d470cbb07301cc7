// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.spi;

/** How a program runs. The results are the same to the last bit. */
public enum Tier {
    /** Step by step at first, by generated code from the moment that is warm; the default. */
    RISING,
    /** Step by step, by the executors of eager mode over planned memory; nothing is generated. */
    STEPS,
    /** By generated code from the first call on, slow as that is until it is warm. */
    GENERATED
}
