// SPDX-License-Identifier: Apache-2.0
package dev.capstan.reference;

import dev.capstan.ConvolutionOptions;
import dev.capstan.F;
import dev.capstan.LossOptions;
import dev.capstan.PoolingOptions;
import dev.capstan.Tensor;
import dev.capstan.ValuesAndIndices;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** PyTorch's operators by name as calls of ours. */
final class OperatorCalls {
    private static final Map<String, Function<Arguments, Tensor>> CALLS = new HashMap<>();

    private OperatorCalls() {}

    static Set<String> operators() {
        return CALLS.keySet();
    }

    /**
     * The result of a call.
     *
     * @throws Arguments.Unsupported if our method does not take all of the arguments
     */
    static Tensor call(String operator, Arguments arguments) {
        arguments.refuse("out");
        Tensor result = CALLS.get(operator).apply(arguments);
        arguments.finish();
        return result;
    }

    private static void unary(String operator, Function<Tensor, Tensor> call) {
        CALLS.put(operator, a -> call.apply(a.tensor(0)));
    }

    private static void binary(
            String operator, BiFunction<Tensor, Tensor, Tensor> call, BiFunction<Tensor, Number, Tensor> withNumber) {
        CALLS.put(operator, a -> {
            Tensor left = a.tensor(0);
            return a.isTensor(1, "other")
                    ? call.apply(left, a.tensor(1, "other"))
                    : withNumber.apply(left, a.number(1, "other"));
        });
    }

    private static void binary(String operator, BiFunction<Tensor, Tensor, Tensor> call) {
        CALLS.put(operator, a -> call.apply(a.tensor(0), a.tensor(1)));
    }

