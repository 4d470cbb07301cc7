// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

/** The names of operator classes; asked for by every shape inference, so each is made once. */
final class OperatorName {
    private static final ClassValue<String> NAMES = new ClassValue<>() {
        @Override
        protected String computeValue(Class<?> type) {
            String simple = type.getSimpleName();
            return Character.toLowerCase(simple.charAt(0)) + simple.substring(1);
        }
    };

    private OperatorName() {}

    static String of(Class<?> operator) {
        return NAMES.get(operator);
    }
}
