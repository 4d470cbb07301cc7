// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import dev.capstan.codegen.tree.Expression.Local;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Checks what single nodes cannot know: scopes, result types and reachability, by the rules of the Java language, so
 * that a tree which prints as a class also prints as source that javac accepts.
 */
final class MethodVerifier {
    private final String place;
    private final Map<String, Type> scope = new HashMap<>();

    MethodVerifier(String place) {
        this.place = place;
    }

    void check(Type result, List<Local> parameters, List<Statement> body) {
        parameters.forEach(this::declare);
        boolean endIsReached = checkBody(result, body);
        if (endIsReached && result != Primitive.VOID) {
            throw fault("the end is reached without a result", result);
        }
    }

    void checkIsClosed(Expression expression) {
        expression.accept(new UseCheck());
    }

    private void declare(Local local) {
        if (scope.put(local.name(), local.type()) != null) {
            throw fault("variable declared twice", local.name());
        }
    }

    private boolean checkBody(Type result, List<Statement> body) {
        Set<String> outer = new HashSet<>(scope.keySet());
        StatementCheck check = new StatementCheck(result);
        boolean reachable = true;
        for (Statement statement : body) {
            if (!reachable && !(statement instanceof Statement.Comment)) {
                throw fault("unreachable statement", statement);
            }
            reachable &= statement.accept(check);
        }
        scope.keySet().retainAll(outer);
        return reachable;
    }

    private IllegalArgumentException fault(String rule, Object operand) {
        return new IllegalArgumentException(place + ": " + rule + ": " + operand);
    }

    /** Whether the statement can complete normally. */
    private final class StatementCheck implements Statement.Visitor<Boolean> {
        private final Type result;
        private final UseCheck use = new UseCheck();

        StatementCheck(Type result) {
            this.result = result;
        }

        @Override
        public Boolean declaration(Statement.Declaration declaration) {
            declaration.initialiser().accept(use);
            declare(declaration.local());
            return true;
        }

        @Override
        public Boolean assignment(Statement.Assignment assignment) {
            assignment.local().accept(use);
            assignment.value().accept(use);
            return true;
        }

        @Override
        public Boolean arrayStore(Statement.ArrayStore store) {
            store.array().accept(use);
            store.index().accept(use);
            store.value().accept(use);
            return true;
        }

        @Override
        public Boolean forLoop(Statement.ForLoop loop) {
            declaration(loop.start());
            boolean endless = checkLoopCondition(loop.condition());
            boolean bodyCompletes = checkBody(result, loop.body());
            if (!bodyCompletes) {
                throw fault(
                        "the loop's update is never reached",
                        loop.start().local().name());
            }
            assignment(loop.update());
            scope.remove(loop.start().local().name());
            return !endless;
        }

        @Override
        public Boolean whileLoop(Statement.WhileLoop loop) {
            boolean endless = checkLoopCondition(loop.condition());
            checkBody(result, loop.body());
            return !endless;
        }

        /** Gives true for the literal true; other constants have reachability rules of their own in Java. */
        private boolean checkLoopCondition(Expression condition) {
            boolean varies = condition.accept(use);
            boolean endless = condition.equals(Expression.constant(true));
            if (!varies && !endless) {
                throw fault("loop condition is constant", condition);
            }
            return endless;
        }

        @Override
        public Boolean choice(Statement.Choice choice) {
            choice.condition().accept(use);
            boolean first = checkBody(result, choice.whenTrue());
            boolean second = checkBody(result, choice.whenFalse());
            return first || second;
        }

        @Override
        public Boolean block(Statement.Block block) {
            return checkBody(result, block.body());
        }

        @Override
        public Boolean evaluation(Statement.Evaluation evaluation) {
            evaluation.call().accept(use);
            return true;
        }

        @Override
        public Boolean returns(Statement.Return returns) {
            Type type = returns.value().map(Expression::type).orElse(Primitive.VOID);
            boolean present = returns.value().isPresent();
            if (present == (result == Primitive.VOID) || !result.accepts(type)) {
                throw fault("result type differs", result + " = " + type);
            }
            returns.value().ifPresent(value -> value.accept(use));
            return false;
        }

        @Override
        public Boolean raise(Statement.Raise raise) {
            raise.throwable().accept(use);
            return false;
        }

        @Override
        public Boolean comment(Statement.Comment comment) {
            return true;
        }
    }

    /** Checks that variables are in scope, and tells whether the value can vary: it reads anything but constants. */
    private final class UseCheck implements Expression.Visitor<Boolean> {
        @Override
        public Boolean local(Local local) {
            Type declared = scope.get(local.name());
            if (declared == null) {
                throw fault("variable is not in scope", local.name());
            }
            if (!declared.equals(local.type())) {
                throw fault("variable has another type", local.name() + " (" + declared + ", " + local.type() + ")");
            }
            return true;
        }

        @Override
        public Boolean constant(Expression.Constant constant) {
            return false;
        }

        @Override
        public Boolean unary(Expression.Unary unary) {
            return unary.operand().accept(this);
        }

        @Override
        public Boolean binary(Expression.Binary binary) {
            return binary.left().accept(this) | binary.right().accept(this);
        }

        @Override
        public Boolean comparison(Expression.Comparison comparison) {
            return comparison.left().accept(this) | comparison.right().accept(this);
        }

        @Override
        public Boolean logical(Expression.Logical logical) {
            return logical.left().accept(this) | logical.right().accept(this);
        }

        @Override
        public Boolean conditional(Expression.Conditional conditional) {
            return conditional.condition().accept(this)
                    | conditional.whenTrue().accept(this)
                    | conditional.whenFalse().accept(this);
        }

        @Override
        public Boolean conversion(Expression.Conversion conversion) {
            return conversion.operand().accept(this);
        }

        @Override
        public Boolean cast(Expression.Cast cast) {
            cast.operand().accept(this);
            return true;
        }

        @Override
        public Boolean arrayLoad(Expression.ArrayLoad load) {
            load.array().accept(this);
            load.index().accept(this);
            return true;
        }

        @Override
        public Boolean arrayLength(Expression.ArrayLength length) {
            length.array().accept(this);
            return true;
        }

        @Override
        public Boolean staticField(Expression.StaticField field) {
            // a field with a constant initialiser is a constant expression to javac
            return false;
        }

        @Override
        public Boolean newArray(Expression.NewArray newArray) {
            newArray.length().accept(this);
            return true;
        }

        @Override
        public Boolean call(Expression.Call call) {
            call.arguments().forEach(argument -> argument.accept(this));
            return true;
        }
    }
}
