// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import dev.capstan.codegen.tree.Expression.Local;
import java.util.List;
import java.util.OptionalInt;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/** Emits the code of one method, statement by statement, in the order in which {@link JavaPrinter} prints them. */
final class StatementEmitter implements Statement.Visitor<Void> {
    private final MethodVisitor method;
    private final Variables variables;
    private final ExpressionEmitter expressions;
    private final Rendition rendition;
    private Type result = Primitive.VOID;
    private int visited;
    private int line;
    private boolean completes = true;

    /**
     * @param visited how many fields and statements of the class were emitted before this method
     * @param firstSlot the slot of the first parameter
     */
    StatementEmitter(MethodVisitor method, Rendition rendition, int visited, int firstSlot) {
        this.method = method;
        this.variables = new Variables(method, firstSlot);
        this.expressions = new ExpressionEmitter(method, variables);
        this.rendition = rendition;
        this.visited = visited;
    }

    int visited() {
        return visited;
    }

    void field(ReferenceType owner, FieldTree field) {
        beginLine();
        expressions.pushAs(field.type(), field.initialiser());
        method.visitFieldInsn(
                Opcodes.PUTSTATIC,
                owner.internalName(),
                field.name(),
                field.type().descriptor());
    }

    void method(MethodTree tree) {
        result = tree.result();
        int mark = variables.open();
        tree.parameters().forEach(variables::declare);
        body(tree.body());
        if (completes) {
            method.visitInsn(Opcodes.RETURN);
        }
        variables.close(mark);
        variables.print();
    }

    private void beginLine() {
        int next = rendition.line(visited++);
        if (next != line) {
            Label here = new Label();
            method.visitLabel(here);
            method.visitLineNumber(next, here);
            line = next;
        }
    }

    private void body(List<Statement> body) {
        int mark = variables.open();
        completes = true;
        body.forEach(statement -> statement.accept(this));
        variables.close(mark);
    }

    @Override
    public Void declaration(Statement.Declaration declaration) {
        beginLine();
        declare(declaration);
        return null;
    }

    private void declare(Statement.Declaration declaration) {
        Local local = declaration.local();
        expressions.pushAs(local.type(), declaration.initialiser());
        // the slot is free until here: the initialiser cannot name the variable
        int slot = variables.nextSlot();
        method.visitVarInsn(ExpressionEmitter.typed(local.type(), Opcodes.ISTORE), slot);
        variables.declare(local);
    }

    @Override
    public Void assignment(Statement.Assignment assignment) {
        beginLine();
        assign(assignment);
        return null;
    }

    private void assign(Statement.Assignment assignment) {
        Local local = assignment.local();
        int slot = variables.slot(local);
        OptionalInt increment = Increment.of(assignment);
        if (increment.isPresent()) {
            method.visitIincInsn(slot, increment.getAsInt());
        } else {
            expressions.pushAs(local.type(), assignment.value());
            method.visitVarInsn(ExpressionEmitter.typed(local.type(), Opcodes.ISTORE), slot);
        }
    }

    @Override
    public Void arrayStore(Statement.ArrayStore store) {
        beginLine();
        expressions.push(store.array());
        expressions.push(store.index());
        expressions.push(store.value());
        Type element = ((ArrayType) store.array().type()).element();
        method.visitInsn(ExpressionEmitter.typed(element, Opcodes.IASTORE));
        return null;
    }

    @Override
    public Void forLoop(Statement.ForLoop loop) {
        beginLine();
        int header = line;
        int mark = variables.open();
        declare(loop.start());
        Label top = new Label();
        Label end = new Label();
        method.visitLabel(top);
        expressions.branch(loop.condition(), false, end);
        body(loop.body());
        if (line != header) {
            Label update = new Label();
            method.visitLabel(update);
            method.visitLineNumber(header, update);
            line = header;
        }
        assign(loop.update());
        method.visitJumpInsn(Opcodes.GOTO, top);
        method.visitLabel(end);
        variables.close(mark);
        completes = !loop.condition().equals(Expression.constant(true));
        return null;
    }

    @Override
    public Void whileLoop(Statement.WhileLoop loop) {
        boolean endless = loop.condition().equals(Expression.constant(true));
        if (endless) {
            visited++;
        } else {
            beginLine();
        }
        Label top = new Label();
        Label end = new Label();
        method.visitLabel(top);
        expressions.branch(loop.condition(), false, end);
        body(loop.body());
        if (completes) {
            method.visitJumpInsn(Opcodes.GOTO, top);
        }
        method.visitLabel(end);
        completes = !endless;
        return null;
    }

    @Override
    public Void choice(Statement.Choice choice) {
        beginLine();
        Label otherwise = new Label();
        Label end = new Label();
        expressions.branch(choice.condition(), false, otherwise);
        body(choice.whenTrue());
        boolean firstCompletes = completes;
        if (firstCompletes && !choice.whenFalse().isEmpty()) {
            method.visitJumpInsn(Opcodes.GOTO, end);
        }
        method.visitLabel(otherwise);
        body(choice.whenFalse());
        method.visitLabel(end);
        completes |= firstCompletes;
        return null;
    }

    @Override
    public Void block(Statement.Block block) {
        visited++;
        body(block.body());
        return null;
    }

    @Override
    public Void evaluation(Statement.Evaluation evaluation) {
        beginLine();
        expressions.push(evaluation.call());
        switch (evaluation.call().type().slots()) {
            case 1 -> method.visitInsn(Opcodes.POP);
            case 2 -> method.visitInsn(Opcodes.POP2);
            default -> {}
        }
        return null;
    }

    @Override
    public Void returns(Statement.Return returns) {
        beginLine();
        if (returns.value().isPresent()) {
            expressions.push(returns.value().get());
        }
        method.visitInsn(result == Primitive.VOID ? Opcodes.RETURN : ExpressionEmitter.typed(result, Opcodes.IRETURN));
        completes = false;
        return null;
    }

    @Override
    public Void raise(Statement.Raise raise) {
        beginLine();
        expressions.push(raise.throwable());
        method.visitInsn(Opcodes.ATHROW);
        completes = false;
        return null;
    }

    @Override
    public Void comment(Statement.Comment comment) {
        visited++;
        return null;
    }
}
