// SPDX-License-Identifier: Apache-2.0
package dev.capstan.autograd;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a {@link Function} whose {@code backward} is not made of tensor operators, so that nobody can differentiate it
 * again: a second derivative through it is an error rather than a wrong number.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface OnceDifferentiable {}
