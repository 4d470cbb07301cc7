// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.type.CapstanException;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A compiled call made a second time, eagerly and on copies of its inputs, to compare the bits of everything that the
 * program gives and writes. Backward passes after the region are not compared.
 */
final class ShadowCheck {
    private final String region;
    private final Tensor[] inputs;
    private final Tensor[] copies;
    private final @Nullable Tensor[] made;

    /** Makes what is queued eagerly, before the program runs. */
    ShadowCheck(String region, Inputs inputs, List<Queued> queued, List<QueuedUpdate> updates, long sequence) {
        this.region = region;
        this.inputs = inputs.tensors();
        Map<Storage, Storage> storages = new IdentityHashMap<>();
        this.copies = new Tensor[this.inputs.length];
        try (GradMode.Scope direct = Region.suspend()) {
            Arrays.setAll(copies, i -> copy(this.inputs[i], storages));
            List<Queued> events = queued.stream().map(ShadowCheck::uncounted).toList();
            this.made = new Replay(events, Collections.nCopies(events.size(), null), copies, updates, sequence).run();
        }
    }

    private static Queued uncounted(Queued event) {
        return event instanceof Queued.Write write
                ? new Queued.Write(write.content(), write.value(), write.target(), write.recording(), null)
                : event;
    }

    /** A leaf of the same elements, which lie as the tensor's do; tensors that share storage have copies that share it. */
    private static Tensor copy(Tensor tensor, Map<Storage, Storage> storages) {
        NdArray array = tensor.values();
        Storage storage = storages.computeIfAbsent(array.storage(), ShadowCheck::copy);
        Tensor copy = Tensor.ofType(new NdArray(storage, array.layout()), tensor.type());
        return tensor.requiresGrad() ? copy.requiresGrad(true) : copy;
    }

    private static Storage copy(Storage storage) {
        int elements = storage.elements();
        Object array = Storage.newArray(storage.dtype(), elements);
        System.arraycopy(storage.array(), 0, array, 0, elements);
        return Storage.of(storage.dtype(), array);
    }

    /**
     * Compares with what the program has done.
     *
     * @param numbers of the values that the program gave
     */
    void compare(int[] numbers, NdArray[] outputs) {
        for (int i = 0; i < numbers.length; i++) {
            verify("value " + numbers[i], made[numbers[i]], new Tensor(outputs[i]));
        }
        for (int i = 0; i < inputs.length; i++) {
            verify("input " + i, copies[i], inputs[i]);
        }
    }

    private void verify(String what, Tensor expected, Tensor actual) {
        boolean floating = expected.dtype().isFloating();
        double[] wanted = expected.toDoubleArray();
        double[] given = actual.toDoubleArray();
        boolean same = expected.shape().equals(actual.shape()) && expected.dtype() == actual.dtype();
        for (int i = 0; same && i < wanted.length; i++) {
            if (Double.doubleToLongBits(wanted[i]) != Double.doubleToLongBits(given[i])) {
                throw fault(what + " element " + i + " is " + given[i] + ", eagerly " + wanted[i]);
            }
        }
        if (!same || !floating && !Arrays.equals(expected.toLongArray(), actual.toLongArray())) {
            throw fault(what + " is " + actual.type() + ", eagerly " + expected.type());
        }
    }

    private CapstanException fault(String difference) {
        return new CapstanException(
                region, "the compiled program and eager mode differ, which is a fault of Capstan", difference);
    }
}
