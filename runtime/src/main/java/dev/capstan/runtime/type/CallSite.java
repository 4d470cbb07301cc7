// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.type;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Where in the caller's code the framework was called: {@code Class.method(File.java:line)}. */
public final class CallSite {
    private static final String ROOT = "dev.capstan.";
    private static final List<String> PLATFORM = List.of("java.", "javax.", "jdk.", "sun.");
    private static final List<String> FRAMEWORK =
            List.of("runtime.", "tracer.", "codegen.", "nn.", "optim.", "data.", "io.", "autograd.");

    private CallSite() {}

    /** The innermost frame on this thread's stack that is not the framework's. */
    public static Optional<String> current() {
        return StackWalker.getInstance()
                .walk(frames -> frames.filter(frame -> isCaller(frame.getClassName()))
                        .findFirst()
                        .map(frame -> describe(frame.toStackTraceElement())));
    }

    /** The innermost frame that is not the framework's of those through which something was thrown. */
    public static Optional<String> of(Throwable thrown) {
        return Arrays.stream(thrown.getStackTrace())
                .filter(frame -> isCaller(frame.getClassName()))
                .findFirst()
                .map(CallSite::describe);
    }

    private static String describe(StackTraceElement frame) {
        String type = frame.getClassName().substring(frame.getClassName().lastIndexOf('.') + 1);
        return type + "." + method(frame.getMethodName()) + "(" + frame.getFileName() + ":" + frame.getLineNumber()
                + ")";
    }

    /** The method that a lambda stands in, from the name that the Java compiler gives it: {@code lambda$method$0}. */
    private static String method(String name) {
        return name.startsWith("lambda$") ? name.substring("lambda$".length(), name.lastIndexOf('$')) : name;
    }

    /** False for classes of the framework itself; samples, tests and everything else are somebody's program. */
    private static boolean isCaller(String name) {
        if (!name.startsWith(ROOT)) {
            return !begins(name, 0, PLATFORM);
        }
        boolean ours = Character.isUpperCase(name.charAt(ROOT.length())) || begins(name, ROOT.length(), FRAMEWORK);
        return !ours || name.endsWith("Test") || name.contains("Test$");
    }

    private static boolean begins(String name, int at, List<String> prefixes) {
        for (int i = 0; i < prefixes.size(); i++) {
            if (name.startsWith(prefixes.get(i), at)) {
                return true;
            }
        }
        return false;
    }
}
