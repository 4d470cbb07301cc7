// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import dev.capstan.codegen.tree.Expression.Call;
import dev.capstan.codegen.tree.Expression.Comparison;
import dev.capstan.codegen.tree.Expression.Constant;
import dev.capstan.codegen.tree.Expression.Local;
import dev.capstan.codegen.tree.Expression.Logical;
import dev.capstan.codegen.tree.Expression.Unary;
import java.util.List;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/** Emits the code that leaves an expression's value on the stack. */
final class ExpressionEmitter implements Expression.Visitor<Void>, Opcodes {
    private final MethodVisitor method;
    private final Variables variables;

    ExpressionEmitter(MethodVisitor method, Variables variables) {
        this.method = method;
        this.variables = variables;
    }

    void push(Expression expression) {
        expression.accept(this);
    }

    /**
     * Pushes a value that is to be stored as {@code target}. A value of another reference type is cast, so that frames
     * see the declared type and need no knowledge of which class extends which.
     */
    void pushAs(Type target, Expression value) {
        push(value);
        boolean isNull = value instanceof Constant constant && constant.value() == null;
        if (!isNull && !target.equals(value.type()) && !target.equals(ReferenceType.OBJECT)) {
            checkCast(target);
        }
    }

    /** Jumps to the target if the condition has the value {@code when}, and goes on behind it otherwise. */
    void branch(Expression condition, boolean when, Label target) {
        if (condition instanceof Constant constant) {
            if (constant.value().equals(when)) {
                method.visitJumpInsn(GOTO, target);
            }
        } else if (condition instanceof Unary unary) {
            branch(unary.operand(), !when, target);
        } else if (condition instanceof Logical logical) {
            branch(logical, when, target);
        } else if (condition instanceof Comparison comparison) {
            branch(comparison, when, target);
        } else {
            push(condition);
            method.visitJumpInsn(when ? IFNE : IFEQ, target);
        }
    }

    private void branch(Logical logical, boolean when, Label target) {
        boolean eitherDecides = when == (logical.operator() == Logical.Operator.OR);
        if (eitherDecides) {
            branch(logical.left(), when, target);
            branch(logical.right(), when, target);
        } else {
            Label behind = new Label();
            branch(logical.left(), !when, behind);
            branch(logical.right(), when, target);
            method.visitLabel(behind);
        }
    }

    private void branch(Comparison comparison, boolean when, Label target) {
        Expression right = comparison.right();
        // the operators stand in the order of the opcodes, in pairs of opposites
        int operator = comparison.operator().ordinal() ^ (when ? 0 : 1);
        push(comparison.left());
        if (!(right.type() instanceof Primitive primitive)) {
            push(right);
            method.visitJumpInsn(IF_ACMPEQ + operator, target);
            return;
        }
        if (primitive == Primitive.INT && right.equals(Expression.constant(0))) {
            method.visitJumpInsn(IFEQ + operator, target);
            return;
        }
        push(right);
        // of a pair, the variant that makes a comparison with NaN false
        boolean less = comparison.operator() == Comparison.Operator.LESS
                || comparison.operator() == Comparison.Operator.AT_MOST;
        switch (primitive) {
            case LONG -> method.visitInsn(LCMP);
            case FLOAT -> method.visitInsn(less ? FCMPG : FCMPL);
            case DOUBLE -> method.visitInsn(less ? DCMPG : DCMPL);
            case VOID, BOOLEAN, BYTE, INT -> {
                method.visitJumpInsn(IF_ICMPEQ + operator, target);
                return;
            }
        }
        method.visitJumpInsn(IFEQ + operator, target);
    }

    private void truthValue(Expression condition) {
        Label isFalse = new Label();
        Label end = new Label();
        branch(condition, false, isFalse);
        method.visitInsn(ICONST_1);
        method.visitJumpInsn(GOTO, end);
        method.visitLabel(isFalse);
        method.visitInsn(ICONST_0);
        method.visitLabel(end);
    }

    @Override
    public Void local(Local local) {
        method.visitVarInsn(typed(local.type(), ILOAD), variables.slot(local));
        return null;
    }

    @Override
    public Void constant(Constant constant) {
        Object value = constant.value();
        if (value == null) {
            method.visitInsn(ACONST_NULL);
        } else if (value instanceof Boolean truth) {
            method.visitInsn(truth ? ICONST_1 : ICONST_0);
        } else if (value instanceof Integer || value instanceof Byte) {
            pushInt(((Number) value).intValue());
        } else if (value instanceof Long number && (number == 0 || number == 1)) {
            method.visitInsn(number == 0 ? LCONST_0 : LCONST_1);
        } else if (value.equals(0f) || value.equals(1f)) {
            // equals tells -0.0 from 0.0
            method.visitInsn(value.equals(0f) ? FCONST_0 : FCONST_1);
        } else if (value.equals(0d) || value.equals(1d)) {
            method.visitInsn(value.equals(0d) ? DCONST_0 : DCONST_1);
        } else {
            method.visitLdcInsn(value);
        }
        return null;
    }

    private void pushInt(int value) {
        if (value >= -1 && value <= 5) {
            method.visitInsn(ICONST_0 + value);
        } else if ((byte) value == value) {
            method.visitIntInsn(BIPUSH, value);
        } else if ((short) value == value) {
            method.visitIntInsn(SIPUSH, value);
        } else {
            method.visitLdcInsn(value);
        }
    }

    @Override
    public Void unary(Unary unary) {
        if (unary.operator() == Unary.Operator.NOT) {
            truthValue(unary);
            return null;
        }
        push(unary.operand());
        if (unary.operator() == Unary.Operator.NEGATE) {
            method.visitInsn(typed(unary.type(), INEG));
        } else {
            method.visitInsn(ICONST_M1);
            if (unary.type() == Primitive.LONG) {
                method.visitInsn(I2L);
            }
            method.visitInsn(typed(unary.type(), IXOR));
        }
        return null;
    }