    static {
        unary("neg", Tensor::neg);
        unary("abs", Tensor::abs);
        unary("sign", Tensor::sign);
        unary("sqrt", Tensor::sqrt);
        unary("exp", Tensor::exp);
        unary("log", Tensor::log);
        unary("sin", Tensor::sin);
        unary("cos", Tensor::cos);
        unary("tanh", Tensor::tanh);
        unary("sigmoid", Tensor::sigmoid);
        unary("square", Tensor::square);
        unary("nn.functional.relu", F::relu);
        unary("relu", Tensor::relu);
        unary("t", Tensor::t);
        unary("clone", Tensor::copy);
        unary("contiguous", Tensor::contiguous);
        unary("zeros_like", Tensor::zerosLike);
        unary("ones_like", Tensor::onesLike);
        for (String operator : new String[] {"zeros_like", "ones_like"}) {
            CALLS.compute(operator, (name, call) -> a -> call.apply(a.without("dtype", "device")));
        }
        unary("float", x -> x.to(DType.FLOAT32));
        unary("double", x -> x.to(DType.FLOAT64));
        unary("long", x -> x.to(DType.INT64));
        unary("int", x -> x.to(DType.INT32));
        unary("bool", x -> x.to(DType.BOOL));

        binary("add", Tensor::add, Tensor::add);
        binary("sub", Tensor::sub, Tensor::sub);
        binary("mul", Tensor::mul, Tensor::mul);
        binary("div", Tensor::div, Tensor::div);
        binary("true_divide", Tensor::div, Tensor::div);
        binary("eq", Tensor::eq, Tensor::eq);
        binary("ne", Tensor::ne, Tensor::ne);
        binary("lt", Tensor::lt, Tensor::lt);
        binary("le", Tensor::le, Tensor::le);
        binary("gt", Tensor::gt, Tensor::gt);
        binary("ge", Tensor::ge, Tensor::ge);
        binary("clamp_min", Tensor::clampMin, Tensor::clampMin);
        binary("clamp_max", Tensor::clampMax, Tensor::clampMax);
        binary("maximum", Tensor::maximum);
        binary("minimum", Tensor::minimum);
        binary("mm", Tensor::mm);
        binary("matmul", Tensor::matmul);
        binary("expand_as", (x, other) -> x.expand(other.shape().sizes()));
        binary("view_as", (x, other) -> x.reshape(other.shape().sizes()));
        binary("reshape_as", (x, other) -> x.reshape(other.shape().sizes()));

        CALLS.put("pow", a -> a.tensor(0).pow(a.number(1, "exponent").doubleValue()));
        CALLS.put("clamp", OperatorCalls::clamp);
        // the cases of types have the condition first, the operator's own have it second
        CALLS.put(
                "where",
                a -> a.tensor(0).dtype() == DType.BOOL
                        ? a.tensor(1).where(a.tensor(0), a.tensor(2))
                        : a.tensor(0).where(a.tensor(1), a.tensor(2)));
        CALLS.put(
                "sum",
                a -> a.has(1, "dim")
                        ? a.tensor(0).sum(a.truth(2, "keepdim"), a.integers(1, "dim"))
                        : a.tensor(0).sum());
        CALLS.put(
                "mean",
                a -> a.has(1, "dim")
                        ? a.tensor(0).mean(a.truth(2, "keepdim"), a.integers(1, "dim"))
                        : a.tensor(0).mean());
        along("amax", "dim", Tensor::amax);
        along("amin", "dim", Tensor::amin);
        CALLS.put("logsumexp", a -> a.tensor(0).logSumExp(a.truth(2, "keepdim"), a.integers(1, "dim")));
        CALLS.put("softmax", a -> converted(a).softmax(a.integer(1, "dim")));
        CALLS.put("log_softmax", a -> converted(a).logSoftmax(a.integer(1, "dim")));
        CALLS.put("max", a -> extreme(a, Tensor::max, Tensor::max, Tensor::maximum));
        CALLS.put("min", a -> extreme(a, Tensor::min, Tensor::min, Tensor::minimum));
        CALLS.put("argmax", a -> place(a, Tensor::argmax, Tensor::argmax));
        CALLS.put("argmin", a -> place(a, Tensor::argmin, Tensor::argmin));
        CALLS.put("index_select", a -> a.tensor(0).indexSelect(a.integer(1, "dim"), a.tensor(2)));
        CALLS.put("gather", a -> a.tensor(0).gather(a.integer(1, "dim"), a.tensor(2)));
        CALLS.put("scatter_add", a -> a.tensor(0).scatterAdd(a.integer(1, "dim"), a.tensor(2), a.tensor(3)));
        CALLS.put(
                "index_add",
                a -> a.tensor(0)
                        .indexAdd(a.integer(1, "dim"), a.tensor(2), a.tensor(3).mul(a.number(4, "alpha"))));
        CALLS.put("nn.functional.embedding", a -> F.embedding(a.tensor(1), a.tensor(0)));
        CALLS.put("nn.functional.one_hot", a -> F.oneHot(a.tensor(0), a.integer(1, "num_classes")));
        CALLS.put("nn.functional.nll_loss", a -> F.nllLoss(a.tensor(0), a.tensor(1), loss(a)));
        CALLS.put("nn.functional.cross_entropy", a -> F.crossEntropy(a.tensor(0), a.tensor(1), loss(a)));
        unary("erf", Tensor::erf);
        unary("rsqrt", Tensor::rsqrt);
        unary("reciprocal", Tensor::reciprocal);
        unary("log1p", Tensor::log1p);
        unary("expm1", Tensor::expm1);
        unary("floor", Tensor::floor);
        unary("ceil", Tensor::ceil);
        CALLS.put("round", a -> a.usual("decimals", 0).tensor(0).round());
        unary("trunc", Tensor::trunc);
        unary("isnan", Tensor::isnan);
        unary("isinf", Tensor::isinf);
        unary("isfinite", Tensor::isfinite);
        unary("logical_not", Tensor::logicalNot);
        binary("logical_and", Tensor::logicalAnd);
        binary("logical_or", Tensor::logicalOr);
        binary("logical_xor", Tensor::logicalXor);
        unary("nn.functional.silu", F::silu);
        unary("nn.functional.leaky_relu", x -> F.leakyRelu(x, 0.01));
        unary("nn.functional.elu", x -> F.elu(x, 1));
        CALLS.put(
                "nn.functional.softplus",
                a -> a.has(1, "beta")
                        ? F.softplus(
                                a.tensor(0),
                                a.number(1, "beta").doubleValue(),
                                a.number(2, "threshold").doubleValue())
                        : F.softplus(a.tensor(0)));
        CALLS.put(
                "nn.functional.gelu",
                a -> F.gelu(
                        a.tensor(0),
                        a.has(1, "approximate") && a.text(1, "approximate").equals("tanh")));
        CALLS.put(
                "nn.functional.layer_norm",
                a -> F.layerNorm(
                        a.tensor(0),
                        Shape.of(a.integers(1, "normalized_shape")),
                        a.has(2, "weight") ? a.tensor(2, "weight") : null,
                        a.has(3, "bias") ? a.tensor(3, "bias") : null,
                        a.has(4, "eps") ? a.number(4, "eps").doubleValue() : 1e-5));
        CALLS.put(
                "nn.functional._scaled_dot_product_attention",
                a -> F.scaledDotProductAttention(
                        a.usual("need_attn_weights", false)
                                .usual("dropout_p", 0.0)
                                .without("part")
                                .tensor(0),
                        a.tensor(1),
                        a.tensor(2),
                        a.truth(9, "is_causal")));
        CALLS.put("cumsum", a -> converted(a).cumsum(a.integer(1, "dim")));
        deviation("var", Tensor::var);
        deviation("std", Tensor::std);
        CALLS.put("tril", a -> a.tensor(0).tril(a.has(1, "diagonal") ? a.integer(1, "diagonal") : 0));
        CALLS.put("triu", a -> a.tensor(0).triu(a.has(1, "diagonal") ? a.integer(1, "diagonal") : 0));
        CALLS.put(
                "masked_fill",
                a -> a.isTensor(2, "value")
                        ? a.tensor(0).maskedFill(a.tensor(1), a.tensor(2))
                        : a.tensor(0).maskedFill(a.tensor(1), a.number(2, "value")));
        CALLS.put("addmm", a -> a.usual("alpha", 1).usual("beta", 1).tensor(0).addmm(a.tensor(1), a.tensor(2)));

        CALLS.put("transpose", a -> a.tensor(0).transpose(a.integer(1, "dim0"), a.integer(2, "dim1")));
        CALLS.put("permute", a -> a.tensor(0).permute(a.integers(1, "dims")));
        CALLS.put("select", a -> a.tensor(0).select(a.integer(1, "dim"), a.integer(2, "index")));
        CALLS.put(
                "narrow", a -> a.tensor(0).narrow(a.integer(1, "dim"), a.integer(2, "start"), a.integer(3, "length")));
        for (String operator : new String[] {"reshape", "view"}) {
            CALLS.put(operator, a -> a.tensor(0).reshape(a.integers(1, "shape")));
        }
        for (String operator : new String[] {"expand", "broadcast_to"}) {
            CALLS.put(operator, a -> a.tensor(0).expand(a.integers(1, "size")));
        }
        CALLS.put(
                "flatten",
                a -> a.tensor(0)
                        .flatten(
                                a.has(1, "start_dim") ? a.integer(1, "start_dim") : 0,
                                a.has(2, "end_dim") ? a.integer(2, "end_dim") : -1));
        CALLS.put("unsqueeze", a -> a.tensor(0).unsqueeze(a.integer(1, "dim")));
        CALLS.put("squeeze", a -> a.tensor(0).squeeze(a.integer(1, "dim")));
        CALLS.put("cat", a -> Tensor.cat(a.tensors(0), a.has(1, "dim") ? a.integer(1, "dim") : 0));
        CALLS.put("stack", a -> Tensor.stack(a.tensors(0), a.has(1, "dim") ? a.integer(1, "dim") : 0));

        CALLS.put(
                "nn.functional.linear",
                a -> F.linear(a.tensor(0), a.tensor(1), a.has(2, "bias") ? a.tensor(2, "bias") : null));
        CALLS.put(
                "nn.functional.mse_loss",
                a -> F.mseLoss(a.usual("reduction", "mean").tensor(0), a.tensor(1)));

        CALLS.put(
                "constant_pad_nd", a -> F.pad(a.tensor(0), a.number(2, "value").doubleValue(), a.integers(1, "pad")));
        CALLS.put("nn.functional.conv1d", a -> convolution(a, F::conv1d));
        CALLS.put("nn.functional.conv2d", a -> convolution(a, F::conv2d));
        CALLS.put("nn.functional.max_pool1d", a -> F.maxPool1d(a.tensor(0), maximum(a)));
        CALLS.put("nn.functional.max_pool2d", a -> {
            if (!a.has(9, "part")) {
                return F.maxPool2d(a.tensor(0), maximum(a));
            }
            ValuesAndIndices chosen = F.maxPool2dWithIndices(a.tensor(0), maximum(a));
            return a.integer(9, "part") == 1 ? chosen.indices() : chosen.values();
        });
        CALLS.put("nn.functional.avg_pool1d", a -> F.avgPool1d(a.tensor(0), mean(a)));
        CALLS.put("nn.functional.avg_pool2d", a -> F.avgPool2d(a.tensor(0), mean(a)));
        CALLS.put(
                "nn.functional.adaptive_avg_pool1d",
                a -> F.adaptiveAvgPool1d(a.tensor(0), a.integers(1, "output_size")[0]));
        CALLS.put("nn.functional.adaptive_avg_pool2d", a -> {
            int[] sizes = a.integers(1, "output_size");
            return F.adaptiveAvgPool2d(a.tensor(0), sizes[0], sizes[sizes.length - 1]);
        });

        CALLS.put("zeros", a -> Tensor.zeros(a.without("device").dtype("dtype"), a.integers(0, "size")));
        CALLS.put("ones", a -> Tensor.full(a.without("device").dtype("dtype"), 1, a.integers(0, "size")));
        CALLS.put("full_like", a -> {
            Tensor like = a.without("dtype", "device").tensor(0);
            return Tensor.full(
                    like.dtype(),
                    a.number(1, "fill_value").doubleValue(),
                    like.shape().sizes());
        });
    }

