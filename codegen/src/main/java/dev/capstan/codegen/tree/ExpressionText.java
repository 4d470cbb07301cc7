// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import com.palantir.javapoet.CodeBlock;
import dev.capstan.codegen.tree.Expression.Call;
import dev.capstan.codegen.tree.Expression.Local;
import java.util.List;

/** Prints expressions with the parentheses that precedence and left association need, and no others. */
final class ExpressionText implements Expression.Visitor<ExpressionText.Text> {
    // precedence, loosest first (JLS 15)
    private static final int CONDITIONAL = 2;
    private static final int LOGICAL_OR = 3;
    private static final int LOGICAL_AND = 4;
    private static final int OR = 5;
    private static final int XOR = 6;
    private static final int AND = 7;
    private static final int EQUALITY = 8;
    private static final int RELATIONAL = 9;
    private static final int SHIFT = 10;
    private static final int ADDITIVE = 11;
    private static final int MULTIPLICATIVE = 12;
    private static final int UNARY = 13;
    private static final int PRIMARY = 14;

    private final ReferenceType self;

    ExpressionText(ReferenceType self) {
        this.self = self;
    }

    CodeBlock print(Expression expression) {
        return expression.accept(this).code();
    }

    /** Printed code and how tightly its outermost operator binds. */
    record Text(CodeBlock code, int precedence) {
        static Text of(int precedence, String format, Object... arguments) {
            return new Text(CodeBlock.of(format, arguments), precedence);
        }
    }

    private CodeBlock within(int precedence, Expression expression) {
        Text text = expression.accept(this);
        return text.precedence() >= precedence ? text.code() : CodeBlock.of("($L)", text.code());
    }

    /** A left-associative operator; beside operators that few people rank, operands get parentheses all the same. */
    private Text infix(int precedence, String symbol, Expression left, Expression right) {
        boolean unfamiliar = precedence == SHIFT || precedence >= OR && precedence <= AND;
        CodeBlock first = within(unfamiliar ? UNARY : precedence, left);
        CodeBlock second = within(unfamiliar ? UNARY : precedence + 1, right);
        return Text.of(precedence, "$L $L $L", first, symbol, second);
    }

    @Override
    public Text local(Local local) {
        return Text.of(PRIMARY, "$L", local.name());
    }

    @Override
    public Text constant(Expression.Constant constant) {
        if (constant.value() == null) {
            return Text.of(UNARY, "($T) null", JavaPrinter.typeName(constant.type()));
        }
        String literal = literal(constant.value());
        return Text.of(literal.startsWith("-") || literal.startsWith("(") ? UNARY : PRIMARY, "$L", literal);
    }

    private static String literal(Object value) {
        if (value instanceof Byte) {
            return "(byte) " + value;
        }
        if (value instanceof Long) {
            return value + "L";
        }
        if (value instanceof Float number) {
            return floatLiteral(number);
        }
        if (value instanceof Double number) {
            return doubleLiteral(number);
        }
        return value instanceof String string ? quoted(string) : value.toString();
    }

    private static String floatLiteral(float value) {
        if (Float.isNaN(value)) {
            int bits = Float.floatToRawIntBits(value);
            return bits == 0x7fc00000 ? "Float.NaN" : "Float.intBitsToFloat(0x" + Integer.toHexString(bits) + ")";
        }
        if (Float.isInfinite(value)) {
            return value > 0 ? "Float.POSITIVE_INFINITY" : "Float.NEGATIVE_INFINITY";
        }
        return value + "f";
    }

    private static String doubleLiteral(double value) {
        if (Double.isNaN(value)) {
            long bits = Double.doubleToRawLongBits(value);
            return bits == 0x7ff8000000000000L
                    ? "Double.NaN"
                    : "Double.longBitsToDouble(0x" + Long.toHexString(bits) + "L)";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "Double.POSITIVE_INFINITY" : "Double.NEGATIVE_INFINITY";
        }
        return Double.toString(value);
    }