    @Override
    public Void binary(Expression.Binary binary) {
        push(binary.left());
        push(binary.right());
        int opcode = switch (binary.operator()) {
            case ADD -> IADD;
            case SUBTRACT -> ISUB;
            case MULTIPLY -> IMUL;
            case DIVIDE -> IDIV;
            case REMAINDER -> IREM;
            case AND -> IAND;
            case OR -> IOR;
            case XOR -> IXOR;
            case SHIFT_LEFT -> ISHL;
            case SHIFT_RIGHT -> ISHR;
            case SHIFT_RIGHT_UNSIGNED -> IUSHR;
        };
        method.visitInsn(typed(binary.type(), opcode));
        return null;
    }

    @Override
    public Void comparison(Comparison comparison) {
        truthValue(comparison);
        return null;
    }

    @Override
    public Void logical(Logical logical) {
        truthValue(logical);
        return null;
    }

    @Override
    public Void conditional(Expression.Conditional conditional) {
        Label otherwise = new Label();
        Label end = new Label();
        branch(conditional.condition(), false, otherwise);
        push(conditional.whenTrue());
        method.visitJumpInsn(GOTO, end);
        method.visitLabel(otherwise);
        push(conditional.whenFalse());
        method.visitLabel(end);
        return null;
    }

    @Override
    public Void conversion(Expression.Conversion conversion) {
        push(conversion.operand());
        Primitive from = (Primitive) conversion.operand().type();
        Primitive to = conversion.type();
        if (to == Primitive.BYTE) {
            convert(from, Primitive.INT);
            method.visitInsn(I2B);
        } else {
            convert(from == Primitive.BYTE ? Primitive.INT : from, to);
        }
        return null;
    }

    private void convert(Primitive from, Primitive to) {
        if (from == to) {
            return;
        }
        switch (from) {
            case INT -> method.visitInsn(to == Primitive.LONG ? I2L : to == Primitive.FLOAT ? I2F : I2D);
            case LONG -> method.visitInsn(to == Primitive.INT ? L2I : to == Primitive.FLOAT ? L2F : L2D);
            case FLOAT -> method.visitInsn(to == Primitive.INT ? F2I : to == Primitive.LONG ? F2L : F2D);
            case DOUBLE -> method.visitInsn(to == Primitive.INT ? D2I : to == Primitive.LONG ? D2L : D2F);
            case VOID, BOOLEAN, BYTE -> throw new IllegalStateException("conversion: not numeric: " + from);
        }
    }

    @Override
    public Void cast(Expression.Cast cast) {
        push(cast.operand());
        checkCast(cast.type());
        return null;
    }

    private void checkCast(Type type) {
        method.visitTypeInsn(
                CHECKCAST, type instanceof ReferenceType reference ? reference.internalName() : type.descriptor());
    }

    @Override
    public Void arrayLoad(Expression.ArrayLoad load) {
        push(load.array());
        push(load.index());
        method.visitInsn(typed(load.type(), IALOAD));
        return null;
    }

    @Override
    public Void arrayLength(Expression.ArrayLength length) {
        push(length.array());
        method.visitInsn(ARRAYLENGTH);
        return null;
    }

    @Override
    public Void staticField(Expression.StaticField field) {
        method.visitFieldInsn(
                GETSTATIC,
                field.owner().internalName(),
                field.name(),
                field.type().descriptor());
        return null;
    }

    @Override
    public Void newArray(Expression.NewArray newArray) {
        push(newArray.length());
        if (newArray.element() instanceof ReferenceType reference) {
            method.visitTypeInsn(ANEWARRAY, reference.internalName());
            return null;
        }
        int code = switch ((Primitive) newArray.element()) {
            case BOOLEAN -> T_BOOLEAN;
            case BYTE -> T_BYTE;
            case INT -> T_INT;
            case LONG -> T_LONG;
            case FLOAT -> T_FLOAT;
            case DOUBLE -> T_DOUBLE;
            case VOID -> throw new IllegalStateException("new array: element type: void");
        };
        method.visitIntInsn(NEWARRAY, code);
        return null;
    }

    @Override
    public Void call(Call call) {
        Callee callee = call.callee();
        List<Expression> arguments = call.arguments();
        int receivers = callee.hasReceiver() ? 1 : 0;
        String owner = callee.owner().internalName();
        if (callee.kind() == Callee.Kind.CONSTRUCTOR) {
            method.visitTypeInsn(NEW, owner);
            method.visitInsn(DUP);
        }
        if (receivers == 1) {
            pushAs(callee.owner(), arguments.get(0));
        }
        for (int i = receivers; i < arguments.size(); i++) {
            push(arguments.get(i));
        }
        boolean ofInterface = callee.kind() == Callee.Kind.INTERFACE || callee.kind() == Callee.Kind.INTERFACE_STATIC;
        int opcode = switch (callee.kind()) {
            case STATIC, INTERFACE_STATIC -> INVOKESTATIC;
            case VIRTUAL -> INVOKEVIRTUAL;
            case INTERFACE -> INVOKEINTERFACE;
            case CONSTRUCTOR -> INVOKESPECIAL;
        };
        method.visitMethodInsn(opcode, owner, callee.name(), callee.descriptor(), ofInterface);
        return null;
    }

    /** The variant of an int opcode for a type. */
    static int typed(Type type, int intOpcode) {
        return org.objectweb.asm.Type.getType(type.descriptor()).getOpcode(intOpcode);
    }
}
