// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import static java.util.Objects.requireNonNull;

import dev.capstan.codegen.tree.Expression.Call;
import dev.capstan.codegen.tree.Expression.Local;
import java.util.List;
import java.util.Optional;

/** A statement. Bodies are lists; what a body declares ends with it. {@link BlockBuilder} builds them pleasantly. */
public sealed interface Statement {

    /** Calls the visitor's method for this kind of statement. */
    <R> R accept(Visitor<R> visitor);

    /** One method per kind of statement, so that a new kind cannot be forgotten. */
    interface Visitor<R> {
        R declaration(Declaration declaration);

        R assignment(Assignment assignment);

        R arrayStore(ArrayStore store);

        R forLoop(ForLoop loop);

        R whileLoop(WhileLoop loop);

        R choice(Choice choice);

        R block(Block block);

        R evaluation(Evaluation evaluation);

        R returns(Return returns);

        R raise(Raise raise);

        R comment(Comment comment);
    }

    /** {@code type local = initialiser;}: every variable has a value from the start. */
    record Declaration(Local local, Expression initialiser) implements Statement {
        public Declaration {
            requireAccepts("declaration", local.type(), local.name(), initialiser);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.declaration(this);
        }
    }

    /** {@code local = value;}. */
    record Assignment(Local local, Expression value) implements Statement {
        public Assignment {
            requireAccepts("assignment", local.type(), local.name(), value);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.assignment(this);
        }
    }

    /** {@code array[index] = value;}. */
    record ArrayStore(Expression array, Expression index, Expression value) implements Statement {
        public ArrayStore {
            if (!(array.type() instanceof ArrayType type)) {
                throw new IllegalArgumentException("array store: not an array: " + array.type());
            }
            requireAccepts("array store", Primitive.INT, "index", index);
            requireAccepts("array store", type.element(), "element", value);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.arrayStore(this);
        }
    }

    /** {@code for (start; condition; update) body}. */
    record ForLoop(Declaration start, Expression condition, Assignment update, List<Statement> body)
            implements Statement {
        public ForLoop {
            requireNonNull(start, "start");
            requireNonNull(update, "update");
            requireAccepts("for", Primitive.BOOLEAN, "condition", condition);
            body = List.copyOf(body);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.forLoop(this);
        }
    }

    /** {@code while (condition) body}. */
    record WhileLoop(Expression condition, List<Statement> body) implements Statement {
        public WhileLoop {
            requireAccepts("while", Primitive.BOOLEAN, "condition", condition);
            body = List.copyOf(body);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.whileLoop(this);
        }
    }

    /** {@code if (condition) whenTrue else whenFalse}; an empty second body is left out. */
    record Choice(Expression condition, List<Statement> whenTrue, List<Statement> whenFalse) implements Statement {
        public Choice {
            requireAccepts("if", Primitive.BOOLEAN, "condition", condition);
            whenTrue = List.copyOf(whenTrue);
            whenFalse = List.copyOf(whenFalse);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.choice(this);
        }
    }

    /** {@code { body }}. */
    record Block(List<Statement> body) implements Statement {
        public Block {
            body = List.copyOf(body);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.block(this);
        }
    }

    /** A call for its effect; a result is dropped. */
    record Evaluation(Call call) implements Statement {
        public Evaluation {
            requireNonNull(call, "call");
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.evaluation(this);
        }
    }

    /** {@code return value;} or {@code return;}. */
    record Return(Optional<Expression> value) implements Statement {
        public Return {
            requireNonNull(value, "value");
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.returns(this);
        }
    }

    /** {@code throw throwable;}; an unchecked one, or the rendition does not compile. */
    record Raise(Expression throwable) implements Statement {
        public Raise {
            if (!(throwable.type() instanceof ReferenceType)) {
                throw new IllegalArgumentException("throw: not a throwable: " + throwable.type());
            }
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.raise(this);
        }
    }

    /** A comment of one or more lines, in the rendition only. */
    record Comment(String text) implements Statement {
        public Comment {
            requireNonNull(text, "text");
        }

        List<String> lines() {
            return text.isBlank() ? List.of("") : text.strip().lines().toList();
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.comment(this);
        }
    }

    private static void requireAccepts(String statement, Type target, String name, Expression value) {
        if (!target.accepts(value.type())) {
            throw new IllegalArgumentException(
                    statement + ": type differs: " + target + " " + name + " = " + value.type());
        }
    }
}
