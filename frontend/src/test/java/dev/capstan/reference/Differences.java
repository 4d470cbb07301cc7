// SPDX-License-Identifier: Apache-2.0
package dev.capstan.reference;

import static java.util.Map.entry;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Where the reference cases and this framework are known to part, each with its reason. */
final class Differences {
    private static final String ALPHA = "add, sub and addmm take no factors; users multiply";
    private static final String ROUNDING = "div has no rounding mode";
    private static final String DECIMALS = "round rounds to whole numbers";
    private static final String KEPT = "sizes are numbers; users give the input's own";
    private static final String CHOICE = "which element is the largest changes with no value a little";
    private static final String LINEAR = "a mean is linear";
    private static final String POWER = "pow takes a number as exponent";

    private Differences() {}

    /** Cases that use what this framework does not have. */
    static final Map<String, String> SKIPPED = Map.ofEntries(
            entry("add c7", ALPHA),
            entry("sub c7", ALPHA),
            entry("addmm c1", ALPHA),
            entry("div c5", ROUNDING),
            entry("div c7", ROUNDING),
            entry("div c9", ROUNDING),
            entry("div c11", ROUNDING),
            entry("pow c1", POWER),
            entry("pow c3", POWER),
            entry("pow c5", POWER),
            entry("pow c7", POWER),
            entry("pow c9", POWER),
            entry("pow c11", POWER),
            entry("pow c13", POWER),
            entry("pow c15", POWER),
            entry("pow c17", POWER),
            entry("round c5", DECIMALS),
            entry("round c7", DECIMALS),
            entry("round c9", DECIMALS),
            entry("squeeze c1", "squeeze takes one dimension"),
            entry("nn.functional.adaptive_avg_pool2d c3", KEPT),
            entry("nn.functional.adaptive_avg_pool2d c5", KEPT),
            entry(
                    "cat c7",
                    "cat takes no empty vector among matrices, which PyTorch keeps for the sake of old programs"),
            entry("nn.functional.mse_loss c3", "a loss is averaged or summed"));

    /** Tape nodes that are called otherwise, or are not there. */
    static final Map<String, Optional<String>> NODE_NAMES = nodeNames();

    private static Map<String, Optional<String>> nodeNames() {
        Map<String, Optional<String>> names = new HashMap<>();
        // a view is a view, however it was asked for
        put(
                names,
                "ViewBackward",
                "reshape c1",
                "reshape c3",
                "flatten c1",
                "flatten c5",
                "reshape_as c1",
                "reshape_as c3");
        // the operand itself, where the shape is the same already
        for (String id : new String[] {"reshape c5", "view c5", "expand_as c1", "broadcast_to c5"}) {
            names.put(id, Optional.empty());
        }
        // two bounds are two operators
        put(names, "ClampMaxBackward", "clamp c1", "clamp c3", "clamp c5", "clamp c7");
        put(names, "ClampMinBackward", "clamp c9");
        // made of several operators, of which this one is the last
        put(names, "GatherBackward", "max c1.0", "max c3.0", "max c19.0", "min c1.0", "min c3.0", "min c19.0");
        put(names, "SqueezeBackward", "max c11.0", "max c13.0", "max c15.0", "min c11.0", "min c13.0", "min c15.0");
        put(names, "MulBackward", "nn.functional.nll_loss c1");
        put(
                names,
                "DivBackward",
                "nn.functional.nll_loss c3",
                "nn.functional.cross_entropy c5",
                "nn.functional.cross_entropy c7",
                "nn.functional.cross_entropy c9",
                "nn.functional.cross_entropy c15");
        put(names, "SumBackward", "nn.functional.nll_loss c5", "nn.functional.nll_loss c7");
        // a product of stacks is decomposed in another way
        put(names, "ViewBackward", "matmul c3", "matmul c19", "matmul c23");
        put(names, "ViewBackward", "nn.functional.linear c5", "nn.functional.linear c7");
        put(names, "BmmBackward", "matmul c5", "matmul c15", "matmul c17");
        put(names, "SqueezeBackward", "matmul c7", "matmul c13");
        return names;
    }

    private static void put(Map<String, Optional<String>> names, String name, String... cases) {
        for (String id : cases) {
            names.put(id, Optional.of(name));
        }
    }

    /** Second gradients that are not there, because their rule knows that they are zero; PyTorch gives zeros. */
    static final Map<String, String> ZERO_SECOND_GRADIENTS = Map.of(
            "nn.functional.relu c1",
            "the slope of relu is 0 or 1 and depends on no value",
            "nn.functional.leaky_relu c1",
            "the slope is one of two numbers and depends on no value",
            "nn.functional.nll_loss c1",
            "the loss is a sum of logarithms",
            "nn.functional.max_pool1d c1",
            CHOICE,
            "nn.functional.max_pool2d c1.0",
            CHOICE,
            "nn.functional.avg_pool1d c1",
            LINEAR,
            "nn.functional.avg_pool2d c1",
            LINEAR,
            "nn.functional.adaptive_avg_pool1d c1",
            LINEAR,
            "nn.functional.adaptive_avg_pool2d c1",
            LINEAR);

    /** Cases in which PyTorch gives other infinities. */
    static final Map<String, String> INFINITIES = Map.of(
            "std c13", "the squares of numbers near the largest one overflow; PyTorch adds them in float64",
            "var c17", "the gradient of the estimate from a sample of one is 0 / 0; PyTorch makes it infinite",
            "log1p c1", "PyTorch's own logarithm of one more than the largest number is infinite");

    /**
     * Cases with operands so large that they are not computed accurately, and the largest magnitude that is. Angles are
     * reduced by multiples of pi/2 that float32 holds to 2^22.
     */
    static final Map<String, Double> ACCURATE_UP_TO = Map.of("sin c1", 0x1p21, "cos c3", 0x1p21);
}
