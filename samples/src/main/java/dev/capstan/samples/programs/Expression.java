// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

import dev.capstan.Generator;

/** A logical expression: a constant, or two expressions and how they are combined. */
public sealed interface Expression {
    /** What stands in a node. */
    enum Symbol {
        FALSE("f"),
        TRUE("t"),
        AND("and"),
        OR("or"),
        XOR("xor");

        private final String label;

        Symbol(String label) {
            this.label = label;
        }
    }

    /** A constant. */
    record Leaf(Symbol symbol) implements Expression {
        @Override
        public boolean value() {
            return symbol == Symbol.TRUE;
        }

        @Override
        public String toString() {
            return symbol.label;
        }
    }

    /** Two expressions combined. */
    record Pair(Symbol symbol, Expression left, Expression right) implements Expression {
        @Override
        public boolean value() {
            return switch (symbol) {
                case AND -> left.value() && right.value();
                case OR -> left.value() || right.value();
                default -> left.value() != right.value();
            };
        }

        @Override
        public String toString() {
            return "(" + left + " " + symbol.label + " " + right + ")";
        }
    }

    /** What stands at the top. */
    Symbol symbol();

    /** Whether it is true. */
    boolean value();

    /** A random expression with a number of leaves; any split of the leaves is equally likely at every node. */
    static Expression random(Generator generator, int leaves) {
        if (leaves == 1) {
            return new Leaf(generator.nextInt(2) == 0 ? Symbol.FALSE : Symbol.TRUE);
        }
        Symbol symbol = Symbol.values()[2 + generator.nextInt(3)];
        int left = 1 + generator.nextInt(leaves - 1);
        return new Pair(symbol, random(generator, left), random(generator, leaves - left));
    }
}
