// SPDX-License-Identifier: Apache-2.0
package dev.capstan.io;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.capstan.Tensor;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The header of a file.
 *
 * @param entries the tensors, in the order in which the header names them
 * @param metadata texts by name
 */
record Header(List<Entry> entries, Map<String, String> metadata) {
    /** What PyTorch's reader takes at most, in bytes. */
    static final int LARGEST = 100_000_000;

    static final String METADATA = "__metadata__";
    static final String DTYPE = "dtype";
    static final String SHAPE = "shape";
    static final String OFFSETS = "data_offsets";

    private static final int ALIGNMENT = 8;

    /**
     * Where a tensor is.
     *
     * @param begin the first byte of its elements, counted from the end of the header
     * @param end the byte after its last element
     */
    record Entry(String name, DType dtype, Shape shape, long begin, long end) {}

    /** The format's name of an element type. */
    static String code(DType dtype) {
        return switch (dtype) {
            case FLOAT32 -> "F32";
            case FLOAT64 -> "F64";
            case INT64 -> "I64";
            case INT32 -> "I32";
            case UINT8 -> "U8";
            case BOOL -> "BOOL";
        };
    }

    /** The header of a file to be written; tensors with wide elements come first. */
    static Header of(Path file, Map<String, ? extends Tensor> tensors, Map<String, String> metadata) {
        List<Map.Entry<String, ? extends Tensor>> order =
                new ArrayList<>(requireNonNull(tensors, "tensors").entrySet());
        order.sort(Comparator.comparing(tensor -> -tensor.getValue().dtype().bytes()));
        List<Entry> entries = new ArrayList<>();
        long position = 0;
        for (Map.Entry<String, ? extends Tensor> named : order) {
            String name = verified(file, named.getKey());
            if (name.equals(METADATA)) {
                throw Fault.in(file, "the name is reserved", METADATA);
            }
            Tensor tensor = named.getValue();
            long end = position + (long) tensor.numel() * tensor.dtype().bytes();
            entries.add(new Entry(name, tensor.dtype(), tensor.shape(), position, end));
            position = end;
        }
        Map<String, String> texts = new LinkedHashMap<>();
        requireNonNull(metadata, "metadata")
                .forEach((key, value) -> texts.put(verified(file, key), verified(file, value)));
        return new Header(entries, texts);
    }

    private static String verified(Path file, String text) {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(requireNonNull(text, "text"))) {
            throw Fault.in(file, "a text is not valid Unicode", Fault.line(text));
        }
        return text;
    }

    /** The header as it stands in a file, padded. */
    byte[] encode(Path file) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = new JsonFactory().createGenerator(bytes)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeObjectFieldStart(METADATA);
                for (Map.Entry<String, String> text : metadata.entrySet()) {
                    json.writeStringField(text.getKey(), text.getValue());
                }
                json.writeEndObject();
            }
            for (Entry entry : entries) {
                write(json, entry);
            }
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory", e);
        }
        while (bytes.size() % ALIGNMENT != 0) {
            bytes.write(' ');
        }
        if (bytes.size() > LARGEST) {
            throw Fault.in(
                    file, "the header is longer than the format allows", bytes.size() + " of " + LARGEST + " bytes");
        }
        return bytes.toByteArray();
    }

    private static void write(JsonGenerator json, Entry entry) throws IOException {
        json.writeObjectFieldStart(entry.name());
        json.writeStringField(DTYPE, code(entry.dtype()));
        json.writeArrayFieldStart(SHAPE);
        for (int size : entry.shape().sizes()) {
            json.writeNumber(size);
        }
        json.writeEndArray();
        json.writeArrayFieldStart(OFFSETS);
        json.writeNumber(entry.begin());
        json.writeNumber(entry.end());
        json.writeEndArray();
        json.writeEndObject();
    }
}
