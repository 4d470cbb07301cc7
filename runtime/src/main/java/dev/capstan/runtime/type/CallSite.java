// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.type;

import java.util.Optional;
import java.util.regex.Pattern;

/** Where in the caller's code the framework was called: {@code Class.method(File.java:line)}. */
public final class CallSite {
    /** Classes of the framework itself; samples and everything else are somebody's program. */
    private static final Pattern FRAMEWORK = Pattern.compile("(java|javax|jdk|sun)\\..*"
            + "|dev\\.capstan\\.(runtime|tracer|codegen|nn|optim|data|io|autograd)\\..*"
            + "|dev\\.capstan\\.[A-Z].*");

    private static final Pattern TEST = Pattern.compile(".*Test(\\$.*)?");

    private CallSite() {}

    /** The innermost frame on this thread's stack that is not the framework's. */
    public static Optional<String> current() {
        return StackWalker.getInstance()
                .walk(frames -> frames.filter(CallSite::isCaller).findFirst().map(CallSite::describe));
    }

    private static String describe(StackWalker.StackFrame frame) {
        String type = frame.getClassName().substring(frame.getClassName().lastIndexOf('.') + 1);
        return type + "." + method(frame.getMethodName()) + "(" + frame.getFileName() + ":" + frame.getLineNumber()
                + ")";
    }

    /** The method that a lambda stands in, from the name that the Java compiler gives it: {@code lambda$method$0}. */
    private static String method(String name) {
        return name.startsWith("lambda$") ? name.substring("lambda$".length(), name.lastIndexOf('$')) : name;
    }

    private static boolean isCaller(StackWalker.StackFrame frame) {
        String name = frame.getClassName();
        return TEST.matcher(name).matches() || !FRAMEWORK.matcher(name).matches();
    }
}
