// SPDX-License-Identifier: Apache-2.0
package dev.capstan.io;

import static java.util.Objects.requireNonNull;

import dev.capstan.Tensor;
import dev.capstan.runtime.eager.OperatorExecutor;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Layout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/**
 * Files of named tensors in the format that PyTorch's checkpoints have.
 *
 * <p>A file is the length of its header (8 bytes, little-endian), the header (a JSON object from name to element type,
 * sizes and byte range, padded with spaces), and the elements of each tensor, little-endian in row-major order, without
 * gaps. Element types are F32, F64, I64, I32, U8 and BOOL.
 *
 * <p>Source: the safetensors format, <a href="https://github.com/huggingface/safetensors">huggingface/safetensors</a>.
 */
public final class Safetensors {
    private Safetensors() {}

    /**
     * Reads a file. Nothing in it is trusted: memory is taken only for what the file has bytes for.
     *
     * @throws CapstanException if the file cannot be read or breaks a rule of the format
     */
    public static SafetensorsFile read(Path file) {
        requireNonNull(file, "file");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ElementReader reader = new ElementReader(file, channel);
            byte[] text = header(reader, channel.size(), file);
            long data = Long.BYTES + text.length;
            Header header = new HeaderReader(file, channel.size() - data).read(text);
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            for (Header.Entry entry : header.entries()) {
                Layout layout = Layout.contiguous(entry.shape());
                tensors.put(entry.name(), new Tensor(new NdArray(reader.read(entry, data + entry.begin()), layout)));
            }
            return new SafetensorsFile(tensors, header.metadata());
        } catch (IOException e) {
            throw Fault.in(file, "the file cannot be read", e);
        }
    }

    private static byte[] header(ElementReader reader, long size, Path file) throws IOException {
        if (size < Long.BYTES) {
            throw Fault.in(file, "the file is too short for the length of its header", size + " of 8 bytes");
        }
        ByteBuffer prefix = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        reader.fill(prefix, 0);
        long length = prefix.getLong(0);
        long available = size - Long.BYTES;
        if (length < 0 || length > available) {
            throw Fault.in(
                    file,
                    "the header is longer than the file",
                    Long.toUnsignedString(length) + " of " + available + " bytes");
        }
        if (length > Header.LARGEST) {
            throw Fault.in(
                    file, "the header is longer than the format allows", length + " of " + Header.LARGEST + " bytes");
        }
        byte[] text = new byte[(int) length];
        reader.fill(ByteBuffer.wrap(text), Long.BYTES);
        return text;
    }

    /** Writes a file without metadata; see {@link #write(Path, Map, Map)}. */
    public static void write(Path file, Map<String, ? extends Tensor> tensors) {
        write(file, tensors, Map.of());
    }

    /**
     * Writes a file in place of what was there. Whoever opens it sees the old file or the new one, never a part. Tensors
     * with wide elements come first, so that each is aligned; otherwise the order is the map's.
     *
     * @param metadata texts by name, for whoever reads the file
     * @throws CapstanException if a name is {@code __metadata__} or a text is not valid Unicode, or the file cannot be
     *     written; then the old file is still there
     */
    public static void write(Path file, Map<String, ? extends Tensor> tensors, Map<String, String> metadata) {
        requireNonNull(file, "file");
        Header header = Header.of(file, tensors, metadata);
        byte[] text = header.encode(file);
        Path target = file.toAbsolutePath();
        Path partial = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            try (FileChannel channel =
                    FileChannel.open(partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                ElementWriter writer = new ElementWriter(channel);
                ByteBuffer prefix = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
                writer.write(prefix.putLong(0, text.length));
                writer.write(ByteBuffer.wrap(text));
                for (Header.Entry entry : header.entries()) {
                    writer.write(OperatorExecutor.contiguous(
                            tensors.get(entry.name()).values()));
                }
                channel.force(true);
            }
            replace(partial, target);
        } catch (IOException e) {
            throw Fault.in(file, "the file cannot be written", e);
        } finally {
            discard(partial);
        }
    }

    private static void replace(Path partial, Path target) throws IOException {
        try {
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(partial, target, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static void discard(Path partial) {
        try {
            Files.deleteIfExists(partial);
        } catch (IOException e) {
            // the failure that left this file behind is already on its way to the caller
        }
    }
}