    private static String quoted(String string) {
        StringBuilder text = new StringBuilder("\"");
        for (char c : string.toCharArray()) {
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c >= ' ' && c <= '~') {
                text.append(c);
            } else if (c < 0x80) {
                // octal, because \\u000a would be a line break to javac
                text.append(String.format("\\%03o", (int) c));
            } else {
                text.append(String.format("\\u%04x", (int) c));
            }
        }
        return text.append('"').toString();
    }

    @Override
    public Text unary(Expression.Unary unary) {
        String symbol = switch (unary.operator()) {
            case NEGATE -> "-";
            case COMPLEMENT -> "~";
            case NOT -> "!";
        };
        // two minus signs in a row would be a decrement
        return Text.of(UNARY, "$L$L", symbol, within(PRIMARY, unary.operand()));
    }

    @Override
    public Text binary(Expression.Binary binary) {
        Expression left = binary.left();
        Expression right = binary.right();
        return switch (binary.operator()) {
            case ADD -> infix(ADDITIVE, "+", left, right);
            case SUBTRACT -> infix(ADDITIVE, "-", left, right);
            case MULTIPLY -> infix(MULTIPLICATIVE, "*", left, right);
            case DIVIDE -> infix(MULTIPLICATIVE, "/", left, right);
            case REMAINDER -> infix(MULTIPLICATIVE, "%", left, right);
            case AND -> infix(AND, "&", left, right);
            case OR -> infix(OR, "|", left, right);
            case XOR -> infix(XOR, "^", left, right);
            case SHIFT_LEFT -> infix(SHIFT, "<<", left, right);
            case SHIFT_RIGHT -> infix(SHIFT, ">>", left, right);
            case SHIFT_RIGHT_UNSIGNED -> infix(SHIFT, ">>>", left, right);
        };
    }

    @Override
    public Text comparison(Expression.Comparison comparison) {
        Expression left = comparison.left();
        Expression right = comparison.right();
        return switch (comparison.operator()) {
            case EQUAL -> infix(EQUALITY, "==", left, right);
            case NOT_EQUAL -> infix(EQUALITY, "!=", left, right);
            case LESS -> infix(RELATIONAL, "<", left, right);
            case AT_LEAST -> infix(RELATIONAL, ">=", left, right);
            case GREATER -> infix(RELATIONAL, ">", left, right);
            case AT_MOST -> infix(RELATIONAL, "<=", left, right);
        };
    }

    @Override
    public Text logical(Expression.Logical logical) {
        return switch (logical.operator()) {
            case AND -> infix(LOGICAL_AND, "&&", logical.left(), logical.right());
            case OR -> infix(LOGICAL_OR, "||", logical.left(), logical.right());
        };
    }

    @Override
    public Text conditional(Expression.Conditional conditional) {
        return Text.of(
                CONDITIONAL,
                "$L ? $L : $L",
                within(LOGICAL_OR, conditional.condition()),
                within(LOGICAL_OR, conditional.whenTrue()),
                within(LOGICAL_OR, conditional.whenFalse()));
    }

    @Override
    public Text conversion(Expression.Conversion conversion) {
        return Text.of(UNARY, "($L) $L", conversion.type(), within(UNARY, conversion.operand()));
    }

    @Override
    public Text cast(Expression.Cast cast) {
        return Text.of(UNARY, "($T) $L", JavaPrinter.typeName(cast.type()), within(UNARY, cast.operand()));
    }

    @Override
    public Text arrayLoad(Expression.ArrayLoad load) {
        return Text.of(PRIMARY, "$L[$L]", within(PRIMARY, load.array()), print(load.index()));
    }

    @Override
    public Text arrayLength(Expression.ArrayLength length) {
        return Text.of(PRIMARY, "$L.length", within(PRIMARY, length.array()));
    }

    @Override
    public Text staticField(Expression.StaticField field) {
        return field.owner().equals(self)
                ? Text.of(PRIMARY, "$L", field.name())
                : Text.of(PRIMARY, "$T.$L", JavaPrinter.className(field.owner()), field.name());
    }

    @Override
    public Text newArray(Expression.NewArray newArray) {
        // looser than primary: an index behind it would read as a second dimension
        return Text.of(UNARY, "new $T[$L]", JavaPrinter.typeName(newArray.element()), print(newArray.length()));
    }

    @Override
    public Text call(Call call) {
        Callee callee = call.callee();
        List<Expression> arguments = call.arguments();
        return switch (callee.kind()) {
            case CONSTRUCTOR -> Text.of(PRIMARY, "new $T($L)", JavaPrinter.typeName(callee.owner()), print(arguments));
            case STATIC, INTERFACE_STATIC ->
                callee.owner().equals(self)
                        ? Text.of(PRIMARY, "$L($L)", callee.name(), print(arguments))
                        : Text.of(
                                PRIMARY,
                                "$T.$L($L)",
                                JavaPrinter.className(callee.owner()),
                                callee.name(),
                                print(arguments));
            case VIRTUAL, INTERFACE ->
                Text.of(
                        PRIMARY,
                        "$L.$L($L)",
                        within(PRIMARY, arguments.get(0)),
                        callee.name(),
                        print(arguments.subList(1, arguments.size())));
        };
    }

    private CodeBlock print(List<Expression> arguments) {
        return arguments.stream().map(this::print).collect(CodeBlock.joining(", "));
    }
}
