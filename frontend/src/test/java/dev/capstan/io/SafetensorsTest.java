// SPDX-License-Identifier: Apache-2.0
package dev.capstan.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Tensor;
import dev.capstan.nn.Linear;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SafetensorsTest {
    @TempDir
    Path directory;

    private Path file() {
        return directory.resolve("model.safetensors");
    }

    @Test
    void writtenTensorsAreReadBack() {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("truths", Tensor.of(new boolean[] {true, false, true}));
        tensors.put("counts", Tensor.of(new int[] {Integer.MIN_VALUE, -1, 7}, 3, 1));
        tensors.put("singles", Tensor.of(new float[] {-0.0f, Float.NaN, Float.MIN_VALUE, 1e30f}, 2, 2));
        tensors.put("doubles", Tensor.of(new double[] {Math.PI, Double.NEGATIVE_INFINITY}));
        tensors.put("indices", Tensor.of(new long[] {Long.MAX_VALUE, -2}));
        tensors.put("scalar", Tensor.scalar(2.5f));
        tensors.put("empty", Tensor.zeros(DType.FLOAT64, 3, 0, 2));
        Tensor bytes = new Tensor(NdArray.zeros(DType.UINT8, Shape.of(2)));
        bytes.add_(200);
        tensors.put("bytes", bytes);
        Map<String, String> metadata = Map.of("format", "pt", "note", "Grüße, \"世界\"\n");

        Safetensors.write(file(), tensors, metadata);
        SafetensorsFile read = Safetensors.read(file());

        assertEquals(metadata, read.metadata());
        assertEquals(tensors.keySet(), read.tensors().keySet());
        tensors.forEach((name, tensor) -> {
            assertEquals(tensor.dtype(), read.tensor(name).dtype(), name);
            assertEquals(tensor.shape(), read.tensor(name).shape(), name);
            assertArrayEquals(tensor.toLongArray(), read.tensor(name).toLongArray(), name);
            assertArrayEquals(tensor.toDoubleArray(), read.tensor(name).toDoubleArray(), name);
        });
        assertEquals(
                Float.floatToRawIntBits(-0.0f),
                Float.floatToRawIntBits(read.tensor("singles").toFloatArray()[0]));
        assertEquals(200, read.tensor("bytes").toLongArray()[0]);
    }

    @Test
    void viewsAreWrittenInRowMajorOrder() {
        Tensor base = Tensor.of(new float[] {0, 1, 2, 3, 4, 5}, 2, 3);
        Safetensors.write(file(), Map.of("turned", base.t(), "part", base.select(0, 1)));
        SafetensorsFile read = Safetensors.read(file());
        assertArrayEquals(new float[] {0, 3, 1, 4, 2, 5}, read.tensor("turned").toFloatArray());
        assertArrayEquals(new float[] {3, 4, 5}, read.tensor("part").toFloatArray());
    }

    @Test
    void tensorsLargerThanOneChunkSurvive() {
        float[] elements = new float[3 * ElementWriter.CHUNK_BYTES / Float.BYTES + 5];
        for (int i = 0; i < elements.length; i++) {
            elements[i] = i;
        }
        Safetensors.write(file(), Map.of("long", Tensor.of(elements)));
        assertArrayEquals(elements, Safetensors.read(file()).tensor("long").toFloatArray());
    }

    @Test
    void bytesAreThoseOfTheFormat() throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("a", Tensor.of(new float[] {1f}));
        tensors.put("b", Tensor.of(new long[] {2}));
        Safetensors.write(file(), tensors, Map.of("k", "v"));
        // 8-byte elements first, the header padded to a multiple of 8
        String header = "{\"__metadata__\":{\"k\":\"v\"},"
                + "\"b\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]},"
                + "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]}}";
        String padded = header + " ".repeat((8 - header.length() % 8) % 8);
        ByteBuffer expected = ByteBuffer.allocate(8 + padded.length() + 12).order(ByteOrder.LITTLE_ENDIAN);
        expected.putLong(padded.length())
                .put(padded.getBytes(StandardCharsets.UTF_8))
                .putLong(2)
                .putFloat(1f);
        assertArrayEquals(expected.array(), Files.readAllBytes(file()));
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void everyTensorIsAligned(DType odd) throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("odd", Tensor.zeros(odd, 3));
        for (DType dtype : DType.values()) {
            tensors.put(dtype.label(), Tensor.zeros(dtype, 5));
        }
        Safetensors.write(file(), tensors);
        byte[] bytes = Files.readAllBytes(file());
        long length = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        assertEquals(0, length % 8);
        byte[] text = java.util.Arrays.copyOfRange(bytes, 8, 8 + (int) length);
        Header header = new HeaderReader(file(), bytes.length - 8 - length).read(text);
        assertEquals(tensors.size(), header.entries().size());
        header.entries()
                .forEach(entry -> assertEquals(0, entry.begin() % entry.dtype().bytes(), entry.name()));
    }

    @Test
    void orderIsTheHeaders() {
        String header = "{\"z\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]},"
                + "\"a\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}";
        SafetensorsFile read = Safetensors.read(RawFile.write(directory, RawFile.bytes(header, 2)));
        assertEquals(List.of("z", "a"), List.copyOf(read.tensors().keySet()));
        assertEquals(1, read.tensor("z").item());
        assertEquals(0, read.tensor("a").item());
    }

    @Test
    void emptyFileOfNoTensorsIsValid() {
        Safetensors.write(file(), Map.of());
        assertTrue(Safetensors.read(file()).tensors().isEmpty());
    }

    @Test
    void unknownMembersAreSkipped() {
        String header = "{\"a\":{\"dtype\":\"U8\",\"later\":{\"x\":[1,{}]},\"shape\":[1],\"data_offsets\":[0,1]}}";
        assertEquals(
                1,
                Safetensors.read(RawFile.write(directory, RawFile.bytes(header, 1)))
                        .tensors()
                        .size());
    }

    @Test
    void modulesStateSurvivesTheFile() {
        Linear saved = new Linear(3, 2);
        Linear loaded = new Linear(3, 2);
        Safetensors.write(file(), saved.stateDict());
        loaded.loadStateDict(Safetensors.read(file()).tensors());
        assertArrayEquals(saved.weight().toFloatArray(), loaded.weight().toFloatArray());
        assertArrayEquals(saved.bias().toFloatArray(), loaded.bias().toFloatArray());
    }

    @Test
    void resultsCannotBeChanged() {
        Safetensors.write(file(), Map.of("a", Tensor.ones(1)), Map.of("k", "v"));
        SafetensorsFile read = Safetensors.read(file());
        assertThrows(UnsupportedOperationException.class, () -> read.tensors().remove("a"));
        assertThrows(UnsupportedOperationException.class, () -> read.metadata().remove("k"));
    }

    @Test
    void failedWriteLeavesTheOldFile() throws IOException {
        Safetensors.write(file(), Map.of("a", Tensor.ones(2)));
        byte[] before = Files.readAllBytes(file());
        assertFault(() -> Safetensors.write(file(), Map.of("__metadata__", Tensor.ones(2))), "the name is reserved");
        assertFault(() -> Safetensors.write(file(), Map.of("\ud800", Tensor.ones(2))), "a text is not valid Unicode");
        assertFault(() -> Safetensors.write(file(), Map.of(), Map.of("k", "\udc00")), "a text is not valid Unicode");
        assertArrayEquals(before, Files.readAllBytes(file()));
        assertNothingElseIn(directory);
    }

    @Test
    void successfulWriteLeavesNoOtherFile() throws IOException {
        Safetensors.write(file(), Map.of("a", Tensor.ones(2)));
        Safetensors.write(file(), Map.of("b", Tensor.ones(3)));
        assertEquals(
                List.of("b"), List.copyOf(Safetensors.read(file()).tensors().keySet()));
        assertNothingElseIn(directory);
    }

    @Test
    void writeOverADirectoryFailsAndLeavesNoOtherFile() throws IOException {
        Files.createDirectories(file().resolve("child"));
        assertFault(() -> Safetensors.write(file(), Map.of("a", Tensor.ones(2))), "the file cannot be written");
        assertNothingElseIn(directory);
    }

    @Test
    void missingFileAndDirectoryAreFaults() {
        assertFault(() -> Safetensors.read(directory.resolve("absent")), "the file cannot be read");
        assertFault(() -> Safetensors.read(directory), "the file cannot be read");
        assertFault(
                () -> Safetensors.write(directory.resolve("absent").resolve("file"), Map.of()),
                "the file cannot be written");
    }

    @Test
    void unknownNameIsAFault() {
        Safetensors.write(file(), Map.of("a", Tensor.ones(1)));
        SafetensorsFile read = Safetensors.read(file());
        CapstanException e = assertThrows(CapstanException.class, () -> read.tensor("b"));
        assertEquals("no tensor has this name", e.rule());
    }

    /** Each header breaks one rule; {@code '} stands for a quotation mark, the data have 8 bytes. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '#',
            quoteCharacter = '`',
            value = {
                "[] # the header does not begin with {",
                "`` # the header does not begin with {",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]} # the header is not valid JSON",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} {} # the header goes on after its end",
                "{'a':1} # the header does not have an object",
                "{'__metadata__':{'k':1}} # the header does not have a text",
                "{'__metadata__':[]} # the header does not have an object",
                "{'__metadata__':{'k':'v','k':'w'}} # a name appears twice",
                "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'a':{'dtype':'F32','shape':[1],"
                        + "'data_offsets':[4,8]}} # a name appears twice",
                "{'a':{'dtype':'F32','dtype':'I32','shape':[2],'data_offsets':[0,8]}} # a name appears twice",
                "{'a':{'dtype':'F32','shape':[2],'shape':[2],'data_offsets':[0,8]}} # a name appears twice",
                "{'a':{'dtype':'F32','data_offsets':[0,8]}} # a tensor lacks its dtype, shape or data_offsets",
                "{'a':{'dtype':'F32','shape':[2]}} # a tensor lacks its dtype, shape or data_offsets",
                "{'a':{'shape':[2],'data_offsets':[0,8]}} # a tensor lacks its dtype, shape or data_offsets",
                "{'a':{'dtype':'F16','shape':[4],'data_offsets':[0,8]}} # the element type is not supported",
                "{'a':{'dtype':3,'shape':[4],'data_offsets':[0,8]}} # the header does not have a text as dtype",
                "{'a':{'dtype':'F32','shape':2,'data_offsets':[0,8]}} # the header does not have a list as shape",
                "{'a':{'dtype':'F32','shape':[-2],'data_offsets':[0,8]}} "
                        + "# a number in shape is not a whole number from 0 to 2^53",
                "{'a':{'dtype':'F32','shape':[2.0],'data_offsets':[0,8]}} "
                        + "# a number in shape is not a whole number from 0 to 2^53",
                "{'a':{'dtype':'F32','shape':[99999999999999999999999],'data_offsets':[0,8]}} "
                        + "# a number in shape is not a whole number from 0 to 2^53",
                "{'a':{'dtype':'F32','shape':['2'],'data_offsets':[0,8]}} "
                        + "# a number in shape is not a whole number from 0 to 2^53",
                "{'a':{'dtype':'F32','shape':[[2]],'data_offsets':[0,8]}} "
                        + "# a number in shape is not a whole number from 0 to 2^53",
                "{'a':{'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,8]}} "
                        + "# a tensor has more than 2^31 - 1 elements",
                "{'a':{'dtype':'F32','shape':[65536,65536,0],'data_offsets':[0,0]}} "
                        + "# a tensor has more than 2^31 - 1 elements",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8,9]}} "
                        + "# data_offsets are not a range of the file's data",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[8,0]}} "
                        + "# data_offsets are not a range of the file's data",
                "{'a':{'dtype':'F32','shape':[3],'data_offsets':[0,12]}} "
                        + "# data_offsets are not a range of the file's data",
                "{'a':{'dtype':'F32','shape':[3],'data_offsets':[0,8]}} # dtype and shape do not fit data_offsets",
                "{'a':{'dtype':'F32','shape':[0],'data_offsets':[0,8]}} # dtype and shape do not fit data_offsets",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'b':{'dtype':'F32','shape':[1],"
                        + "'data_offsets':[4,8]}} # tensors overlap",
                "{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} # there is a gap between tensors",
                "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} # bytes follow the last tensor",
                "{} # bytes follow the last tensor",
                "{'a':{'dtype':'BOOL','shape':[8],'data_offsets':[0,8]}} # a bool is neither 0 nor 1"
            })
    void brokenRulesAreNamed(String header, String rule) {
        byte[] bytes = RawFile.bytes(header.replace('\'', '"'), 8);
        assertFault(() -> Safetensors.read(RawFile.write(directory, bytes)), rule);
    }

    @Test
    void truncatedFilesAreFaults() {
        byte[] bytes = RawFile.bytes("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8);
        for (int length = 0; length < bytes.length; length++) {
            byte[] part = java.util.Arrays.copyOf(bytes, length);
            String rule = length < 8
                    ? "the file is too short for the length of its header"
                    : length < bytes.length - 8
                            ? "the header is longer than the file"
                            : "data_offsets are not a range of the file's data";
            assertFault(() -> Safetensors.read(RawFile.write(directory, part)), rule);
        }
    }

    @Test
    void absurdHeaderLengthsAreFaults() {
        for (long length : new long[] {-1, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 40}) {
            byte[] bytes = RawFile.bytes("{}", 0);
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
            assertFault(() -> Safetensors.read(RawFile.write(directory, bytes)), "the header is longer than the file");
        }
    }

    @Test
    void headerThatIsNotUtf8IsAFault() {
        byte[] bytes = RawFile.bytes("{\"__metadata__\":{\"k\":\"?\"}}", 0);
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = bytes[i] == '?' ? (byte) 0xc0 : bytes[i];
        }
        assertFault(() -> Safetensors.read(RawFile.write(directory, bytes)), "the header is not UTF-8");
    }

    @Test
    void messageIsOneLineWithFileAndRule() {
        String header = "{\"x\\ny\\u2028z\":{\"dtype\":\"F8\",\"shape\":[],\"data_offsets\":[0,0]}}";
        Path raw = RawFile.write(directory, RawFile.bytes(header, 0));
        CapstanException e = assertThrows(CapstanException.class, () -> Safetensors.read(raw));
        assertTrue(
                e.getMessage()
                        .startsWith("safetensors: the element type is not supported: " + raw + " (F8 of x?y?z) at "),
                e.getMessage());
    }

    private void assertFault(org.junit.jupiter.api.function.Executable call, String rule) {
        CapstanException e = assertThrows(CapstanException.class, call);
        assertEquals(rule, e.rule());
        assertEquals("safetensors", e.operator());
        assertTrue(e.operands().contains(directory.toString()), e.operands());
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
    }

    private void assertNothingElseIn(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(file()), files.toList());
        }
    }
}
