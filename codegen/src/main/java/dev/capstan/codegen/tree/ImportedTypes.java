// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import dev.capstan.codegen.tree.Expression.Local;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The classes that the Java rendition of a class imports: all that it names outside of its package and java.lang. */
final class ImportedTypes {
    private final ReferenceType self;
    private final Set<ReferenceType> seen = new HashSet<>();
    private final Map<String, String> bySimpleName = new HashMap<>();
    private final Expressions expressions = new Expressions();
    private final Statements statements = new Statements();

    private ImportedTypes(ReferenceType self) {
        this.self = self;
    }

    /** Their binary names; of two with one simple name the first is imported. */
    static Set<String> of(ClassTree tree) {
        ImportedTypes types = new ImportedTypes(tree.type());
        tree.interfaces().forEach(types::name);
        for (FieldTree field : tree.fields()) {
            types.name(field.type());
            field.initialiser().accept(types.expressions);
        }
        for (MethodTree method : tree.methods()) {
            types.name(method.result());
            method.parameters().forEach(parameter -> types.name(parameter.type()));
            types.body(method.body());
        }
        return Set.copyOf(types.bySimpleName.values());
    }

    private void name(Type type) {
        if (type instanceof ArrayType array) {
            name(array.element());
        } else if (type instanceof ReferenceType reference) {
            reference.arguments().forEach(this::name);
            nameClass(reference);
        }
    }

    private void nameClass(ReferenceType reference) {
        if (!seen.add(reference)) {
            return;
        }
        String packageName = reference.packageName();
        String simpleName = reference.className().split("[$]")[0];
        boolean visible =
                packageName.isEmpty() || packageName.equals("java.lang") || packageName.equals(self.packageName());
        if (!visible && !simpleName.equals(self.className())) {
            bySimpleName.putIfAbsent(simpleName, packageName + "." + simpleName);
        }
    }

    private void body(List<Statement> body) {
        body.forEach(statement -> statement.accept(statements));
    }

    private final class Statements implements Statement.Visitor<Void> {
        private Void visit(Expression... parts) {
            for (Expression part : parts) {
                part.accept(expressions);
            }
            return null;
        }

        @Override
        public Void declaration(Statement.Declaration declaration) {
            name(declaration.local().type());
            return visit(declaration.initialiser());
        }

        @Override
        public Void assignment(Statement.Assignment assignment) {
            return visit(assignment.value());
        }

        @Override
        public Void arrayStore(Statement.ArrayStore store) {
            return visit(store.array(), store.index(), store.value());
        }

        @Override
        public Void forLoop(Statement.ForLoop loop) {
            declaration(loop.start());
            assignment(loop.update());
            body(loop.body());
            return visit(loop.condition());
        }

        @Override
        public Void whileLoop(Statement.WhileLoop loop) {
            body(loop.body());
            return visit(loop.condition());
        }

        @Override
        public Void choice(Statement.Choice choice) {
            body(choice.whenTrue());
            body(choice.whenFalse());
            return visit(choice.condition());
        }

        @Override
        public Void block(Statement.Block block) {
            body(block.body());
            return null;
        }

        @Override
        public Void evaluation(Statement.Evaluation evaluation) {
            return visit(evaluation.call());
        }

        @Override
        public Void returns(Statement.Return returns) {
            returns.value().ifPresent(this::visit);
            return null;
        }

        @Override
        public Void raise(Statement.Raise raise) {
            return visit(raise.throwable());
        }

        @Override
        public Void comment(Statement.Comment comment) {
            return null;
        }
    }

    private final class Expressions implements Expression.Visitor<Void> {
        private Void visit(Expression... parts) {
            for (Expression part : parts) {
                part.accept(this);
            }
            return null;
        }

        @Override
        public Void local(Local local) {
            return null;
        }

        @Override
        public Void constant(Expression.Constant constant) {
            if (constant.value() == null) {
                name(constant.type());
            }
            return null;
        }

        @Override
        public Void unary(Expression.Unary unary) {
            return visit(unary.operand());
        }

        @Override
        public Void binary(Expression.Binary binary) {
            return visit(binary.left(), binary.right());
        }

        @Override
        public Void comparison(Expression.Comparison comparison) {
            return visit(comparison.left(), comparison.right());
        }

        @Override
        public Void logical(Expression.Logical logical) {
            return visit(logical.left(), logical.right());
        }

        @Override
        public Void conditional(Expression.Conditional conditional) {
            return visit(conditional.condition(), conditional.whenTrue(), conditional.whenFalse());
        }

        @Override
        public Void conversion(Expression.Conversion conversion) {
            return visit(conversion.operand());
        }

        @Override
        public Void cast(Expression.Cast cast) {
            name(cast.type());
            return visit(cast.operand());
        }

        @Override
        public Void arrayLoad(Expression.ArrayLoad load) {
            return visit(load.array(), load.index());
        }

        @Override
        public Void arrayLength(Expression.ArrayLength length) {
            return visit(length.array());
        }

        @Override
        public Void staticField(Expression.StaticField field) {
            nameClass(field.owner());
            return null;
        }

        @Override
        public Void newArray(Expression.NewArray newArray) {
            name(newArray.element());
            return visit(newArray.length());
        }

        @Override
        public Void call(Expression.Call call) {
            if (call.callee().kind() == Callee.Kind.CONSTRUCTOR) {
                name(call.callee().owner());
            } else if (!call.callee().hasReceiver()) {
                nameClass(call.callee().owner());
            }
            call.arguments().forEach(argument -> argument.accept(this));
            return null;
        }
    }
}
