// SPDX-License-Identifier: Apache-2.0
package dev.capstan.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.capstan.io.Header.Entry;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads a header and verifies that it describes the bytes behind it: all of them, and each once. */
final class HeaderReader {
    /** Sizes beyond this never fit, and sums of them do not overflow. */
    private static final long LARGEST_NUMBER = 1L << 53;

    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .build();

    private final Path file;
    private final long dataBytes;
    private final List<Entry> entries = new ArrayList<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    /**
     * @param file the file, for messages
     * @param dataBytes number of bytes after the header
     */
    HeaderReader(Path file, long dataBytes) {
        this.file = file;
        this.dataBytes = dataBytes;
    }

    Header read(byte[] text) {
        if (text.length == 0 || text[0] != '{') {
            throw Fault.in(file, "the header does not begin with {", text.length + " bytes");
        }
        try (JsonParser json = JSON.createParser(decode(text))) {
            json.nextToken();
            members(json);
            if (json.nextToken() != null) {
                throw Fault.in(file, "the header goes on after its end", where(json));
            }
        } catch (JsonProcessingException e) {
            throw Fault.in(file, "the header is not valid JSON", Fault.line(e.getOriginalMessage()));
        } catch (IOException e) {
            throw Fault.in(file, "the header is not valid JSON", e);
        }
        verifyRanges();
        return new Header(List.copyOf(entries), metadata);
    }

    private String decode(byte[] text) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(text))
                    .toString();
        } catch (CharacterCodingException e) {
            throw Fault.in(file, "the header is not UTF-8", e);
        }
    }

    private void members(JsonParser json) throws IOException {
        Set<String> names = new HashSet<>();
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            if (!names.add(name)) {
                throw Fault.in(file, "a name appears twice", Fault.line(name));
            }
            json.nextToken();
            if (name.equals(Header.METADATA)) {
                texts(json);
            } else {
                entries.add(entry(json, name));
            }
        }
    }

    private void texts(JsonParser json) throws IOException {
        expect(json, JsonToken.START_OBJECT, Header.METADATA, "an object");
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            json.nextToken();
            expect(json, JsonToken.VALUE_STRING, name, "a text");
            if (metadata.put(name, json.getText()) != null) {
                throw Fault.in(file, "a name appears twice", Fault.line(name));
            }
        }
    }

    private Entry entry(JsonParser json, String name) throws IOException {
        expect(json, JsonToken.START_OBJECT, name, "an object");
        String code = null;
        long[] sizes = null;
        long[] range = null;
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String part = json.currentName();
            json.nextToken();
            switch (part) {
                case Header.DTYPE -> {
                    once(name, part, code);
                    expect(json, JsonToken.VALUE_STRING, name, "a text as dtype");
                    code = json.getText();
                }
                case Header.SHAPE -> {
                    once(name, part, sizes);
                    sizes = numbers(json, name, part);
                }
                case Header.OFFSETS -> {
                    once(name, part, range);
                    range = numbers(json, name, part);
                }
                // the format lets later versions add members
                default -> json.skipChildren();
            }
        }
        if (code == null || sizes == null || range == null) {
            throw Fault.in(file, "a tensor lacks its dtype, shape or data_offsets", Fault.line(name));
        }
        return entry(name, code, sizes, range);
    }

    private Entry entry(String name, String code, long[] sizes, long[] range) {
        DType dtype = Arrays.stream(DType.values())
                .filter(type -> Header.code(type).equals(code))
                .findFirst()
                .orElseThrow(() -> Fault.in(
                        file, "the element type is not supported", Fault.line(code) + " of " + Fault.line(name)));
        Shape shape = shape(name, sizes);
        if (range.length != 2 || range[0] > range[1] || range[1] > dataBytes) {
            throw Fault.in(
                    file,
                    "data_offsets are not a range of the file's data",
                    Arrays.toString(range) + " of " + Fault.line(name) + " in " + dataBytes + " bytes");
        }
        long bytes = (long) shape.elements() * dtype.bytes();
        if (range[1] - range[0] != bytes) {
            throw Fault.in(
                    file,
                    "dtype and shape do not fit data_offsets",
                    Fault.line(name) + " is " + dtype + shape + " in " + (range[1] - range[0]) + " bytes, not "
                            + bytes);
        }
        return new Entry(name, dtype, shape, range[0], range[1]);
    }

    private Shape shape(String name, long[] sizes) {
        int[] narrow = new int[sizes.length];
        long elements = 1;
        for (int i = 0; i < sizes.length; i++) {
            elements = sizes[i] > Integer.MAX_VALUE ? Long.MAX_VALUE : elements * sizes[i];
            if (elements > Integer.MAX_VALUE) {
                throw Fault.in(
                        file,
                        "a tensor has more than 2^31 - 1 elements",
                        Fault.line(name) + " " + Fault.line(Arrays.toString(sizes)));
            }
            narrow[i] = (int) sizes[i];
        }
        return Shape.of(narrow);
    }

    private long[] numbers(JsonParser json, String name, String part) throws IOException {
        expect(json, JsonToken.START_ARRAY, name, "a list as " + part);
        List<Long> numbers = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            boolean whole = json.currentToken() == JsonToken.VALUE_NUMBER_INT
                    && json.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
            if (!whole || json.getLongValue() < 0 || json.getLongValue() > LARGEST_NUMBER) {
                throw Fault.in(file, "a number in " + part + " is not a whole number from 0 to 2^53", Fault.line(name));
            }
            numbers.add(json.getLongValue());
        }
        return numbers.stream().mapToLong(Long::longValue).toArray();
    }

    private void once(String name, String part, @Nullable Object before) {
        if (before != null) {
            throw Fault.in(file, "a name appears twice", part + " of " + Fault.line(name));
        }
    }

    private void expect(JsonParser json, JsonToken token, String name, String what) {
        if (json.currentToken() != token) {
            throw Fault.in(file, "the header does not have " + what, Fault.line(name) + ", " + where(json));
        }
    }

    private static String where(JsonParser json) {
        return "at character " + json.currentTokenLocation().getCharOffset();
    }

    private void verifyRanges() {
        List<Entry> order = new ArrayList<>(entries);
        order.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        long position = 0;
        for (Entry entry : order) {
            if (entry.begin() != position) {
                throw gapOrOverlap(entry, position);
            }
            position = entry.end();
        }
        if (position != dataBytes) {
            throw Fault.in(file, "bytes follow the last tensor", dataBytes - position + " of " + dataBytes + " bytes");
        }
    }

    private CapstanException gapOrOverlap(Entry entry, long position) {
        return Fault.in(
                file,
                entry.begin() < position ? "tensors overlap" : "there is a gap between tensors",
                Fault.line(entry.name()) + " begins at " + entry.begin() + ", not " + position);
    }
}
