// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import java.util.Locale;
import java.util.function.DoubleFunction;

/** Tensors as text in PyTorch's manner: nested brackets, four decimals, long dimensions shortened. */
final class TensorFormat {
    private static final int SHORTENED_ABOVE = 1000;
    private static final int SHOWN_AT_ENDS = 3;
    private static final int LINE_WIDTH = 80;
    private static final String PREFIX = "tensor(";

    private final Shape shape;
    private final double[] elements;
    private final boolean shortened;
    private final DoubleFunction<String> number;
    private final int width;

    private TensorFormat(Tensor tensor) {
        shape = tensor.shape();
        elements = tensor.toDoubleArray();
        shortened = elements.length > SHORTENED_ABOVE;
        number = numberFormat(tensor.dtype());
        int widest = 0;
        for (double element : elements) {
            widest = Math.max(widest, number.apply(element).length());
        }
        width = shape.rank() == 0 ? 0 : widest;
    }

    static String format(Tensor tensor) {
        StringBuilder text = new StringBuilder(PREFIX);
        TensorFormat format = new TensorFormat(tensor);
        if (tensor.numel() == 0) {
            text.append("[]");
            if (tensor.dim() != 1) {
                text.append(", size=").append(tensor.shape());
            }
        } else {
            format.append(text, 0, 0);
        }
        if (tensor.dtype() != DType.FLOAT32 && tensor.dtype() != DType.INT64 && tensor.dtype() != DType.BOOL) {
            text.append(", dtype=").append(tensor.dtype());
        }
        if (tensor.requiresGrad()) {
            text.append(tensor.gradFn() == null ? ", requiresGrad=true" : ", gradFn=<" + tensor.gradFn() + ">");
        }
        return text.append(')').toString();
    }

    private DoubleFunction<String> numberFormat(DType dtype) {
        if (dtype == DType.BOOL) {
            return element -> element != 0 ? "true" : "false";
        }
        if (!dtype.isFloating()) {
            return element -> Long.toString((long) element);
        }
        double largest = 0;
        double smallest = Double.POSITIVE_INFINITY;
        boolean whole = true;
        for (double element : elements) {
            if (Double.isFinite(element)) {
                largest = Math.max(largest, Math.abs(element));
                smallest = element == 0 ? smallest : Math.min(smallest, Math.abs(element));
                whole &= element == Math.rint(element);
            }
        }
        boolean scientific = largest >= 1e8 || smallest < 1e-4 || largest / smallest > 1e3 && !whole;
        String pattern = scientific ? "%.4e" : whole ? "%.0f." : "%.4f";
        return element -> Double.isFinite(element)
                ? String.format(Locale.ROOT, pattern, element)
                : Double.isNaN(element) ? "nan" : element > 0 ? "inf" : "-inf";
    }

    private void append(StringBuilder text, int dimension, int start) {
        if (dimension == shape.rank()) {
            text.append(String.format("%" + (width == 0 ? "" : width) + "s", number.apply(elements[start])));
            return;
        }
        int size = shape.size(dimension);
        int step = 1;
        for (int i = dimension + 1; i < shape.rank(); i++) {
            step *= shape.size(i);
        }
        boolean innermost = dimension == shape.rank() - 1;
        String indent = " ".repeat(PREFIX.length() + dimension + 1);
        int perLine = Math.max(1, (LINE_WIDTH - indent.length()) / (width + 2));
        text.append('[');
        for (int i = 0; i < size; i++) {
            if (i > 0) {
                text.append(',');
                boolean wraps = innermost && i % perLine == 0;
                text.append(innermost && !wraps ? " " : "\n".repeat(innermost ? 1 : shape.rank() - dimension - 1));
                text.append(innermost && !wraps ? "" : indent);
            }
            if (shortened && size > 2 * SHOWN_AT_ENDS && i == SHOWN_AT_ENDS) {
                text.append("...");
                i = size - SHOWN_AT_ENDS - 1;
            } else {
                append(text, dimension + 1, start + i * step);
            }
        }
        text.append(']');
    }
}
