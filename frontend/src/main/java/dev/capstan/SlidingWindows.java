// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.op.AdaptiveAvgPool;
import dev.capstan.runtime.op.AvgPool;
import dev.capstan.runtime.op.Convolution;
import dev.capstan.runtime.op.MaxPool;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.op.Window;
import dev.capstan.runtime.type.CapstanException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What users say of windows that slide along sequences and images, in terms of the operators. */
final class SlidingWindows {
    private SlidingWindows() {}

    static Tensor convolution(
            String name,
            int dimensions,
            Tensor input,
            Tensor weight,
            @Nullable Tensor bias,
            ConvolutionOptions options) {
        if (input.dim() == dimensions + 1) {
            return convolution(name, dimensions, input.unsqueeze(0), weight, bias, options)
                    .squeeze(0);
        }
        if (input.dim() != dimensions + 2 || weight.dim() != dimensions + 2) {
            throw new CapstanException(
                    name,
                    "the weight is not of rank " + (dimensions + 2) + ", or the input of that or one less",
                    input.type() + " and " + weight.type());
        }
        List<Integer> stride = ConvolutionOptions.each(name, options.stride(), dimensions);
        List<Integer> dilation = ConvolutionOptions.each(name, options.dilation(), dimensions);
        List<Integer> padding = ConvolutionOptions.each(name, options.padding(), dimensions);
        Tensor padded = input;
        if (options.samePadding()) {
            if (stride.stream().anyMatch(step -> step != 1)) {
                throw new CapstanException(name, "a stride other than 1 cannot keep the size", stride.toString());
            }
            padding = new ArrayList<>();
            int[] more = new int[2 * dimensions];
            for (int i = 0; i < dimensions; i++) {
                int both = dilation.get(i) * (weight.size(2 + i) - 1);
                padding.add(both / 2);
                more[2 * (dimensions - 1 - i) + 1] = both % 2;
            }
            padded = ConvolutionOptions.list(more).stream().anyMatch(amount -> amount > 0)
                    ? F.pad(input, 0, more)
                    : input;
        }
        Operator operator = new Convolution(stride, padding, dilation, options.groups());
        return bias == null
                ? TensorOps.INSTANCE.apply(operator, padded, weight)
                : TensorOps.INSTANCE.apply(operator, padded, weight, bias);
    }

    static Tensor maxPool(String name, int dimensions, Tensor input, PoolingOptions options) {
        verify(name, dimensions, input);
        return pool(input, new MaxPool(image(options.windows(name, dimensions))), dimensions);
    }

    static Tensor avgPool(String name, int dimensions, Tensor input, PoolingOptions options) {
        verify(name, dimensions, input);
        List<Window> windows = image(options.windows(name, dimensions));
        if (windows.stream().anyMatch(window -> window.dilation() != 1)) {
            throw new CapstanException(name, "there is no dilation", windows.toString());
        }
        return pool(input, new AvgPool(windows, options.countsPadding(), options.divisor()), dimensions);
    }

    static Tensor adaptiveAvgPool(String name, Tensor input, int... sizes) {
        verify(name, sizes.length, input);
        List<Integer> parts = new ArrayList<>(ConvolutionOptions.list(sizes));
        if (sizes.length == 1) {
            parts.add(0, 1);
        }
        return pool(input, new AdaptiveAvgPool(parts), sizes.length);
    }

    private static void verify(String name, int dimensions, Tensor input) {
        if (input.dim() != dimensions + 1 && input.dim() != dimensions + 2) {
            throw new CapstanException(
                    name,
                    "the input is not of rank " + (dimensions + 1) + " or " + (dimensions + 2),
                    input.type().toString());
        }
    }

    /** A sequence is an image of one row, as it is for PyTorch. */
    private static List<Window> image(List<Window> windows) {
        return windows.size() == 2 ? windows : List.of(new Window(1, 1, 0, 1, false), windows.get(0));
    }

    private static Tensor pool(Tensor input, Operator operator, int dimensions) {
        return dimensions == 2
                ? TensorOps.INSTANCE.apply(operator, input)
                : TensorOps.INSTANCE.apply(operator, input.unsqueeze(-2)).squeeze(-2);
    }

    static Tensor maxPoolIndices(Tensor input, PoolingOptions options) {
        List<Window> windows = options.windows("maxPool2d", 2);
        try (GradMode.Scope unrecorded = GradMode.noGrad()) {
            Tensor chosen = MaxPool.chosen(TensorOps.INSTANCE, input, windows);
            return MaxPool.places(TensorOps.INSTANCE, windows, input.size(-2), input.size(-1), chosen);
        }
    }
}
