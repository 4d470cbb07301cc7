// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import static dev.capstan.codegen.tree.Primitive.BOOLEAN;
import static dev.capstan.codegen.tree.Primitive.BYTE;
import static dev.capstan.codegen.tree.Primitive.DOUBLE;
import static dev.capstan.codegen.tree.Primitive.FLOAT;
import static dev.capstan.codegen.tree.Primitive.INT;
import static dev.capstan.codegen.tree.Primitive.LONG;
import static dev.capstan.codegen.tree.Primitive.VOID;
import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.List;

/**
 * An expression; every node knows its type, and a node that exists is well-typed: there are no implicit conversions.
 * The methods of this interface build larger expressions in reading order, {@code a.at(offset.plus(k.times(8)))}.
 */
public sealed interface Expression {

    /** The static type of the value. */
    Type type();

    /** Calls the visitor's method for this kind of expression. */
    <R> R accept(Visitor<R> visitor);

    /** A constant; NaN, the infinities and -0.0 are exact. */
    static Constant constant(int value) {
        return new Constant(INT, value);
    }

    static Constant constant(long value) {
        return new Constant(LONG, value);
    }

    static Constant constant(float value) {
        return new Constant(FLOAT, value);
    }

    static Constant constant(double value) {
        return new Constant(DOUBLE, value);
    }

    static Constant constant(byte value) {
        return new Constant(BYTE, value);
    }

    static Constant constant(boolean value) {
        return new Constant(BOOLEAN, value);
    }

    static Constant constant(String value) {
        return new Constant(ReferenceType.STRING, requireNonNull(value, "value"));
    }

    /** The null reference of an array or reference type. */
    static Constant nullOf(Type type) {
        return new Constant(type, null);
    }

    /** A new array of that many elements, all zero. */
    static NewArray newArray(Type element, Expression length) {
        return new NewArray(element, length);
    }

    /** The value of a static field of any class. */
    static StaticField staticField(ReferenceType owner, String name, Type type) {
        return new StaticField(owner, name, type);
    }

    default Expression plus(Expression right) {
        return new Binary(Binary.Operator.ADD, this, right);
    }

    default Expression minus(Expression right) {
        return new Binary(Binary.Operator.SUBTRACT, this, right);
    }

    default Expression times(Expression right) {
        return new Binary(Binary.Operator.MULTIPLY, this, right);
    }

    default Expression dividedBy(Expression right) {
        return new Binary(Binary.Operator.DIVIDE, this, right);
    }

    /** The remainder as Java's {@code %} defines it: it has the sign of the dividend. */
    default Expression remainder(Expression right) {
        return new Binary(Binary.Operator.REMAINDER, this, right);
    }

    /** Adds an int constant; adding 0 gives this expression itself, which keeps index arithmetic readable. */
    default Expression plus(int right) {
        return right == 0 ? this : plus(constant(right));
    }

    /** Multiplies by an int constant; multiplying by 1 gives this expression itself. */
    default Expression times(int right) {
        return right == 1 ? this : times(constant(right));
    }

    /** Bitwise and of int or long, or the non-short-circuit and of boolean. */
    default Expression and(Expression right) {
        return new Binary(Binary.Operator.AND, this, right);
    }

    default Expression or(Expression right) {
        return new Binary(Binary.Operator.OR, this, right);
    }

    default Expression xor(Expression right) {
        return new Binary(Binary.Operator.XOR, this, right);
    }

    /** Shifts int or long by an int distance. */
    default Expression shiftLeft(Expression distance) {
        return new Binary(Binary.Operator.SHIFT_LEFT, this, distance);
    }

    default Expression shiftRight(Expression distance) {
        return new Binary(Binary.Operator.SHIFT_RIGHT, this, distance);
    }

    default Expression shiftRightUnsigned(Expression distance) {
        return new Binary(Binary.Operator.SHIFT_RIGHT_UNSIGNED, this, distance);
    }

    default Expression negate() {
        return new Unary(Unary.Operator.NEGATE, this);
    }

    default Expression complement() {
        return new Unary(Unary.Operator.COMPLEMENT, this);
    }

    default Expression not() {
        return new Unary(Unary.Operator.NOT, this);
    }

    default Expression equalTo(Expression right) {
        return new Comparison(Comparison.Operator.EQUAL, this, right);
    }

    default Expression notEqualTo(Expression right) {
        return new Comparison(Comparison.Operator.NOT_EQUAL, this, right);
    }

    default Expression lessThan(Expression right) {
        return new Comparison(Comparison.Operator.LESS, this, right);
    }

    default Expression atMost(Expression right) {
        return new Comparison(Comparison.Operator.AT_MOST, this, right);
    }

    default Expression greaterThan(Expression right) {
        return new Comparison(Comparison.Operator.GREATER, this, right);
    }

    default Expression atLeast(Expression right) {
        return new Comparison(Comparison.Operator.AT_LEAST, this, right);
    }

