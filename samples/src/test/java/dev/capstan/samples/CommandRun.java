// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import picocli.CommandLine;

/**
 * A run of the command line in this process.
 *
 * @param exitCode 0, or what went wrong
 * @param out the lines on standard output
 * @param err the lines on standard error
 */
record CommandRun(int exitCode, List<String> out, List<String> err) {
    static CommandRun of(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine command = Capstan.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err, true));
        int exitCode = command.execute(arguments);
        command.getOut().flush();
        return new CommandRun(
                exitCode,
                out.toString().lines().toList(),
                err.toString().lines().toList());
    }

    /** The lines of standard output as one text. */
    String text() {
        return String.join("\n", out);
    }
}
