// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.type;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A call that the framework refuses: {@code operator: rule: operands at Class.method(File.java:line)}, where the place is
 * the caller's own code, not ours.
 */
public final class CapstanException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Frames of the framework itself; samples and everything else are somebody's program. */
    private static final Pattern FRAMEWORK = Pattern.compile(
            "(java|jdk|sun)\\..*|dev\\.capstan\\.(runtime|tracer|codegen|nn|optim|autograd|data|io|capture)\\..*"
                    + "|dev\\.capstan\\.[A-Z].*");

    private static final Pattern TEST = Pattern.compile(".*Test(\\$.*)?");

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
        return place().map(place -> text + " at " + place).orElse(text);
    }

    private static Optional<String> place() {
        return StackWalker.getInstance().walk(frames -> frames.filter(CapstanException::isCaller)
                .findFirst()
                .map(frame -> frame.getClassName().replaceAll(".*\\.", "") + "." + frame.getMethodName() + "("
                        + frame.getFileName() + ":" + frame.getLineNumber() + ")"));
    }

    private static boolean isCaller(StackWalker.StackFrame frame) {
        String name = frame.getClassName();
        return TEST.matcher(name).matches() || !FRAMEWORK.matcher(name).matches();
    }
}
