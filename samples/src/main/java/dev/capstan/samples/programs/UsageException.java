// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

/** Something on the command line, or in a file that it names, that cannot be used: {@code subject: rule: operands}. */
public final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * @param subject what is at fault, for example an option
     * @param rule the rule that it breaks
     * @param operands what breaks it
     */
    public UsageException(String subject, String rule, String operands) {
        super(subject + ": " + rule + ": " + operands);
    }
}
