// SPDX-License-Identifier: Apache-2.0
package dev.capstan.reference;

import static dev.capstan.reference.Closeness.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.capstan.Edge;
import dev.capstan.Node;
import dev.capstan.Tensor;
import dev.capstan.io.SafetensorsFile;
import dev.capstan.runtime.type.CapstanException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** One step of a recurrent network, its tape, its gradients and the errors of the tape, against PyTorch. */
class GraphProgramTest {
    private static final double TOLERANCE = 2e-6;

    private final SafetensorsFile file = ReferenceData.tensors("11_grad_fn_graph.safetensors");
    private final Map<String, Object> record = Json.resource("11_grad_fn_graph.json");
    private final Tensor x = leaf("x");
    private final Tensor inputWeight = leaf("W_x");
    private final Tensor h = leaf("h");
    private final Tensor stateWeight = leaf("W_h");
    private final Map<String, Tensor> leaves =
            new LinkedHashMap<>(Map.of("x", x, "W_x", inputWeight, "h", h, "W_h", stateWeight));
    private final Tensor fromInput = inputWeight.mm(x.t());
    private final Tensor fromState = stateWeight.mm(h.t());
    private final Tensor sum = fromState.add(fromInput);
    private final Tensor next = sum.tanh();

    private Tensor leaf(String name) {
        return file.tensor(name).requiresGrad(true);
    }

    private Tensor again() {
        return stateWeight.mm(h.t()).add(inputWeight.mm(x.t())).tanh();
    }

    private static String withoutNumber(Object name) {
        return ((String) name).replaceAll("\\d+$", "");
    }

    @Test
    void valuesArePyTorchs() {
        assertClose(file.tensor("i2h"), fromInput, TOLERANCE, "i2h");
        assertClose(file.tensor("h2h"), fromState, TOLERANCE, "h2h");
        assertClose(file.tensor("next_h"), sum, TOLERANCE, "next_h");
        assertClose(file.tensor("next_next_h"), next, TOLERANCE, "next_next_h");
    }

    @Test
    void nodesAndLeavesArePyTorchs() {
        Map<String, Tensor> tensors = new LinkedHashMap<>(leaves);
        tensors.putAll(Map.of("i2h", fromInput, "h2h", fromState, "next_h", sum, "next_next_h", next));
        Map<String, Object> nodes = Json.object(record.get("grad_fn"));
        Map<String, Object> isLeaf = Json.object(record.get("is_leaf"));
        assertEquals(tensors.keySet(), nodes.keySet());
        tensors.forEach((name, tensor) -> {
            String node = tensor.gradFn() == null ? null : tensor.gradFn().name();
            assertEquals(nodes.get(name) == null ? null : withoutNumber(nodes.get(name)), node, name);
            assertEquals(isLeaf.get(name), tensor.isLeaf(), name);
        });
    }

    @Test
    void treeIsPyTorchs() {
        assertTree(Json.object(record.get("tree")), next.gradFn());
    }

    private void assertTree(Map<String, Object> expected, Node node) {
        assertEquals(withoutNumber(expected.get("name")), node.name());
        List<?> functions = Json.list(expected.get("next_functions"));
        assertEquals(functions.size(), node.nextFunctions().size());
        assertEquals(expected.get("variable"), node.variable() == null ? null : nameOf(node.variable()));
        for (int i = 0; i < functions.size(); i++) {
            List<?> pair = Json.list(functions.get(i));
            Edge edge = node.nextFunctions().get(i);
            assertEquals(pair.get(1), (long) edge.inputNumber());
            assertTree(Json.object(pair.get(0)), edge.function());
        }
    }

