// SPDX-License-Identifier: Apache-2.0
package dev.capstan.io;

import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.type.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** Takes elements out of a file, little-endian. */
final class ElementReader {
    private final Path file;
    private final FileChannel channel;
    private final ByteBuffer chunk =
            ByteBuffer.allocateDirect(ElementWriter.CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);

    ElementReader(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** The elements of a tensor that begins at a byte of the file. */
    Storage read(Header.Entry entry, long begin) throws IOException {
        int elements = entry.shape().elements();
        DType dtype = entry.dtype();
        Storage storage = Storage.allocate(dtype, elements);
        int perChunk = ElementWriter.CHUNK_BYTES / dtype.bytes();
        for (int done = 0; done < elements; ) {
            int count = Math.min(perChunk, elements - done);
            chunk.clear().limit(count * dtype.bytes());
            fill(chunk, begin + (long) done * dtype.bytes());
            get(dtype, storage.array(), done, count);
            done += count;
        }
        if (dtype == DType.BOOL) {
            verifyTruths(entry.name(), (byte[]) storage.array());
        }
        return storage;
    }

    private void get(DType dtype, Object array, int from, int count) {
        switch (dtype) {
            case FLOAT32 -> chunk.asFloatBuffer().get((float[]) array, from, count);
            case FLOAT64 -> chunk.asDoubleBuffer().get((double[]) array, from, count);
            case INT64 -> chunk.asLongBuffer().get((long[]) array, from, count);
            case INT32 -> chunk.asIntBuffer().get((int[]) array, from, count);
            case UINT8, BOOL -> chunk.get((byte[]) array, from, count);
        }
    }

    private void verifyTruths(String name, byte[] truths) {
        for (byte truth : truths) {
            if (truth != 0 && truth != 1) {
                throw Fault.in(file, "a bool is neither 0 nor 1", (truth & 0xff) + " in " + Fault.line(name));
            }
        }
    }

    /** Fills a buffer from a byte of the file on, and makes it ready to be read. */
    void fill(ByteBuffer target, long position) throws IOException {
        long at = position;
        while (target.hasRemaining()) {
            int count = channel.read(target, at);
            if (count < 0) {
                throw Fault.in(file, "the file became shorter while it was read", "at byte " + at);
            }
            at += count;
        }
        target.flip();
    }
}
