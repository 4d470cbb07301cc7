// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import static java.util.Objects.requireNonNull;

import dev.capstan.codegen.tree.Expression.Call;
import dev.capstan.codegen.tree.Expression.Local;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** Collects the statements of a body in program order. */
public final class BlockBuilder {
    private final Set<String> names;
    private final List<Statement> statements = new ArrayList<>();

    BlockBuilder(Set<String> names) {
        this.names = names;
    }

    /** A variable name that the method does not use yet: the stem itself, or the stem and a number. */
    public String fresh(String stem) {
        String name = stem;
        for (int i = 2; !names.add(name); i++) {
            name = stem + i;
        }
        return name;
    }

    /** Appends any statement. */
    public BlockBuilder add(Statement statement) {
        statements.add(requireNonNull(statement, "statement"));
        return this;
    }

    /** Declares a variable of the initialiser's type. */
    public Local declare(String name, Expression initialiser) {
        return declare(name, initialiser.type(), initialiser);
    }

    /** Declares a variable. */
    public Local declare(String name, Type type, Expression initialiser) {
        Local local = new Local(name, type);
        names.add(name);
        add(new Statement.Declaration(local, initialiser));
        return local;
    }

    public BlockBuilder assign(Local local, Expression value) {
        return add(new Statement.Assignment(local, value));
    }

    public BlockBuilder store(Expression array, Expression index, Expression value) {
        return add(new Statement.ArrayStore(array, index, value));
    }

    /** {@code for (int name = from; name < to; name += step)}; {@code to} is evaluated before every turn. */
    public BlockBuilder count(
            String name, Expression from, Expression to, int step, BiConsumer<BlockBuilder, Local> body) {
        Local index = new Local(name, from.type());
        names.add(name);
        return add(new Statement.ForLoop(
                new Statement.Declaration(index, from),
                index.lessThan(to),
                new Statement.Assignment(index, index.plus(step)),
                collect(block -> body.accept(block, index))));
    }

    /** {@code while (condition)}. */
    public BlockBuilder loop(Expression condition, Consumer<BlockBuilder> body) {
        return add(new Statement.WhileLoop(condition, collect(body)));
    }

    /** {@code if (condition)}. */
    public BlockBuilder when(Expression condition, Consumer<BlockBuilder> whenTrue) {
        return add(new Statement.Choice(condition, collect(whenTrue), List.of()));
    }

    /** {@code if (condition) ... else ...}. */
    public BlockBuilder when(Expression condition, Consumer<BlockBuilder> whenTrue, Consumer<BlockBuilder> whenFalse) {
        return add(new Statement.Choice(condition, collect(whenTrue), collect(whenFalse)));
    }

    /** A block of its own, for variables that should end early. */
    public BlockBuilder block(Consumer<BlockBuilder> body) {
        return add(new Statement.Block(collect(body)));
    }

    /** Calls for the effect. */
    public BlockBuilder evaluate(Call call) {
        return add(new Statement.Evaluation(call));
    }

    /** Calls for the effect. */
    public BlockBuilder evaluate(Callee callee, Expression... arguments) {
        return evaluate(callee.call(arguments));
    }

    public BlockBuilder returns(Expression value) {
        return add(new Statement.Return(Optional.of(value)));
    }

    public BlockBuilder returns() {
        return add(new Statement.Return(Optional.empty()));
    }

    public BlockBuilder raise(Expression throwable) {
        return add(new Statement.Raise(throwable));
    }

    public BlockBuilder comment(String text) {
        return add(new Statement.Comment(text));
    }

    List<Statement> statements() {
        return List.copyOf(statements);
    }

    private List<Statement> collect(Consumer<BlockBuilder> body) {
        BlockBuilder block = new BlockBuilder(names);
        body.accept(block);
        return block.statements();
    }
}
