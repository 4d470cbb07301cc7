// SPDX-License-Identifier: Apache-2.0
package dev.capstan.io;

import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.type.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/** Appends elements to a file, little-endian. */
final class ElementWriter {
    static final int CHUNK_BYTES = 1 << 16;

    private final FileChannel channel;
    private final ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);

    ElementWriter(FileChannel channel) {
        this.channel = channel;
    }

    /** Appends bytes. */
    void write(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** Appends the elements of a contiguous array. */
    void write(NdArray array) throws IOException {
        DType dtype = array.dtype();
        int perChunk = CHUNK_BYTES / dtype.bytes();
        int elements = array.shape().elements();
        for (int done = 0; done < elements; ) {
            int count = Math.min(perChunk, elements - done);
            chunk.clear();
            put(dtype, array.storage().array(), array.layout().offset() + done, count);
            write(chunk.position(0).limit(count * dtype.bytes()));
            done += count;
        }
    }

    private void put(DType dtype, Object array, int from, int count) {
        switch (dtype) {
            case FLOAT32 -> chunk.asFloatBuffer().put((float[]) array, from, count);
            case FLOAT64 -> chunk.asDoubleBuffer().put((double[]) array, from, count);
            case INT64 -> chunk.asLongBuffer().put((long[]) array, from, count);
            case INT32 -> chunk.asIntBuffer().put((int[]) array, from, count);
            case UINT8, BOOL -> chunk.put((byte[]) array, from, count);
        }
    }
}