    /** An operator of several dimensions, all if none is given, that may stay. */
    private static void along(String operator, String keyword, Along call) {
        CALLS.put(
                operator,
                a -> call.apply(
                        a.tensor(0), a.truth(2, "keepdim"), a.has(1, keyword) ? a.integers(1, keyword) : new int[0]));
    }

    private interface Along {
        Tensor apply(Tensor operand, boolean keepDimensions, int... dimensions);
    }

    private interface Extreme {
        ValuesAndIndices of(Tensor operand, boolean keepDimension, int dimension);
    }

    /** The extreme of all elements, of those along a dimension, or of pairs. */
    private static Tensor extreme(Arguments a, UnaryOperator<Tensor> all, Extreme along, BinaryOperator<Tensor> pairs) {
        if (a.isTensor(1, "other")) {
            return pairs.apply(a.tensor(0), a.tensor(1, "other"));
        }
        if (!a.has(1, "dim")) {
            return all.apply(a.tensor(0));
        }
        ValuesAndIndices chosen = along.of(a.tensor(0), a.truth(2, "keepdim"), a.integer(1, "dim"));
        return a.has(3, "part") && a.integer(3, "part") == 1 ? chosen.indices() : chosen.values();
    }

    private interface Place {
        Tensor of(Tensor operand, boolean keepDimension, int dimension);
    }