    /** Logical and: the right side is evaluated only where this is true. */
    default Expression andAlso(Expression right) {
        return new Logical(Logical.Operator.AND, this, right);
    }

    /** Logical or: the right side is evaluated only where this is false. */
    default Expression orElse(Expression right) {
        return new Logical(Logical.Operator.OR, this, right);
    }

    /** The conditional expression {@code this ? whenTrue : whenFalse}. */
    default Expression choose(Expression whenTrue, Expression whenFalse) {
        return new Conditional(this, whenTrue, whenFalse);
    }

    /** Converts between numeric types by Java's rules (to int and long: NaN gives 0, out of range saturates). */
    default Expression convert(Primitive target) {
        return type() == target ? this : new Conversion(target, this);
    }

    /** Narrows a reference, checked at run time. */
    default Expression cast(Type target) {
        return new Cast(target, this);
    }

    /** The array element at an int index. */
    default Expression at(Expression index) {
        return new ArrayLoad(this, index);
    }

    /** The length of the array. */
    default Expression length() {
        return new ArrayLength(this);
    }

    /** One method per kind of expression, so that a new kind cannot be forgotten. */
    interface Visitor<R> {
        R local(Local local);

        R constant(Constant constant);

        R unary(Unary unary);

        R binary(Binary binary);

        R comparison(Comparison comparison);

        R logical(Logical logical);

        R conditional(Conditional conditional);

        R conversion(Conversion conversion);

        R cast(Cast cast);

        R arrayLoad(ArrayLoad load);

        R arrayLength(ArrayLength length);

        R staticField(StaticField field);

        R newArray(NewArray newArray);

        R call(Call call);
    }

    /** A variable or parameter: its name within the method, and its type. */
    record Local(String name, Type type) implements Expression {
        public Local {
            Names.requireVariable(name);
            requireNonNull(type, "type");
            require(type != VOID, "variable: cannot be void", name);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.local(this);
        }
    }

    /** A constant: the boxed value of a primitive type, a string, or null for any array or reference type. */
    record Constant(Type type, Object value) implements Expression {
        public Constant {
            requireNonNull(type, "type");
            require(admits(type, value), "constant: value does not have the type", type, value);
        }

        private static boolean admits(Type type, Object value) {
            if (type instanceof Primitive primitive) {
                return switch (primitive) {
                    case VOID -> false;
                    case BOOLEAN -> value instanceof Boolean;
                    case BYTE -> value instanceof Byte;
                    case INT -> value instanceof Integer;
                    case LONG -> value instanceof Long;
                    case FLOAT -> value instanceof Float;
                    case DOUBLE -> value instanceof Double;
                };
            }
            return value == null || value instanceof String && type.equals(ReferenceType.STRING);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.constant(this);
        }
    }

    /** {@code -x}, {@code ~x} or {@code !x}. */
    record Unary(Operator operator, Expression operand) implements Expression {
        /** The unary operators. */
        public enum Operator {
            NEGATE,
            COMPLEMENT,
            NOT
        }

        public Unary {
            Type type = operand.type();
            boolean admitted = switch (operator) {
                case NEGATE -> type instanceof Primitive primitive && primitive.isArithmetic();
                case COMPLEMENT -> type instanceof Primitive primitive && primitive.isIntegral();
                case NOT -> type == BOOLEAN;
            };
            require(admitted, operator + ": not defined for the operand", type);
        }

        @Override
        public Type type() {
            return operand.type();
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.unary(this);
        }
    }

    /** Arithmetic, bit operations and shifts on two operands of one type (a shift distance is int). */
    record Binary(Operator operator, Expression left, Expression right) implements Expression {
        /** The binary operators. */
        public enum Operator {
            ADD,
            SUBTRACT,
            MULTIPLY,
            DIVIDE,
            REMAINDER,
            AND,
            OR,
            XOR,
            SHIFT_LEFT,
            SHIFT_RIGHT,
            SHIFT_RIGHT_UNSIGNED;

            boolean isShift() {
                return ordinal() >= SHIFT_LEFT.ordinal();
            }

            boolean isBitwise() {
                return this == AND || this == OR || this == XOR;
            }
        }

        public Binary {
            boolean admitted = left.type() instanceof Primitive primitive
                    && (operator.isShift()
                            ? primitive.isIntegral() && right.type() == INT
                            : primitive == right.type()
                                    && (operator.isBitwise()
                                            ? primitive.isIntegral() || primitive == BOOLEAN
                                            : primitive.isArithmetic()));
            require(admitted, operator + ": not defined for the operands", left.type(), right.type());
        }

        @Override
        public Type type() {
            return left.type();
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.binary(this);
        }
    }

    /** A comparison, false for NaN except {@code !=}. References and booleans compare by == and != only. */
    record Comparison(Operator operator, Expression left, Expression right) implements Expression {
        /** The comparison operators. */
        public enum Operator {
            EQUAL,
            NOT_EQUAL,
            LESS,
            AT_LEAST,
            GREATER,
            AT_MOST;

