// SPDX-License-Identifier: Apache-2.0
package dev.capstan.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files made byte by byte. */
final class RawFile {
    private RawFile() {}

    /** A file with this header and so many bytes of data, which count up from 0. */
    static byte[] bytes(String header, int dataBytes) {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer file =
                ByteBuffer.allocate(Long.BYTES + text.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(text.length).put(text);
        for (int i = 0; i < dataBytes; i++) {
            file.put((byte) i);
        }
        return file.array();
    }

    static Path write(Path directory, byte[] bytes) {
        try {
            return Files.write(directory.resolve("raw.safetensors"), bytes);
        } catch (IOException e) {
            throw new IllegalStateException("the test cannot write its file", e);
        }
    }
}
