// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

/**
 * A generated method is one that HotSpot is not willing to compile, so it would run interpreted, or hardly optimised, for ever.
 * The remedy is to split it, or to hand on fewer arguments.
 */
public final class UncompilableMethodException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** HotSpot's {@code HugeMethodLimit}, in bytes of bytecode: larger methods are never compiled. */
    public static final int MOST_BYTES = 8_000;

    /**
     * The most arguments on the stack, those of the method and those of a call in it taken together. C2 names each place on the
     * stack in its masks of registers, which have room for so many in JDK 17, for 64 in JDK 25; a method that needs more is
     * skipped ("unsupported calling sequence") and stays with C1.
     */
    public static final int MOST_ON_STACK = 48;

    /** Arguments that are passed in registers on x86-64; elsewhere they are more. */
    public static final int IN_REGISTERS = 6;

    private final String method;

    private UncompilableMethodException(String method, String reason) {
        super("method tree: " + reason + ": " + method);
        this.method = method;
    }

    static UncompilableMethodException ofSize(String method, int size) {
        return new UncompilableMethodException(
                method, size + " bytes of bytecode, and more than " + MOST_BYTES + " are never compiled");
    }

    static UncompilableMethodException ofArguments(String method, int count) {
        return new UncompilableMethodException(
                method,
                count + " arguments on the stack, its own and a call's, and more than " + MOST_ON_STACK
                        + " are not compiled");
    }

    /** The method's class and name, for instance {@code dev.capstan.generated.Program1.step}. */
    public String method() {
        return method;
    }
}
