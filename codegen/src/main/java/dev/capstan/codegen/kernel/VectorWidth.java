// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import dev.capstan.codegen.tree.Expression;
import dev.capstan.codegen.tree.Primitive;
import dev.capstan.codegen.tree.ReferenceType;
import java.util.Optional;

/**
 * The one vector width of this process: JDK 17 compiles only the first of two species well. It is what the JVM prefers,
 * or what the system property {@code capstan.vector.bits} (128, 256 or 512) says; results do not depend on it.
 *
 * @param bits the width of a vector
 * @param species the constant of each vector class that names the species
 */
public record VectorWidth(int bits, String species) {
    private static final String API = "jdk.incubator.vector.";
    private static final String PROPERTY = "capstan.vector.bits";
    private static final String PREFERRED = "SPECIES_PREFERRED";

    private static volatile VectorWidth current;

    /** Whether the Vector API is present; loads none of its classes. */
    public static boolean isAvailable() {
        return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    }

    /**
     * The width of this process, empty without the Vector API. The first call loads some classes of it, which takes
     * tens of milliseconds: not for a thread that a user waits for.
     *
     * @throws IllegalArgumentException if the system property is set to something else
     */
    public static Optional<VectorWidth> current() {
        if (current == null && isAvailable()) {
            // computed twice at worst, to the same value
            String forced = System.getProperty(PROPERTY);
            current = forced == null ? preferred() : forced(forced);
        }
        return Optional.ofNullable(current);
    }

    /** How many elements of a type one vector holds. */
    public int lanes(Primitive element) {
        return switch (element) {
            case BYTE -> bits / Byte.SIZE;
            case INT, FLOAT -> bits / Float.SIZE;
            case LONG, DOUBLE -> bits / Double.SIZE;
            case VOID, BOOLEAN -> throw new IllegalArgumentException("vector: element type: " + element);
        };
    }

    /** The species of an element type, as the initialiser of a generated class's constant. */
    public Expression.StaticField speciesOf(Primitive element) {
        return Expression.staticField(vectorClass(element), species, speciesClass(element));
    }

    /** The class of vectors of an element type, by name. */
    static ReferenceType vectorClass(Primitive element) {
        return ReferenceType.of(API + boxName(element).replace("Integer", "Int") + "Vector");
    }

    /** The type of species of an element type, by name. */
    static ReferenceType speciesClass(Primitive element) {
        return ReferenceType.of(API + "VectorSpecies", ReferenceType.of("java.lang." + boxName(element)));
    }

    private static String boxName(Primitive element) {
        return switch (element) {
            case BYTE -> "Byte";
            case INT -> "Integer";
            case LONG -> "Long";
            case FLOAT -> "Float";
            case DOUBLE -> "Double";
            case VOID, BOOLEAN -> throw new IllegalArgumentException("vector: element type: " + element);
        };
    }

    /** Width and species for a value of the system property. */
    static VectorWidth forced(String value) {
        return switch (value) {
            case "128", "256", "512" -> new VectorWidth(Integer.parseInt(value), "SPECIES_" + value);
            default -> throw new IllegalArgumentException(PROPERTY + ": must be 128, 256 or 512: " + value);
        };
    }

    private static VectorWidth preferred() {
        try {
            // by reflection, because nothing here may link to the incubating module
            Class<?> vector = Class.forName(API + "FloatVector", true, ClassLoader.getSystemClassLoader());
            Object species = vector.getField(PREFERRED).get(null);
            Class<?> type = Class.forName(API + "VectorSpecies", false, ClassLoader.getSystemClassLoader());
            return new VectorWidth((int) type.getMethod("vectorBitSize").invoke(species), PREFERRED);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("vector: the Vector API of this JDK is not the known one", e);
        }
    }
}
