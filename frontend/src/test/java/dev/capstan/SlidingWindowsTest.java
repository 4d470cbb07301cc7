// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What the reference cases of convolutions and pools do not show: refusals, and what lies at the edge. */
class SlidingWindowsTest {
    private static final ConvolutionOptions SLIDING = ConvolutionOptions.standard();

    private static void refuses(String message, Executable call) {
        // the place of the call follows
        String said = assertThrows(CapstanException.class, call).getMessage();
        assertEquals(message, said.replaceFirst(" at SlidingWindowsTest\\..*", ""));
    }

    @Test
    void operandsThatDoNotFitAreRefused() {
        Tensor image = Tensor.zeros(1, 2, 4, 4);
        refuses(
                "conv2d: the weight is not of rank 4, or the input of that or one less: "
                        + "float32[2,4] and float32[1,2,3,3]",
                () -> F.conv2d(Tensor.zeros(2, 4), Tensor.zeros(1, 2, 3, 3), null, SLIDING));
        refuses(
                "convolution: the weight does not fit the input's channels in 1 groups: "
                        + "float32[1,2,4,4] and float32[1,3,3,3]",
                () -> F.conv2d(image, Tensor.zeros(1, 3, 3, 3), null, SLIDING));
        refuses(
                "convolution: the bias is not one element for each channel: float32[2] for 1",
                () -> F.conv2d(image, Tensor.zeros(1, 2, 3, 3), Tensor.zeros(2), SLIDING));
        refuses(
                "convolution: the window is longer than the padded input: 5 for 4 padded by 0",
                () -> F.conv2d(image, Tensor.zeros(1, 2, 3, 3), null, SLIDING.withDilation(2)));
        refuses(
                "conv2d: an option does not have an element for each dimension: [1, 1, 1] for 2",
                () -> F.conv2d(image, Tensor.zeros(1, 2, 3, 3), null, SLIDING.withStride(1, 1, 1)));
        refuses(
                "conv2d: a stride other than 1 cannot keep the size: [2, 2]",
                () -> F.conv2d(
                        image,
                        Tensor.zeros(1, 2, 3, 3),
                        null,
                        SLIDING.withStride(2).withSamePadding()));
        refuses(
                "maxPool: padding is more than half of the window: "
                        + "Window[size=3, step=3, padding=2, dilation=1, partial=false]",
                () -> F.maxPool2d(image, PoolingOptions.ofSize(3).withPadding(2)));
        refuses(
                "window: size, stride and dilation are at least 1, padding at least 0: "
                        + "size 0, stride 0, dilation 1, padding 0",
                () -> F.avgPool1d(Tensor.zeros(2, 4), PoolingOptions.ofSize(0)));
        refuses(
                "avgPool1d: the input is not of rank 2 or 3: float32[4]",
                () -> F.avgPool1d(Tensor.zeros(4), PoolingOptions.ofSize(2)));
        refuses("adaptiveAvgPool: sizes are not all at least 1: [0, 2]", () -> F.adaptiveAvgPool2d(image, 0, 2));
        refuses(
                "constantPad: more elements are taken away than there are: [-3, -2] for float32[1,2,4,4]",
                () -> F.pad(image, 0, -3, -2));
    }

    @Test
    void noExampleGivesNoResultAndGradientsOfZero() {
        Tensor weight = Tensor.randn(3, 2, 2, 2).requiresGrad(true);
        Tensor result = F.conv2d(Tensor.zeros(0, 2, 4, 5), weight, null, SLIDING);
        assertEquals(Shape.of(0, 3, 3, 4), result.shape());
        result.sum().backward();
        assertEquals(0, weight.grad().abs().sum().item());
    }

    @Test
    void theFirstOfEqualElementsReceivesTheGradient() {
        Tensor x = Tensor.of(new float[] {1, 3, 3, 3}, 1, 4).requiresGrad(true);
        F.maxPool1d(x, PoolingOptions.ofSize(3).withStride(1)).sum().backward();
        assertArrayEquals(new float[] {0, 2, 0, 0}, x.grad().toFloatArray());
    }

    @Test
    void aPaddedResultSharesNothingWithItsOperand() {
        Tensor x = Tensor.of(new float[] {1, 2, 3});
        Tensor shortened = F.pad(x, 0, -1, 0);
        x.fill_(7);
        assertArrayEquals(new float[] {2, 3}, shortened.toFloatArray());
    }
}
