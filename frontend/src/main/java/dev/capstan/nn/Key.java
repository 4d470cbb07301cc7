// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The name of a parameter or child in {@link Module#stateDict()} where it differs from the field's. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.FIELD)
public @interface Key {
    /** The name. */
    String value();
}
