// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples;

import java.io.Console;
import java.lang.reflect.Method;

/** Whether somebody is watching. */
final class Terminal {
    private Terminal() {}

    /** True if input and output are a terminal. */
    static boolean isInteractive() {
        Console console = System.console();
        if (console == null) {
            return false;
        }
        try {
            // from JDK 22 on there may be a console without a terminal
            Method isTerminal = Console.class.getMethod("isTerminal");
            return (boolean) isTerminal.invoke(console);
        } catch (NoSuchMethodException e) {
            return true;
        } catch (ReflectiveOperationException e) {
            return false;
        }
    }
}
