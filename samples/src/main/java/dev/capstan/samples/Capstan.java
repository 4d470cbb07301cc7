// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples;

import dev.capstan.runtime.spi.Compilers;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.samples.programs.UsageException;
import java.io.PrintWriter;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParameterException;

/** The command {@code capstan}. */
@Command(
        name = "capstan",
        description = "Deep learning on the JVM: eager by default, compiled to bytecode once hot.",
        subcommands = {RunCommand.class, InspectCommand.class},
        versionProvider = Capstan.Version.class,
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
public final class Capstan {
    private Capstan() {}

    /** Runs the command and ends the process: with 0, with 2 if the input is at fault, else with 1. */
    public static void main(String[] arguments) {
        int exitCode = commandLine().execute(arguments);
        if (exitCode != 0) {
            System.exit(exitCode);
        }
        // no exit here: the window of a live plot stays until it is closed
    }

    static CommandLine commandLine() {
        return new CommandLine(new Capstan())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler(Capstan::refuse)
                .setExecutionExceptionHandler(Capstan::fail);
    }

    /** What the parser refuses, as one line. */
    private static int refuse(ParameterException fault, String[] arguments) {
        CommandLine command = fault.getCommandLine();
        String text = fault.getMessage().lines().findFirst().orElse("");
        command.getErr()
                .println(command.getCommandName() + ": " + text.substring(0, 1).toLowerCase(Locale.ROOT)
                        + text.substring(1));
        return CommandLine.ExitCode.USAGE;
    }

    /** What the framework or a sample refuses, as one line; anything else is a fault of ours and shows where it happened. */
    private static int fail(Exception fault, CommandLine command, CommandLine.ParseResult parsed) {
        PrintWriter err = command.getErr();
        if (fault instanceof CapstanException || fault instanceof UsageException) {
            err.println(fault.getMessage());
            return CommandLine.ExitCode.USAGE;
        }
        fault.printStackTrace(err);
        return CommandLine.ExitCode.SOFTWARE;
    }

    /** The version, and what there is to run on. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Capstan.class.getPackage().getImplementationVersion();
            boolean vectors =
                    ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
            return new String[] {
                "capstan " + (version == null ? "(not from a jar)" : version),
                "Java " + Runtime.version(),
                "Vector API: " + (vectors ? "on" : "off; --add-modules jdk.incubator.vector turns it on"),
                "compiler: " + (Compilers.regions().isPresent() ? "on" : "off, or not on the class path")
            };
        }
    }
}
