// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import static java.util.Objects.requireNonNull;
import static org.objectweb.asm.Opcodes.ACC_FINAL;
import static org.objectweb.asm.Opcodes.ACC_PUBLIC;
import static org.objectweb.asm.Opcodes.ACC_STATIC;
import static org.objectweb.asm.Opcodes.ACC_SUPER;
import static org.objectweb.asm.Opcodes.ALOAD;
import static org.objectweb.asm.Opcodes.INVOKESPECIAL;
import static org.objectweb.asm.Opcodes.RETURN;
import static org.objectweb.asm.Opcodes.V17;

import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodTooLargeException;
import org.objectweb.asm.MethodVisitor;

/**
 * Prints a class as a class file of version 17. Its lines are those of the Java rendition, its variables have the
 * names they have there. No class that the tree names is loaded.
 */
public final class BytecodePrinter {
    private final ClassTree tree;
    private final Rendition rendition;
    private final ClassWriter writer = new NamesOnlyClassWriter();
    private int visited;

    private BytecodePrinter(ClassTree tree, Rendition rendition) {
        this.tree = tree;
        this.rendition = rendition;
    }

    /**
     * Prints the class.
     *
     * @param tree the class
     * @param rendition the rendition of the same tree, which gives the line numbers
     * @throws UncompilableMethodException if HotSpot would never compile one of its methods
     */
    public static byte[] print(ClassTree tree, Rendition rendition) {
        if (!requireNonNull(tree, "tree").type().equals(rendition.type())) {
            throw new IllegalArgumentException(
                    "bytecode: rendition of another class: " + tree.type() + ", " + rendition.type());
        }
        return new BytecodePrinter(tree, rendition).print();
    }

    private byte[] print() {
        String[] interfaces =
                tree.interfaces().stream().map(ReferenceType::internalName).toArray(String[]::new);
        writer.visit(
                V17,
                ACC_PUBLIC | ACC_FINAL | ACC_SUPER,
                tree.type().internalName(),
                null,
                ReferenceType.OBJECT.internalName(),
                interfaces);
        writer.visitSource(rendition.fileName(), null);
        for (FieldTree field : tree.fields()) {
            writer.visitField(
                    ACC_PUBLIC | ACC_STATIC | ACC_FINAL,
                    field.name(),
                    field.type().descriptor(),
                    null,
                    null);
        }
        if (!tree.fields().isEmpty()) {
            printInitialiser();
        }
        if (tree.methods().stream().anyMatch(method -> !method.isStatic())) {
            printConstructor();
        }
        tree.methods().forEach(this::printMethod);
        writer.visitEnd();
        try {
            return writer.toByteArray();
        } catch (MethodTooLargeException e) {
            throw UncompilableMethodException.ofSize(tree.type() + "." + e.getMethodName(), e.getCodeSize());
        }
    }

    private void printInitialiser() {
        MethodVisitor method = writer.visitMethod(ACC_STATIC, "<clinit>", "()V", null, null);
        method.visitCode();
        StatementEmitter emitter = new StatementEmitter(method, rendition, visited, 0);
        tree.fields().forEach(field -> emitter.field(tree.type(), field));
        method.visitInsn(RETURN);
        finish("<clinit>", method, emitter);
    }

    private void printConstructor() {
        MethodVisitor method = writer.visitMethod(ACC_PUBLIC, "<init>", "()V", null, null);
        method.visitCode();
        method.visitVarInsn(ALOAD, 0);
        method.visitMethodInsn(INVOKESPECIAL, ReferenceType.OBJECT.internalName(), "<init>", "()V", false);
        method.visitInsn(RETURN);
        method.visitMaxs(0, 0);
        method.visitEnd();
    }

    private void printMethod(MethodTree methodTree) {
        int access = methodTree.isStatic() ? ACC_PUBLIC | ACC_STATIC : ACC_PUBLIC;
        String descriptor = methodTree.descriptor();
        StackArguments method =
                new StackArguments(writer.visitMethod(access, methodTree.name(), descriptor, null, null), descriptor);
        method.visitCode();
        StatementEmitter emitter = new StatementEmitter(method, rendition, visited, methodTree.isStatic() ? 0 : 1);
        emitter.method(methodTree);
        finish(methodTree.name(), method, emitter);
        if (method.count() > UncompilableMethodException.MOST_ON_STACK) {
            throw UncompilableMethodException.ofArguments(tree.type() + "." + methodTree.name(), method.count());
        }
    }

    private void finish(String name, MethodVisitor method, StatementEmitter emitter) {
        Label end = new Label();
        method.visitLabel(end);
        method.visitMaxs(0, 0);
        method.visitEnd();
        if (end.getOffset() > UncompilableMethodException.MOST_BYTES) {
            throw UncompilableMethodException.ofSize(tree.type() + "." + name, end.getOffset());
        }
        visited = emitter.visited();
    }

    /** Computes frames without loading classes: where types differ the tree has already cast to the declared one. */
    private static final class NamesOnlyClassWriter extends ClassWriter {
        NamesOnlyClassWriter() {
            super(COMPUTE_FRAMES);
        }

        @Override
        protected String getCommonSuperClass(String first, String second) {
            return ReferenceType.OBJECT.internalName();
        }
    }
}
