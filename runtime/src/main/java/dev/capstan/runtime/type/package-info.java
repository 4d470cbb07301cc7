// SPDX-License-Identifier: Apache-2.0
/**
 * What a tensor is before it has data: element type, sizes and strides. Values of this package are immutable, and
 * broadcasting and type promotion, which depend on nothing else, are decided here.
 */
package dev.capstan.runtime.type;
