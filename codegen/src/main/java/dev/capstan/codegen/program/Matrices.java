// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.codegen.tree.BlockBuilder;
import dev.capstan.codegen.tree.Callee;
import dev.capstan.codegen.tree.Expression;
import dev.capstan.codegen.tree.Primitive;
import dev.capstan.codegen.tree.Type;
import dev.capstan.tracer.schedule.Schedule.Place;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * One product of matrices {@code [m,k] x [k,n]} as calls of the shared contraction.
 *
 * @param output its columns are adjacent
 */
record Matrices(Place left, Place right, Place output) {
    int m() {
        return output.layout().shape().size(0);
    }

    int k() {
        return left.layout().shape().size(1);
    }

    int n() {
        return output.layout().shape().size(1);
    }

    Set<Integer> slots() {
        return new java.util.TreeSet<>(List.of(left.slot(), right.slot(), output.slot()));
    }

    private static Expression number(int value) {
        return Expression.constant(value);
    }

    private static List<Expression> factor(Part part, Place place, Expression moved) {
        Expression position = part.position(place.slot(), place.layout().offset());
        return List.of(
                part.array(place.slot()),
                moved == null ? position : position.plus(moved),
                number(place.layout().stride(0)),
                number(place.layout().stride(1)));
    }

    private List<Expression> output(Part part, Expression moved) {
        Expression position = part.position(output.slot(), output.layout().offset());
        // columns are adjacent; the stride of a single row may be anything
        return List.of(
                part.array(output.slot()),
                moved == null ? position : position.plus(moved),
                number(n()),
                Expression.constant(false));
    }

    private static void call(BlockBuilder block, String method, List<Expression> arguments) {
        Type[] types = arguments.stream().skip(1).map(Expression::type).toArray(Type[]::new);
        block.evaluate(Callee.ofVirtual(Part.CONTRACTION, method, Primitive.VOID, types)
                .call(arguments));
    }

    private List<Expression> sizes(Part part) {
        return List.of(part.contraction(), number(m()), number(k()), number(n()));
    }

    private String text() {
        return "[" + m() + "," + k() + "] x [" + k() + "," + n() + "]";
    }

    /** The product. */
    void multiply(Part part) {
        part.body().comment(text());
        multiply(part, part.body(), null, null, null);
    }

    /** As many products; the matrices of each are so many elements behind those of the one before. */
    void multiplyStack(Part part, int count, int leftStep, int rightStep, int outputStep) {
        part.body().comment(count + " times " + text());
        part.body()
                .count(
                        part.body().fresh("index"),
                        number(0),
                        number(count),
                        1,
                        (block, index) -> multiply(
                                part, block, index.times(leftStep), index.times(rightStep), index.times(outputStep)));
    }

    private void multiply(
            Part part, BlockBuilder block, Expression leftMoved, Expression rightMoved, Expression outputMoved) {
        List<Expression> arguments = new ArrayList<>(sizes(part));
        arguments.addAll(factor(part, left, leftMoved));
        arguments.addAll(factor(part, right, rightMoved));
        arguments.addAll(output(part, outputMoved));
        call(block, "multiply", arguments);
    }

    /** Packs the right factor. */
    void pack(Part part, int pack) {
        List<Expression> arguments = new ArrayList<>(List.of(part.contraction()));
        arguments.addAll(factor(part, right, null));
        arguments.addAll(List.of(number(k()), number(n()), part.pack(pack), number(0)));
        call(part.body(), "pack", arguments);
    }

    /** The product with a right factor of which there may be a copy. */
    void multiplyKept(Part part, int pack) {
        part.body().comment(text());
        List<Expression> arguments = new ArrayList<>(sizes(part));
        arguments.addAll(factor(part, left, null));
        arguments.addAll(factor(part, right, null));
        arguments.add(part.pack(pack));
        arguments.addAll(output(part, null));
        call(part.body(), "multiplyKept", arguments);
    }

    /** The product with a right factor that was packed. */
    void multiplyPacked(Part part, int pack) {
        part.body().comment(text());
        List<Expression> arguments = new ArrayList<>(sizes(part));
        arguments.addAll(factor(part, left, null));
        arguments.addAll(List.of(part.pack(pack), number(0)));
        arguments.addAll(output(part, null));
        call(part.body(), "multiplyPacked", arguments);
    }
}
