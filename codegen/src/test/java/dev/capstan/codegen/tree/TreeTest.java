// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import static dev.capstan.codegen.tree.Expression.constant;
import static dev.capstan.codegen.tree.Primitive.FLOAT;
import static dev.capstan.codegen.tree.Primitive.INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.capstan.codegen.tree.Expression.Local;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

@Tag("everywhere")
class TreeTest {
    private final Local i = new Local("i", INT);
    private final Local x = new Local("x", FLOAT);

    private static void assertRejected(String message, Executable executable) {
        assertEquals(
                message,
                assertThrows(IllegalArgumentException.class, executable).getMessage());
    }

    private static Executable method(Type result, Consumer<BlockBuilder> body) {
        MethodTree.Builder method = MethodTree.named("m").result(result);
        body.accept(method.body());
        return method::build;
    }

    @Test
    void expressionsAreWellTyped() {
        assertRejected("ADD: not defined for the operands: [int, float]", () -> i.plus(x));
        assertRejected("SHIFT_LEFT: not defined for the operands: [float, int]", () -> x.shiftLeft(i));
        assertRejected(
                "LESS: not defined for the operands: [boolean, boolean]",
                () -> constant(true).lessThan(constant(false)));
        assertRejected("NOT: not defined for the operand: [int]", i::not);
        assertRejected(
                "conditional: types differ: [int, float]", () -> constant(true).choose(i, x));
        assertRejected("array load: not an array: [int]", () -> i.at(i));
        assertRejected("array load: index must be int: [float]", () -> new Local("a", FLOAT.array()).at(x));
        assertRejected(
                "call: argument 0 type differs: [java.lang.Math.abs(float), int]",
                () -> Callee.ofStatic(ReferenceType.of("java.lang.Math"), "abs", FLOAT, FLOAT)
                        .call(i));
    }

    @Test
    void namesFitBothPrints() {
        assertRejected("variable: not a Java identifier: \"for\"", () -> new Local("for", INT));
        assertRejected("variable: must start with a lower-case letter: \"Math\"", () -> new Local("Math", INT));
        assertRejected("class name: not a Java identifier: \"1\"", () -> ReferenceType.of("a.1"));
        assertRejected(
                "class: neither nested nor generic: a.B$C",
                () -> ClassTree.named("a.B$C").build());
    }

    @Test
    void variablesAreDeclaredOnceAndBeforeUse() {
        assertRejected(
                "method m: variable is not in scope: i", method(Primitive.VOID, body -> body.assign(i, constant(1))));
        assertRejected("method m: variable declared twice: i", method(Primitive.VOID, body -> {
            body.declare("i", constant(1));
            body.block(block -> block.declare("i", constant(2)));
        }));
        assertRejected("method m: variable is not in scope: j", method(INT, body -> {
            body.block(block -> block.declare("j", constant(2)));
            body.returns(new Local("j", INT));
        }));
        assertRejected("method m: variable has another type: i (float, int)", method(INT, body -> {
            body.declare("i", constant(1f));
            body.returns(i);
        }));
    }

    @Test
    void everyPathEndsInAResult() {
        assertRejected(
                "method m: the end is reached without a result: int",
                method(INT, body -> body.when(constant(true), then -> then.returns(constant(1)))));
        assertRejected("method m: result type differs: int = float", method(INT, body -> body.returns(constant(1f))));
        assertRejected("method m: unreachable statement: Return[value=Optional.empty]", method(Primitive.VOID, body -> {
            body.returns();
            body.returns();
        }));
        assertRejected(
                "method m: loop condition is constant: Constant[type=boolean, value=false]",
                method(Primitive.VOID, body -> body.loop(constant(false), loop -> {})));
    }

    @Test
    void freshNamesDoNotRepeat() {
        BlockBuilder body = MethodTree.named("m").body();
        Local t = body.declare(body.fresh("t"), constant(1));
        assertEquals("t", t.name());
        assertEquals("t2", body.fresh("t"));
        assertEquals("t3", body.fresh("t"));
    }

    @Test
    void membersAreDeclaredOnce() {
        MethodTree method = MethodTree.named("m").build();
        ClassTree.Builder tree = ClassTree.named("a.B").method(method).method(method);
        assertRejected("class: member declared twice: m()V", tree::build);
    }
}
