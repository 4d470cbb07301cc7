// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import java.util.Arrays;
import java.util.List;

/**
 * On which line of the Java rendition each field and statement stands, computed from the tree alone: a class can be
 * printed with its line numbers although nobody may ever ask for its text, which is far slower to print.
 *
 * <p>The layout is that of {@link JavaPrinter}: a statement is one line, a body is closed by a line of its own, members
 * are separated by one empty line.
 */
final class LineLayout implements Statement.Visitor<Void> {
    private int[] lines = new int[64];
    private int count;
    private int line;

    private LineLayout(int firstLine) {
        this.line = firstLine;
    }

    /** The 1-based lines of the fields and then of the statements of each method, in printing order. */
    static int[] of(ClassTree tree) {
        int imports = ImportedTypes.of(tree).size();
        int packageLines = tree.type().packageName().isEmpty() ? 0 : 2;
        int importLines = imports == 0 ? 0 : imports + 1;
        LineLayout layout = new LineLayout(1 + packageLines + importLines);
        layout.members(tree);
        return Arrays.copyOf(layout.lines, layout.count);
    }

    private void members(ClassTree tree) {
        line += commentLines(tree.comment()) + 1;
        boolean first = true;
        for (FieldTree field : tree.fields()) {
            line += first ? 0 : 1;
            first = false;
            note();
        }
        for (MethodTree method : tree.methods()) {
            line += first ? 0 : 1;
            first = false;
            line += commentLines(method.comment()) + (method.isStatic() ? 0 : 1) + 1;
            body(method.body());
            line++;
        }
    }

    private static int commentLines(String comment) {
        return comment.isEmpty() ? 0 : (int) comment.strip().lines().count() + 2;
    }

    /** Notes the current line for the next field or statement, and goes to the line below. */
    private void note() {
        if (count == lines.length) {
            lines = Arrays.copyOf(lines, 2 * count);
        }
        lines[count++] = line++;
    }

    private void body(List<Statement> body) {
        body.forEach(statement -> statement.accept(this));
    }

    private Void closed(List<Statement> body) {
        note();
        body(body);
        line++;
        return null;
    }

    private Void single() {
        note();
        return null;
    }

    @Override
    public Void declaration(Statement.Declaration declaration) {
        return single();
    }

    @Override
    public Void assignment(Statement.Assignment assignment) {
        return single();
    }

    @Override
    public Void arrayStore(Statement.ArrayStore store) {
        return single();
    }

    @Override
    public Void forLoop(Statement.ForLoop loop) {
        return closed(loop.body());
    }

    @Override
    public Void whileLoop(Statement.WhileLoop loop) {
        return closed(loop.body());
    }

    @Override
    public Void choice(Statement.Choice choice) {
        closed(choice.whenTrue());
        if (!choice.whenFalse().isEmpty()) {
            // the line that closes the first body opens the second
            body(choice.whenFalse());
            line++;
        }
        return null;
    }

    @Override
    public Void block(Statement.Block block) {
        return closed(block.body());
    }

    @Override
    public Void evaluation(Statement.Evaluation evaluation) {
        return single();
    }

    @Override
    public Void returns(Statement.Return returns) {
        return single();
    }

    @Override
    public Void raise(Statement.Raise raise) {
        return single();
    }

    @Override
    public Void comment(Statement.Comment comment) {
        note();
        line += comment.lines().size() - 1;
        return null;
    }
}
