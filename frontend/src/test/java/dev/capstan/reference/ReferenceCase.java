// SPDX-License-Identifier: Apache-2.0
package dev.capstan.reference;

import dev.capstan.Tensor;
import dev.capstan.io.SafetensorsFile;
import java.util.List;
import java.util.Map;

/**
 * One call of an operator, and what came of it.
 *
 * @param group the operator, or the special group that the case is in
 * @param fields the case as the index has it
 * @param tensors the tensors it names, as {@code group/name}
 */
record ReferenceCase(String group, Map<String, Object> fields, SafetensorsFile tensors) {
    /** The gradients of PyTorch's own rounding allowed for: ten times as much, and a little more. */
    private static final double ROUNDINGS = 10;

    private static final double FLOOR = 1e-6;

    /** The operator that is called. */
    String operator() {
        return (String) fields.getOrDefault("op", group);
    }

    String id() {
        return group + " " + fields.get("id");
    }

    /** For type promotion: which kinds of operands are mixed. */
    String kind() {
        return (String) fields.get("kind");
    }

    /** The operands, decoded anew: no case sees what another did to its tensors. */
    Arguments arguments() {
        return new Arguments(this, Json.list(fields.get("args")), Json.object(fields.get("kwargs")));
    }

    /** PyTorch's name of the type of the result. */
    String outputType() {
        return (String) fields.get("output_dtype");
    }

    boolean raises() {
        return fields.containsKey("raises");
    }

    /** The message of PyTorch's refusal. */
    String message() {
        return (String) Json.object(fields.get("raises")).get("message");
    }

    private Map<String, Object> output() {
        return Json.object(fields.get("output"));
    }

    /** The expected result. */
    Tensor expected() {
        return tensor(output().get("tensor"));
    }

    /** The strides of the expected result, null if it is contiguous. */
    List<?> expectedStrides() {
        return (List<?>) output().get("strides");
    }

    /** The gradient of the result that is fed back, or null. */
    Tensor upstream() {
        return output().containsKey("upstream") ? tensor(output().get("upstream")) : null;
    }

    /** PyTorch's name of the tape node without its number, null if there is none. */
    String nodeName() {
        String name = (String) output().get("grad_fn");
        return name == null ? null : name.replaceAll("\\d+$", "");
    }

    /** The names of inputs with the names of their gradients, which are null where nothing is connected. */
    Map<String, Object> gradients() {
        return fields.containsKey("grads") ? Json.object(fields.get("grads")) : Map.of();
    }

    /** The weights of the first gradients in a second pass, by input; empty if there is none. */
    Map<String, Object> secondWeights() {
        return fields.containsKey("gradgrad")
                ? Json.object(Json.object(fields.get("gradgrad")).get("v"))
                : Map.of();
    }

    /** The gradients of the weighted sum of gradients. */
    Map<String, Object> secondGradients() {
        return Json.object(Json.object(fields.get("gradgrad")).get("grads"));
    }

    /** The inputs whose storage the result shares. */
    List<?> sharedInputs() {
        return fields.containsKey("shares_storage_with") ? Json.list(fields.get("shares_storage_with")) : List.of();
    }

    Tensor tensor(Object name) {
        return tensors.tensor(group + "/" + name);
    }

    double outputTolerance() {
        return tolerance("out");
    }

    double gradientTolerance() {
        return tolerance("grad");
    }

    private double tolerance(String of) {
        Map<String, Object> errors =
                fields.containsKey("err_vs_f64") ? Json.object(fields.get("err_vs_f64")) : Map.of();
        return ROUNDINGS * ((Number) errors.getOrDefault(of, 0.0)).doubleValue() + FLOOR;
    }

    @Override
    public String toString() {
        return id() + (fields.containsKey("op") ? " " + operator() : "");
    }
}