            boolean isOrder() {
                return ordinal() >= LESS.ordinal();
            }
        }

        public Comparison {
            boolean admitted = left.type() instanceof Primitive primitive
                    ? primitive == right.type()
                            && (primitive.isArithmetic() || primitive == BOOLEAN && !operator.isOrder())
                    : !(right.type() instanceof Primitive) && !operator.isOrder();
            require(admitted, operator + ": not defined for the operands", left.type(), right.type());
        }

        @Override
        public Type type() {
            return BOOLEAN;
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.comparison(this);
        }
    }

    /** Short-circuit {@code &&} and {@code ||}. */
    record Logical(Operator operator, Expression left, Expression right) implements Expression {
        /** The logical operators. */
        public enum Operator {
            AND,
            OR
        }

        public Logical {
            requireNonNull(operator, "operator");
            boolean admitted = left.type() == BOOLEAN && right.type() == BOOLEAN;
            require(admitted, "logical " + operator + ": operands must be boolean", left.type(), right.type());
        }

        @Override
        public Type type() {
            return BOOLEAN;
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.logical(this);
        }
    }

    /** {@code condition ? whenTrue : whenFalse}, both of one type. */
    record Conditional(Expression condition, Expression whenTrue, Expression whenFalse) implements Expression {
        public Conditional {
            require(condition.type() == BOOLEAN, "conditional: condition must be boolean", condition.type());
            boolean agree = whenTrue.type().equals(whenFalse.type()) && whenTrue.type() != VOID;
            require(agree, "conditional: types differ", whenTrue.type(), whenFalse.type());
        }

        @Override
        public Type type() {
            return whenTrue.type();
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.conditional(this);
        }
    }

    /** A conversion between numeric types. */
    record Conversion(Primitive type, Expression operand) implements Expression {
        public Conversion {
            boolean numeric =
                    type.isNumeric() && operand.type() instanceof Primitive primitive && primitive.isNumeric();
            require(numeric, "conversion: both types must be numeric", operand.type(), type);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.conversion(this);
        }
    }

    /** A checked cast of a reference. */
    record Cast(Type type, Expression operand) implements Expression {
        public Cast {
            boolean references = !(type instanceof Primitive) && !(operand.type() instanceof Primitive);
            require(references, "cast: both types must be references", operand.type(), type);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.cast(this);
        }
    }

    /** {@code array[index]}. */
    record ArrayLoad(Expression array, Expression index) implements Expression {
        public ArrayLoad {
            require(array.type() instanceof ArrayType, "array load: not an array", array.type());
            require(index.type() == INT, "array load: index must be int", index.type());
        }

        @Override
        public Type type() {
            return ((ArrayType) array.type()).element();
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.arrayLoad(this);
        }
    }

    /** {@code array.length}. */
    record ArrayLength(Expression array) implements Expression {
        public ArrayLength {
            require(array.type() instanceof ArrayType, "array length: not an array", array.type());
        }

        @Override
        public Type type() {
            return INT;
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.arrayLength(this);
        }
    }

    /** A static field of any class, including the one being generated. */
    record StaticField(ReferenceType owner, String name, Type type) implements Expression {
        public StaticField {
            requireNonNull(owner, "owner");
            Names.requireIdentifier("field", name);
            require(type != VOID, "static field: cannot be void", name);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.staticField(this);
        }
    }

    /** {@code new element[length]}; the element is no array. */
    record NewArray(Type element, Expression length) implements Expression {
        public NewArray {
            require(element != VOID && !(element instanceof ArrayType), "new array: element type", element);
            require(length.type() == INT, "new array: length must be int", length.type());
        }

        @Override
        public Type type() {
            return element.array();
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.newArray(this);
        }
    }

    /** A call; the receiver, where there is one, is the first argument. */
    record Call(Callee callee, List<Expression> arguments) implements Expression {
        public Call {
            arguments = List.copyOf(arguments);
            int receivers = callee.hasReceiver() ? 1 : 0;
            int expected = callee.parameters().size() + receivers;
            require(arguments.size() == expected, "call: number of arguments", callee, arguments.size(), expected);
            require(
                    receivers == 0 || !(arguments.get(0).type() instanceof Primitive),
                    "call: receiver must be a reference",
                    callee);
            for (int i = receivers; i < expected; i++) {
                Type parameter = callee.parameters().get(i - receivers);
                Type argument = arguments.get(i).type();
                require(parameter.accepts(argument), "call: argument " + i + " type differs", callee, argument);
            }
        }

        @Override
        public Type type() {
            return callee.result();
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.call(this);
        }
    }

    private static void require(boolean holds, String rule, Object... operands) {
        if (!holds) {
            throw new IllegalArgumentException(rule + ": " + Arrays.toString(operands));
        }
    }
}
