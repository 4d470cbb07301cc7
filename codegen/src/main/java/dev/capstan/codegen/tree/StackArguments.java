// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;

/** Passes a method on, and counts what it and its calls need of the stack for their arguments. */
final class StackArguments extends MethodVisitor {
    private final int own;
    private int most;

    StackArguments(MethodVisitor next, String descriptor) {
        super(Opcodes.ASM9, next);
        this.own = onStack(descriptor);
    }

    /** The method's own and those of the call that has the most. */
    int count() {
        return own + most;
    }

    @Override
    public void visitMethodInsn(int opcode, String owner, String name, String descriptor, boolean isInterface) {
        most = Math.max(most, onStack(descriptor));
        super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
    }

    /** As if all were passed as integers are: floating-point numbers have registers of their own. */
    private static int onStack(String descriptor) {
        return Math.max(0, Type.getArgumentTypes(descriptor).length - UncompilableMethodException.IN_REGISTERS);
    }
}
