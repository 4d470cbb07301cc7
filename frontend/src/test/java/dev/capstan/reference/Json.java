// SPDX-License-Identifier: Apache-2.0
package dev.capstan.reference;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A JSON document as maps, lists, texts, numbers (Long or Double), truths and null. */
final class Json {
    private Json() {}

    static Map<String, Object> resource(String name) {
        try (InputStream stream = Json.class.getResourceAsStream(name);
                JsonParser parser = new JsonFactory().createParser(stream)) {
            parser.nextToken();
            return object(value(parser));
        } catch (IOException e) {
            throw new UncheckedIOException(name, e);
        }
    }

    /** A value as an object. */
    @SuppressWarnings("unchecked") // every map that value() makes has texts as keys
    static Map<String, Object> object(Object value) {
        return (Map<String, Object>) value;
    }

    /** A value as a list. */
    static List<?> list(Object value) {
        return (List<?>) value;
    }

    private static Object value(JsonParser parser) throws IOException {
        switch (parser.currentToken()) {
            case START_OBJECT:
                Map<String, Object> members = new LinkedHashMap<>();
                while (!parser.nextToken().isStructEnd()) {
                    String name = parser.currentName();
                    parser.nextToken();
                    members.put(name, value(parser));
                }
                return members;
            case START_ARRAY:
                List<Object> elements = new ArrayList<>();
                while (!parser.nextToken().isStructEnd()) {
                    elements.add(value(parser));
                }
                return elements;
            case VALUE_STRING:
                return parser.getText();
            case VALUE_NUMBER_INT:
                return parser.getLongValue();
            case VALUE_NUMBER_FLOAT:
                return parser.getDoubleValue();
            case VALUE_TRUE, VALUE_FALSE:
                return parser.getBooleanValue();
            case VALUE_NULL:
                return null;
            default:
                throw new IllegalStateException("unexpected " + parser.currentToken());
        }
    }
}
