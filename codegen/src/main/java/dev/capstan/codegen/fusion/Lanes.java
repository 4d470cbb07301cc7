// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import dev.capstan.codegen.kernel.VectorWidth;
import dev.capstan.codegen.tree.Callee;
import dev.capstan.codegen.tree.Expression;
import dev.capstan.codegen.tree.Primitive;
import dev.capstan.codegen.tree.ReferenceType;
import dev.capstan.codegen.tree.Statement;
import dev.capstan.codegen.tree.Type;
import dev.capstan.runtime.type.DType;

/**
 * The Vector API for one element type, by name: nothing of it is loaded here. The preferred species of all types have one
 * width in bits, so that those of float32 and int32, and those of float64 and int64, agree in their number of lanes.
 */
enum Lanes {
    FLOATS("Float", Primitive.FLOAT),
    DOUBLES("Double", Primitive.DOUBLE),
    INTS("Int", Primitive.INT),
    LONGS("Long", Primitive.LONG);

    private static final String API = "jdk.incubator.vector.";

    /** The interface or class above all vectors. */
    static final ReferenceType ANY_VECTOR = ReferenceType.of(API + "Vector");

    static final ReferenceType MASK = ReferenceType.of(API + "VectorMask");
    static final ReferenceType OPERATORS = ReferenceType.of(API + "VectorOperators");
    static final ReferenceType COMPARISON = ReferenceType.of(API + "VectorOperators$Comparison");
    static final ReferenceType BINARY = ReferenceType.of(API + "VectorOperators$Binary");
    static final ReferenceType ASSOCIATIVE = ReferenceType.of(API + "VectorOperators$Associative");
    static final ReferenceType CONVERSION = ReferenceType.of(API + "VectorOperators$Conversion");
    static final ReferenceType SPECIES = ReferenceType.of(API + "VectorSpecies");

    private final Primitive element;
    private final ReferenceType vector;
    private final ReferenceType species;
    private final ReferenceType mask;

    Lanes(String name, Primitive element) {
        this.element = element;
        this.vector = ReferenceType.of(API + name + "Vector");
        ReferenceType box = ReferenceType.of("java.lang." + (name.equals("Int") ? "Integer" : name));
        this.species = ReferenceType.of(API + "VectorSpecies", box);
        this.mask = ReferenceType.of(API + "VectorMask", box);
    }

    /** The lanes that hold a type. */
    static Lanes of(DType type) {
        return switch (type) {
            case FLOAT32 -> FLOATS;
            case FLOAT64 -> DOUBLES;
            case INT32 -> INTS;
            case INT64 -> LONGS;
            case UINT8, BOOL -> throw new IllegalArgumentException("no lanes of " + type);
        };
    }

    boolean isFloating() {
        return this == FLOATS || this == DOUBLES;
    }

    /** The type of one lane. */
    Primitive element() {
        return element;
    }

    /** How many of them a vector has; 1 without the Vector API. */
    int count() {
        return VectorWidth.current().map(width -> width.lanes(element)).orElse(1);
    }

    /** The vector class. */
    ReferenceType vector() {
        return vector;
    }

    /** The type of a mask. */
    ReferenceType mask() {
        return mask;
    }

    /** The type of a species. */
    ReferenceType species() {
        return species;
    }

    /** The lanes to which a mask belongs. */
    static Lanes ofMask(Expression mask) {
        String box = ((ReferenceType) mask.type()).arguments().get(0).className();
        for (Lanes lanes : values()) {
            if (lanes.mask.arguments().get(0).className().equals(box)) {
                return lanes;
            }
        }
        throw new IllegalArgumentException("not a mask: " + mask.type());
    }

    /** The name of the generated class's constant for the species. */
    String speciesField() {
        return name();
    }

    /** The number of lanes of a species. */
    static Expression length(Expression species) {
        return Callee.ofInterface(SPECIES, "length", Primitive.INT).call(species);
    }

    Expression load(Expression species, Expression array, Expression index) {
        return Callee.ofStatic(vector, "fromArray", vector, SPECIES, element.array(), Primitive.INT)
                .call(species, array, index);
    }

    Statement store(Expression value, Expression array, Expression index) {
        return new Statement.Evaluation(
                Callee.ofVirtual(vector, "intoArray", Primitive.VOID, element.array(), Primitive.INT)
                        .call(value, array, index));
    }

    Expression broadcast(Expression species, Expression value) {
        return Callee.ofStatic(vector, "broadcast", vector, SPECIES, element).call(species, value);
    }

    /** All lanes of a mask set, or none. */
    Expression maskAll(Expression species, Expression value) {
        return Callee.ofInterface(SPECIES, "maskAll", mask, Primitive.BOOLEAN).call(species, value);
    }

    /** A method without arguments, of which the result is a vector of this kind. */
    Expression unary(String method, Expression a) {
        return Callee.ofVirtual(vector, method, vector).call(a);
    }

    Expression binary(String method, Expression a, Expression b) {
        return Callee.ofVirtual(vector, method, vector, ANY_VECTOR).call(a, b);
    }

    Expression ternary(String method, Expression a, Expression b, Expression c) {
        return Callee.ofVirtual(vector, method, vector, ANY_VECTOR, ANY_VECTOR).call(a, b, c);
    }

    /** A binary operation that has no method of its own. */
    Expression lanewise(String operator, ReferenceType kind, Expression a, Expression b) {
        Type operand = b.type() instanceof Primitive ? element : ANY_VECTOR;
        return Callee.ofVirtual(vector, "lanewise", vector, BINARY, operand)
                .call(a, Expression.staticField(OPERATORS, operator, kind), b);
    }

    Expression compare(String operator, Expression a, Expression b) {
        Type operand = b.type() instanceof Primitive ? element : ANY_VECTOR;
        return Callee.ofVirtual(vector, "compare", mask, COMPARISON, operand)
                .call(a, Expression.staticField(OPERATORS, operator, COMPARISON), b);
    }

    /** The lanes of {@code whenSet} where the mask is set, else those of {@code otherwise}. */
    Expression select(Expression mask, Expression whenSet, Expression otherwise) {
        return Callee.ofVirtual(vector, "blend", vector, ANY_VECTOR, MASK).call(otherwise, whenSet, mask);
    }

    /** The value of each lane converted as a Java cast does it. */
    Expression convert(Lanes target, Expression a) {
        String operator = name().charAt(0) + "2" + target.name().charAt(0);
        Expression converted = Callee.ofVirtual(vector, "convert", ANY_VECTOR, CONVERSION, Primitive.INT)
                .call(a, Expression.staticField(OPERATORS, operator, CONVERSION), Expression.constant(0));
        return converted.cast(target.vector);
    }

    /** The bits as lanes of another type of equal width. */
    Expression reinterpret(Lanes target, Expression a) {
        if (target == this) {
            return a;
        }
        String name = target.name().charAt(0) + target.name().substring(1).toLowerCase(java.util.Locale.ROOT);
        return Callee.ofVirtual(vector, "reinterpretAs" + name, target.vector).call(a);
    }
}
