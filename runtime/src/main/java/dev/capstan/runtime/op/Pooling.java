// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** What the operators have in common that put one element in the place of each that a window shows. */
final class Pooling {
    private Pooling() {}

    /** Refuses what windows cannot slide along, and a padding of which a window might see nothing else. */
    static void verify(Operator operator, List<Window> windows, TensorType operand) {
        if (windows.isEmpty() || operand.shape().rank() < windows.size()) {
            throw new CapstanException(
                    operator.name(), "the input does not have " + windows.size() + " dimensions", operand.toString());
        }
        for (Window window : windows) {
            if (2 * window.padding() > window.size()) {
                throw new CapstanException(
                        operator.name(), "padding is more than half of the window", window.toString());
            }
        }
        Window.positions(operator.name(), operand.shape(), windows);
    }

    /** The shape of what windows show at these positions. */
    static Shape shown(Shape positions, List<Window> windows) {
        int[] sizes = Arrays.copyOf(positions.sizes(), positions.rank() + windows.size());
        for (int i = 0; i < windows.size(); i++) {
            sizes[positions.rank() + i] = windows.get(i).size();
        }
        return Shape.of(sizes);
    }

    /** The same with one dimension for all windows. */
    static Shape row(Shape shown, List<Window> windows) {
        int[] sizes = Arrays.copyOf(shown.sizes(), shown.rank() - windows.size() + 1);
        sizes[sizes.length - 1] = elements(windows);
        return Shape.of(sizes);
    }

    /** How many elements windows show together. */
    static int elements(List<Window> windows) {
        return windows.stream().mapToInt(Window::size).reduce(1, Math::multiplyExact);
    }

    /** The last dimensions. */
    static List<Integer> last(int dimensions) {
        return IntStream.rangeClosed(-dimensions, -1).boxed().toList();
    }
}
