// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

/**
 * A generated method has more bytecodes than HotSpot is willing to compile, so it would run interpreted for ever.
 * The remedy is to split it.
 */
public final class OversizedMethodException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** HotSpot's {@code HugeMethodLimit}, in bytes of bytecode: larger methods are never compiled. */
    public static final int LIMIT = 8_000;

    private final String method;
    private final int size;

    OversizedMethodException(String method, int size) {
        super("method tree: more than " + LIMIT + " bytes of bytecode are never compiled: " + method + " (" + size
                + " bytes)");
        this.method = method;
        this.size = size;
    }

    /** The method's class and name, for instance {@code dev.capstan.generated.Program1.step}. */
    public String method() {
        return method;
    }

    /** Its size in bytes of bytecode. */
    public int size() {
        return size;
    }
}
