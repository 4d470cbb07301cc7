// SPDX-License-Identifier: Apache-2.0
package dev.capstan.reference;

import dev.capstan.io.Safetensors;
import dev.capstan.io.SafetensorsFile;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What PyTorch computed: a call and its result for each case, for each operator. */
final class ReferenceData {
    /** Operators' calls on tensors of all types. */
    static final String TYPE_PROMOTION = "_type_promotion";

    private static final ReferenceData OPERATORS = new ReferenceData();

    private final List<ReferenceCase> cases;

    private ReferenceData() {
        SafetensorsFile tensors = tensors("operators.safetensors");
        Map<String, Object> index = Json.resource("operators.json");
        cases = Json.list(index.get("ops")).stream()
                .map(Json::object)
                .flatMap(operator -> Json.list(operator.get("cases")).stream()
                        .map(Json::object)
                        .map(fields -> new ReferenceCase((String) operator.get("op"), fields, tensors)))
                .toList();
    }

    /** The cases of operators by themselves. */
    static Stream<ReferenceCase> ofOperators() {
        return OPERATORS.cases.stream().filter(c -> !c.group().startsWith("_") && !c.raises());
    }

    /** The calls that PyTorch refuses. */
    static Stream<ReferenceCase> ofRefusals() {
        return OPERATORS.cases.stream().filter(c -> !c.group().equals(TYPE_PROMOTION) && c.raises());
    }

    /** The cases of a special group. */
    static Stream<ReferenceCase> of(String group) {
        return OPERATORS.cases.stream().filter(c -> c.group().equals(group));
    }

    static SafetensorsFile tensors(String resource) {
        URL url = ReferenceData.class.getResource(resource);
        try {
            return Safetensors.read(Path.of(url.toURI()));
        } catch (URISyntaxException e) {
            throw new IllegalStateException(resource, e);
        }
    }
}
