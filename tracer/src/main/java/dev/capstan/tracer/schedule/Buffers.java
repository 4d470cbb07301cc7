// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.type.DType;
import dev.capstan.tracer.schedule.Schedule.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The pieces of memory of a schedule in the making. Until {@link MemoryPlan} has decided in which slot each lies, a
 * place's slot is the number of a buffer.
 */
final class Buffers {
    /** The index of a buffer that is not an array of its own but gets a part of one. */
    static final int PART = -1;

    private final List<Buffer> buffers = new ArrayList<>();
    private final Map<List<Object>, Integer> external = new HashMap<>();

    /**
     * One piece of memory.
     *
     * @param index which one of its kind, or {@link #PART}
     * @param cleared true if it must be zero before the first part of it is written
     */
    record Buffer(Kind kind, int index, DType dtype, int elements, boolean cleared) {}

    /** A part of the scratch memory. */
    int scratch(DType dtype, int elements, boolean cleared) {
        return add(new Buffer(Kind.ARENA, PART, dtype, elements, cleared));
    }

    /** A part of the memory that the backward pass reads. */
    int kept(DType dtype, int elements, boolean cleared) {
        return add(new Buffer(Kind.KEPT, PART, dtype, elements, cleared));
    }

    /** A fresh array. */
    int result(int output, DType dtype, int elements, boolean cleared) {
        return add(new Buffer(Kind.RESULT, output, dtype, elements, cleared));
    }

    /** An array from outside, of which at least so many elements are used; the same one each time. */
    int external(Kind kind, int index, DType dtype, int elements) {
        Integer known = external.get(List.of(kind, index, dtype));
        if (known == null) {
            known = add(new Buffer(kind, index, dtype, elements, false));
            external.put(List.of(kind, index, dtype), known);
        } else if (buffers.get(known).elements < elements) {
            buffers.set(known, new Buffer(kind, index, dtype, elements, false));
        }
        return known;
    }

    Buffer get(int number) {
        return buffers.get(number);
    }

    int size() {
        return buffers.size();
    }

    private int add(Buffer buffer) {
        buffers.add(buffer);
        return buffers.size() - 1;
    }
}