    private String nameOf(Tensor leaf) {
        return leaves.entrySet().stream()
                .filter(entry -> entry.getValue() == leaf)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void treeAsTextIsPyTorchs() {
        List<String> lines = new ArrayList<>();
        write(next.gradFn(), 0, lines);
        List<String> expected = new ArrayList<>();
        for (Object line : Json.list(record.get("tree_text"))) {
            expected.add(((String) line).replaceAll("Backward\\d", "Backward"));
        }
        assertEquals(expected, lines);
    }

    private void write(Node node, int depth, List<String> lines) {
        String variable = node.variable() == null ? "" : " variable=" + nameOf(node.variable());
        lines.add("  ".repeat(depth) + node + variable);
        for (Edge edge : node.nextFunctions()) {
            write(edge.function(), depth + 1, lines);
        }
    }

    @Test
    void leafNodesAreShared() {
        Node first = fromState.gradFn().nextFunctions().get(0).function();
        Node second = again().gradFn()
                .nextFunctions()
                .get(0)
                .function()
                .nextFunctions()
                .get(0)
                .function()
                .nextFunctions()
                .get(0)
                .function();
        assertEquals(first, second);
    }

    @Test
    void gradientsOfOnesArePyTorchs() {
        next.backward(file.tensor("gradient_ones"));
        assertGradients("grad_ones.");
    }

    @Test
    void gradientsAccumulateAsPyTorchs() {
        Tensor gradient = file.tensor("gradient_random");
        next.backward(gradient, true);
        assertGradients("grad_random.");
        next.backward(gradient);
        assertGradients("grad_random_accumulated_twice.");
    }

    private void assertGradients(String prefix) {
        leaves.forEach((name, leaf) -> assertClose(file.tensor(prefix + name), leaf.grad(), TOLERANCE, prefix + name));
    }

    /** The nine errors that PyTorch's program records, each as ours. */
    @Test
    void errorsAreThoseOfPyTorch() {
        List<String> torch = List.copyOf(Json.object(record.get("errors")).keySet());
        Map<String, String> ours = new LinkedHashMap<>();

        ours.put("backward() on a non-scalar", refusal(next::backward));
        Tensor ones = next.onesLike();
        next.backward(ones);
        ours.put("second backward without retain_graph", refusal(() -> next.backward(ones)));
        ours.put("gradient of the wrong shape", refusal(() -> again().backward(Tensor.ones(3))));
        ours.put(
                "backward on a leaf without requires_grad",
                refusal(() -> Tensor.scalar(1f).backward()));
        ours.put("in-place on a leaf that requires grad", refusal(() -> x.add_(1)));
        ours.put("saved tensor modified in place", refusal(() -> {
            Tensor a = Tensor.ones(3).requiresGrad(true);
            Tensor b = a.exp();
            Tensor c = b.mul(b);
            b.add_(1);
            c.sum().backward();
        }));
        // toFloatArray gives a copy, through which the tape cannot be cheated
        x.toFloatArray()[0] += 1;
        assertArrayEquals(file.tensor("x").toFloatArray(), x.toFloatArray());
        ours.put("numpy() on a tensor that requires grad", "none: arrays are copies");
        ours.put("item() of a tensor with 10 elements", refusal(x::item));
        ours.put("mm shape mismatch", refusal(() -> inputWeight.mm(x)));

        assertEquals(torch, List.copyOf(ours.keySet()));
        assertEquals(
                List.of(
                        "backward: only a single element has an implicit gradient; give one: float32[20,1]",
                        "backward: the graph is walked a second time and its saved tensors are gone; "
                                + "call backward with retainGraph: TanhBackward",
                        "backward: the gradient has another type: float32[3] for float32[20,1]",
                        "backward: the tensor does not require a gradient and has no gradFn: float32[]",
                        "add_: a leaf that requires a gradient is changed in place outside of noGrad: float32[1,10]",
                        "backward: a tensor needed for the gradient was modified in place: "
                                + "float32[3] of MulBackward is at version 1, expected 0",
                        "none: arrays are copies",
                        "item: the tensor does not have exactly one element: float32[1,10]",
                        "mm: inner dimensions differ: [20,10] x [1,10] (10 != 1)"),
                List.copyOf(ours.values()));
    }

    private static String refusal(Executable call) {
        CapstanException e = assertThrows(CapstanException.class, call);
        assertNull(e.getCause());
        return e.operator() + ": " + e.rule() + ": " + e.operands();
    }
}
