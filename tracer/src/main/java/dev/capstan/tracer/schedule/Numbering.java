// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Numbers from 0 on, equal ones for what is equal. For kernels and the like: to compare them takes long, and those that are
 * equal are mostly one object.
 */
final class Numbering<T> {
    private final Map<T, Integer> known = new IdentityHashMap<>();
    private final Map<T, Integer> numbers = new HashMap<>();

    int of(T thing) {
        return known.computeIfAbsent(thing, same -> numbers.computeIfAbsent(same, unseen -> numbers.size()));
    }
}
