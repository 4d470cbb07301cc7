// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import static dev.capstan.TapeAssertions.assertRule;
import static dev.capstan.TapeAssertions.leaf;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.type.DType;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@link Tensor#data()}: the elements without the tape, and without its checks. */
class DataTest {
    @Test
    void elementsAreSharedAndVersionsAreNot() {
        Tensor x = leaf(1, 2);
        Tensor data = x.data();
        assertFalse(data.requiresGrad());
        assertTrue(data.isLeaf());
        data.mul_(3);
        data.select(0, 1).zero_();
        assertArrayEquals(new float[] {3, 0}, x.toFloatArray());
        assertEquals(0, x.version());
        assertEquals(2, data.version());
        assertEquals(2, data.detach().version());
        assertEquals(0, x.data().version());
        try (GradMode.Scope off = GradMode.noGrad()) {
            x.add_(1);
        }
        assertEquals(1, x.version());
        assertEquals(2, data.version());
        assertArrayEquals(new float[] {4, 1}, data.toFloatArray());
    }

    @Test
    void whatTheTapeHasSavedMayChangeUnnoticed() {
        Tensor x = leaf(1, 2);
        Tensor y = x.mul(1);
        Tensor product = y.mul(y);
        y.data().copy_(Tensor.of(new float[] {5, 7}));
        product.sum().backward();
        assertArrayEquals(new float[] {10, 14}, x.grad().toFloatArray());
    }

    @Test
    void theSameWriteThroughADetachedTensorIsNoticed() {
        Tensor y = leaf(1, 2).mul(1);
        Tensor product = y.mul(y);
        y.detach().copy_(Tensor.of(new float[] {5, 7}));
        Tensor sum = product.sum();
        assertRule("a tensor needed for the gradient was modified in place", sum::backward);
    }

    @Test
    void whatTheTapeHasSavedOfTheDataIsChecked() {
        Tensor x = leaf(1, 2);
        Tensor data = x.data();
        Tensor product = data.mul(x);
        try (GradMode.Scope off = GradMode.noGrad()) {
            x.mul_(2);
        }
        Tensor other = data.mul(leaf(1, 1));
        other.sum().backward();
        data.add_(1);
        Tensor sum = product.sum();
        assertRule("a tensor needed for the gradient was modified in place", sum::backward);
    }

    @Test
    void arraysAndUpdatesAreWrittenUnnoticed() {
        Tensor x = leaf(1, 2);
        Tensor square = x.mul(x);
        Tensor data = x.data();
        ((float[]) data.writableValues().storage().array())[0] = 4;
        Update.of(DType.FLOAT32, 1, 1, operands -> List.of(operands.get(0).sub(operands.get(1))))
                .run(List.of(data), Update.numbers(1));
        assertEquals(2, data.version());
        square.sum().backward();
        assertArrayEquals(new float[] {6, 2}, x.grad().toFloatArray());
    }

    @Test
    void aNewStorageHasNothingToDoWithTheOld() {
        Tensor x = leaf(1, 2);
        Tensor data = x.data();
        data.add_(1);
        int version = data.version();
        data.setData(Tensor.ones(2));
        assertTrue(data.version() > version);
        data.add_(1);
        assertArrayEquals(new float[] {2, 3}, x.toFloatArray());
        assertEquals(0, x.version());
    }
}
