// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples;

import dev.capstan.samples.programs.UsageException;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The losses as a table, with as many digits as it takes to read the same number again. */
final class LossFile implements StepListener {
    private final BufferedWriter writer;

    LossFile(Path file) {
        try {
            writer = Files.newBufferedWriter(file);
            writer.write("step,loss\n");
        } catch (IOException e) {
            throw new UsageException(
                    "--losses",
                    "the file cannot be written",
                    file + " (" + e.getClass().getSimpleName() + ")");
        }
    }

    @Override
    public void step(int index, double loss) throws IOException {
        writer.write(index + "," + loss + "\n");
    }

    @Override
    public void close() throws IOException {
        writer.close();
    }
}
