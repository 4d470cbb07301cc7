// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.type;

/**
 * A call that the framework refuses: {@code operator: rule: operands at Class.method(File.java:line)}, where the place is
 * the caller's own code, not ours.
 */
public final class CapstanException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String operator;
    private final String rule;
    private final String operands;

    /**
     * @param operator what was called, for example {@code matmul}
     * @param rule the rule that the call breaks, for example {@code inner dimensions differ}
     * @param operands the operands that break it, may be empty
     */
    public CapstanException(String operator, String rule, String operands) {
        this(operator, rule, operands, null);
    }

    /** The same with the fault behind it. */
    public CapstanException(String operator, String rule, String operands, Throwable cause) {
        super(message(operator, rule, operands), cause);
        this.operator = operator;
        this.rule = rule;
        this.operands = operands;
    }

    /** What was called. */
    public String operator() {
        return operator;
    }

    /** The rule that was broken. */
    public String rule() {
        return rule;
    }

    /** The operands that broke it. */
    public String operands() {
        return operands;
    }

    private static String message(String operator, String rule, String operands) {
        String text = operator + ": " + rule + (operands.isEmpty() ? "" : ": " + operands);
        return CallSite.current().map(place -> text + " at " + place).orElse(text);
    }
}