    private static Tensor place(Arguments a, UnaryOperator<Tensor> all, Place along) {
        return a.has(1, "dim")
                ? along.of(a.tensor(0), a.truth(2, "keepdim"), a.integer(1, "dim"))
                : all.apply(a.tensor(0));
    }

    private static LossOptions loss(Arguments a) {
        LossOptions options = LossOptions.standard();
        if (a.has(9, "weight")) {
            options = options.withWeight(a.tensor(9, "weight"));
        }
        if (a.has(9, "ignore_index")) {
            options = options.withIgnoreIndex(a.integer(9, "ignore_index"));
        }
        if (a.has(9, "label_smoothing")) {
            options = options.withLabelSmoothing(a.number(9, "label_smoothing").doubleValue());
        }
        return a.has(9, "reduction")
                ? options.withReduction(
                        F.Reduction.valueOf(a.text(9, "reduction").toUpperCase(Locale.ROOT)))
                : options;
    }

    private interface Convolving {
        Tensor of(Tensor input, Tensor weight, @Nullable Tensor bias, ConvolutionOptions options);
    }

    private static Tensor convolution(Arguments a, Convolving call) {
        ConvolutionOptions options = ConvolutionOptions.standard();
        if (a.has(3, "stride")) {
            options = options.withStride(a.integers(3, "stride"));
        }
        if (a.isText("padding")) {
            options = a.text(4, "padding").equals("same") ? options.withSamePadding() : options;
        } else if (a.has(4, "padding")) {
            options = options.withPadding(a.integers(4, "padding"));
        }
        if (a.has(5, "dilation")) {
            options = options.withDilation(a.integers(5, "dilation"));
        }
        if (a.has(6, "groups")) {
            options = options.withGroups(a.integer(6, "groups"));
        }
        return call.of(a.tensor(0), a.tensor(1), a.has(2, "bias") ? a.tensor(2, "bias") : null, options);
    }

