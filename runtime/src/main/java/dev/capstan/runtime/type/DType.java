// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.type;

/** The element types of tensors, in promotion order: the result of mixing two is the later one. */
public enum DType {
    /** One byte per element, 0 or 1. */
    BOOL("bool", Category.BOOL, 1),
    /** Unsigned byte, 0 to 255. */
    UINT8("uint8", Category.INTEGRAL, 1),
    /** Java {@code int}. */
    INT32("int32", Category.INTEGRAL, 4),
    /** Java {@code long}. */
    INT64("int64", Category.INTEGRAL, 8),
    /** IEEE single, Java {@code float}; the default floating type. */
    FLOAT32("float32", Category.FLOATING, 4),
    /** IEEE double, Java {@code double}. */
    FLOAT64("float64", Category.FLOATING, 8);

    /** The three kinds of element, in the order in which one absorbs another. */
    public enum Category {
        BOOL,
        INTEGRAL,
        FLOATING
    }

    private final String label;
    private final Category category;
    private final int bytes;

    DType(String label, Category category, int bytes) {
        this.label = label;
        this.category = category;
        this.bytes = bytes;
    }

    /** PyTorch's name of the type without its prefix, for example {@code float32}. */
    public String label() {
        return label;
    }

    /** The kind of element. */
    public Category category() {
        return category;
    }

    /** Bytes per element. */
    public int bytes() {
        return bytes;
    }

    /** True for float32 and float64, the types that can require a gradient. */
    public boolean isFloating() {
        return category == Category.FLOATING;
    }

    /** The type of a mix of two tensors of equal rank class (see {@link TensorType#promote}). */
    public static DType promote(DType a, DType b) {
        return a.compareTo(b) >= 0 ? a : b;
    }

    /** The type with this {@link #label()}. */
    public static DType of(String label) {
        for (DType type : values()) {
            if (type.label.equals(label)) {
                return type;
            }
        }
        throw new CapstanException("dtype", "unknown element type", label);
    }

    @Override
    public String toString() {
        return label;
    }
}
