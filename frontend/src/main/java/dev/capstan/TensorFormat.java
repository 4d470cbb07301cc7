// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Tensors as text in PyTorch's manner: nested brackets, four decimals, the middle of large tensors left out.
 *
 * <p>Source: PyTorch, {@code torch/_tensor_str.py}.
 */
final class TensorFormat {
    private static final int SHORTENED_ABOVE = 1000;
    private static final int SHOWN_AT_ENDS = 3;
    private static final int LINE_WIDTH = 80;
    private static final String PREFIX = "tensor(";

    private final Shape shape;
    private final DType dtype;
    private final double[] elements;
    private final long[] integers;
    private final boolean shortened;
    private final String pattern;
    private final int width;

    private TensorFormat(Tensor tensor) {
        shape = tensor.shape();
        dtype = tensor.dtype();
        elements = tensor.toDoubleArray();
        integers = dtype.isFloating() ? new long[0] : tensor.toLongArray();
        shortened = elements.length > SHORTENED_ABOVE;
        List<Integer> shown = new ArrayList<>();
        collectShown(0, 0, shown);
        pattern = dtype.isFloating() ? pattern(shown) : "";
        int widest = 1;
        for (int element : shown) {
            // numbers that are not finite do not count, so that they stand out of a column
            boolean counts = !dtype.isFloating() || Double.isFinite(elements[element]) && elements[element] != 0;
            widest = Math.max(widest, counts ? text(element).length() : 1);
        }
        width = shape.rank() == 0 ? 0 : widest;
    }

    static String format(Tensor tensor) {
        StringBuilder text = new StringBuilder(PREFIX);
        List<String> suffixes = new ArrayList<>();
        if (tensor.numel() == 0) {
            text.append("[]");
            if (tensor.dim() != 1) {
                suffixes.add("size=" + tensor.shape());
            }
        } else {
            new TensorFormat(tensor).append(text, 0, 0);
        }
        boolean evident = tensor.numel() > 0 && (tensor.dtype() == DType.INT64 || tensor.dtype() == DType.BOOL);
        if (tensor.dtype() != DType.FLOAT32 && !evident) {
            suffixes.add("dtype=" + tensor.dtype());
        }
        if (tensor.requiresGrad()) {
            suffixes.add(tensor.gradFn() == null ? "requiresGrad=true" : "gradFn=<" + tensor.gradFn() + ">");
        }
        return end(text, suffixes);
    }

    private static String end(StringBuilder text, List<String> suffixes) {
        int lastLine = text.length() - text.lastIndexOf("\n") + 1;
        for (String suffix : suffixes) {
            boolean fits = lastLine + suffix.length() + 2 <= LINE_WIDTH;
            text.append(fits ? ", " : ",\n" + " ".repeat(PREFIX.length())).append(suffix);
            lastLine = (fits ? lastLine + 2 : PREFIX.length()) + suffix.length();
        }
        return text.append(')').toString();
    }

    private String pattern(List<Integer> shown) {
        double largest = 0;
        double smallest = Double.POSITIVE_INFINITY;
        boolean whole = true;
        for (int at : shown) {
            double element = elements[at];
            if (Double.isFinite(element) && element != 0) {
                largest = Math.max(largest, Math.abs(element));
                smallest = Math.min(smallest, Math.abs(element));
                whole &= element == Math.rint(element);
            }
        }
        boolean scientific = largest / smallest > 1e3 || largest > 1e8 || smallest < 1e-4;
        return scientific ? "%.4e" : whole ? "%.0f." : "%.4f";
    }

    private String text(int at) {
        if (dtype == DType.BOOL) {
            return integers[at] != 0 ? "true" : "false";
        }
        if (!dtype.isFloating()) {
            return Long.toString(integers[at]);
        }
        double element = elements[at];
        return Double.isFinite(element)
                ? String.format(Locale.ROOT, pattern, element)
                : Double.isNaN(element) ? "nan" : element > 0 ? "inf" : "-inf";
    }

    private int step(int dimension) {
        int step = 1;
        for (int i = dimension + 1; i < shape.rank(); i++) {
            step *= shape.size(i);
        }
        return step;
    }

    private boolean skipsAfter(int dimension, int index) {
        return shortened && shape.size(dimension) > 2 * SHOWN_AT_ENDS && index == SHOWN_AT_ENDS - 1;
    }

    private int next(int dimension, int index) {
        return skipsAfter(dimension, index) ? shape.size(dimension) - SHOWN_AT_ENDS : index + 1;
    }

    private void collectShown(int dimension, int start, List<Integer> shown) {
        if (dimension == shape.rank()) {
            shown.add(start);
            return;
        }
        for (int i = 0; i < shape.size(dimension); i = next(dimension, i)) {
            collectShown(dimension + 1, start + i * step(dimension), shown);
        }
    }

    private void append(StringBuilder text, int dimension, int start) {
        if (dimension == shape.rank()) {
            String element = text(start);
            text.append(" ".repeat(Math.max(0, width - element.length()))).append(element);
            return;
        }
        boolean innermost = dimension == shape.rank() - 1;
        int indent = PREFIX.length() + dimension;
        int perLine = Math.max(1, (LINE_WIDTH - indent) / (width + 2));
        String line = "\n".repeat(innermost ? 1 : shape.rank() - dimension - 1) + " ".repeat(indent + 1);
        text.append('[');
        int entries = 0;
        for (int i = 0; i < shape.size(dimension); i = next(dimension, i)) {
            separate(text, entries++, innermost, perLine, line);
            append(text, dimension + 1, start + i * step(dimension));
            if (skipsAfter(dimension, i)) {
                separate(text, entries++, innermost, perLine, line);
                text.append(innermost ? " ..." : "...");
            }
        }
        text.append(']');
    }

    private static void separate(StringBuilder text, int entries, boolean innermost, int perLine, String line) {
        if (entries > 0) {
            text.append(',').append(innermost && entries % perLine != 0 ? " " : line);
        }
    }
}