    private static PoolingOptions maximum(Arguments a) {
        PoolingOptions options = pooling(a.without("return_indices"));
        if (a.has(4, "dilation")) {
            options = options.withDilation(a.integers(4, "dilation"));
        }
        return options.withCeil(a.truth(5, "ceil_mode"));
    }

    private static PoolingOptions mean(Arguments a) {
        PoolingOptions options = pooling(a).withCeil(a.truth(4, "ceil_mode"));
        if (a.has(5, "count_include_pad")) {
            options = options.withCountsPadding(a.truth(5, "count_include_pad"));
        }
        return a.has(6, "divisor_override") ? options.withDivisor(a.integer(6, "divisor_override")) : options;
    }

    private static PoolingOptions pooling(Arguments a) {
        PoolingOptions options = PoolingOptions.ofSize(a.integers(1, "kernel_size"));
        if (a.has(2, "stride")) {
            options = options.withStride(a.integers(2, "stride"));
        }
        return a.has(3, "padding") ? options.withPadding(a.integers(3, "padding")) : options;
    }

    private interface Deviation {
        Tensor of(Tensor operand, int correction, boolean keepDimensions, int... dimensions);
    }

    private static void deviation(String operator, Deviation call) {
        CALLS.put(operator, a -> {
            int correction = a.has(9, "correction") ? a.integer(9, "correction") : 1;
            if (a.has(9, "unbiased")) {
                correction = a.truth(9, "unbiased") ? 1 : 0;
            }
            int[] dimensions = a.has(1, "dim") ? a.integers(1, "dim") : new int[0];
            return call.of(a.tensor(0), correction, a.truth(9, "keepdim"), dimensions);
        });
    }

    /** The first operand in the type that the result shall have. */
    private static Tensor converted(Arguments a) {
        return a.has(2, "dtype") ? a.tensor(0).to(a.dtype("dtype")) : a.tensor(0);
    }

    private static Tensor clamp(Arguments a) {
        Tensor result = a.tensor(0);
        if (a.has(1, "min") && a.has(2, "max") && !a.isTensor(1, "min")) {
            return result.clamp(a.number(1, "min"), a.number(2, "max"));
        }
        if (a.has(1, "min")) {
            result = result.clampMin(a.tensor(1, "min"));
        }
        return a.has(2, "max") ? result.clampMax(a.tensor(2, "max")) : result;
    }
}
