// SPDX-License-Identifier: Apache-2.0
package dev.capstan.io;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.capstan.Tensor;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files with wrong bytes give a fault or what their bytes say, and never take memory that the file does not have. */
class SafetensorsFuzzTest {
    private static final String[] SPLICES = {
        "{",
        "}",
        "[",
        "]",
        "\"",
        ",",
        ":",
        "-1",
        "0",
        "9",
        "99999999999",
        "1e9",
        "null",
        "\\u0000",
        "F64",
        "BOOL",
        "\"dtype\"",
        "\"data_offsets\"",
        "__metadata__",
        " ",
        "\u00e9"
    };

    @TempDir
    Path directory;

    @Test
    void everyWrongBitIsAFaultOrReadsCleanly() throws IOException {
        byte[] sound = soundFile();
        int refused = 0;
        for (int at = 0; at < sound.length; at++) {
            byte[] bytes = sound.clone();
            bytes[at] ^= (byte) (1 << at % 8);
            refused += reads(bytes) ? 0 : 1;
        }
        // most of the file is header, where hardly a bit is free
        assertTrue(2 * refused > sound.length, refused + " of " + sound.length);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void randomDamageIsAFaultOrReadsCleanly(long seed) throws IOException {
        byte[] sound = soundFile();
        Random random = new Random(seed);
        for (int round = 0; round < 300; round++) {
            byte[] bytes = sound.clone();
            for (int wounds = 1 + random.nextInt(4); wounds > 0; wounds--) {
                bytes = damaged(bytes, random);
            }
            reads(bytes);
        }
    }

    private static byte[] damaged(byte[] bytes, Random random) {
        int at = bytes.length == 0 ? 0 : random.nextInt(bytes.length);
        switch (random.nextInt(5)) {
            case 0:
                return Arrays.copyOf(bytes, at);
            case 1:
                return Arrays.copyOf(bytes, bytes.length + random.nextInt(9));
            case 2:
                byte[] changed = bytes.clone();
                if (changed.length > 0) {
                    changed[at] = (byte) random.nextInt(256);
                }
                return changed;
            case 3:
                int length = Math.min(random.nextInt(20), bytes.length - at);
                return spliced(bytes, at, length, Arrays.copyOfRange(bytes, at / 2, at / 2 + length));
            default:
                byte[] splice =
                        SPLICES[random.nextInt(SPLICES.length)].getBytes(java.nio.charset.StandardCharsets.UTF_8);
                return spliced(
                        bytes, at, random.nextBoolean() ? 0 : Math.min(splice.length, bytes.length - at), splice);
        }
    }

    private static byte[] spliced(byte[] bytes, int at, int removed, byte[] inserted) {
        byte[] result = Arrays.copyOf(bytes, bytes.length - removed + inserted.length);
        System.arraycopy(inserted, 0, result, at, inserted.length);
        System.arraycopy(bytes, at + removed, result, at + inserted.length, bytes.length - at - removed);
        return result;
    }

    private boolean reads(byte[] bytes) {
        Path file = RawFile.write(directory, bytes);
        try {
            SafetensorsFile read = Safetensors.read(file);
            long data = read.tensors().values().stream()
                    .mapToLong(tensor -> (long) tensor.numel() * tensor.dtype().bytes())
                    .sum();
            assertTrue(data <= bytes.length, data + " bytes of elements from " + bytes.length);
            return true;
        } catch (CapstanException e) {
            assertFalse(e.getMessage().contains("\n"), e.getMessage());
            return false;
        } catch (RuntimeException | Error e) {
            return fail(
                    "not a fault of the file, but " + e + " on "
                            + HexFormat.of().formatHex(bytes),
                    e);
        }
    }

    private byte[] soundFile() throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (DType dtype : DType.values()) {
            tensors.put(dtype.label(), Tensor.full(dtype, 1, 2, 1));
        }
        tensors.put("scalar", Tensor.scalar(1.5f));
        tensors.put("empty", Tensor.zeros(0, 4));
        Path file = directory.resolve("sound.safetensors");
        Safetensors.write(file, tensors, Map.of("k", "v"));
        return Files.readAllBytes(file);
    }
}
