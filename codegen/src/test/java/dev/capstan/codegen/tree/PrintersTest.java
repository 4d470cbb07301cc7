// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import static dev.capstan.codegen.tree.Expression.constant;
import static dev.capstan.codegen.tree.Primitive.BOOLEAN;
import static dev.capstan.codegen.tree.Primitive.BYTE;
import static dev.capstan.codegen.tree.Primitive.DOUBLE;
import static dev.capstan.codegen.tree.Primitive.FLOAT;
import static dev.capstan.codegen.tree.Primitive.INT;
import static dev.capstan.codegen.tree.Primitive.LONG;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.codegen.tree.Expression.Local;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("everywhere")
class PrintersTest {
    private static final ReferenceType MATH = ReferenceType.of("java.lang.Math");
    private static final Callee FMA = Callee.ofStatic(MATH, "fma", FLOAT, FLOAT, FLOAT, FLOAT);
    private static final float[] EDGES = {
        0f, -0f, 1f, -1f, 1.5f, 1e-45f, Float.MAX_VALUE, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY
    };

    private static MethodTree function(String name, Type parameter, Function<Local, Expression> body) {
        MethodTree.Builder method = MethodTree.named(name);
        Expression value = body.apply(method.parameter("x", parameter));
        method.result(value.type()).body().returns(value);
        return method.build();
    }

    private static MethodTree function(
            String name, Type parameter, java.util.function.BiFunction<Local, Local, Expression> body) {
        MethodTree.Builder method = MethodTree.named(name);
        Expression value = body.apply(method.parameter("x", parameter), method.parameter("y", parameter));
        method.result(value.type()).body().returns(value);
        return method.build();
    }

    private static TwoPrints print(MethodTree... methods) {
        ClassTree.Builder tree = ClassTree.named("dev.capstan.generated.Printed");
        List.of(methods).forEach(tree::method);
        return new TwoPrints(tree.build());
    }

    /** A dot product as one chain, the worked example of the package's documentation. */
    private static MethodTree dot() {
        MethodTree.Builder method = MethodTree.named("dot").comment("The chain fma(a[k], b[k], sum) over ascending k.");
        Local a = method.parameter("a", FLOAT.array());
        Local b = method.parameter("b", FLOAT.array());
        method.result(FLOAT);
        BlockBuilder body = method.body();
        Local sum = body.declare("sum", constant(0f));
        body.count("k", constant(0), a.length(), 1, (loop, k) -> loop.assign(sum, FMA.call(a.at(k), b.at(k), sum)));
        body.returns(sum);
        return method.build();
    }

    @Test
    void textIsReadable() {
        String text = JavaPrinter.print(ClassTree.named("dev.capstan.generated.Printed")
                        .method(dot())
                        .build())
                .text();
        assertEquals("""
                package dev.capstan.generated;

                public final class Printed {
                    /**
                     * The chain fma(a[k], b[k], sum) over ascending k.
                     */
                    public static float dot(float[] a, float[] b) {
                        float sum = 0.0f;
                        for (int k = 0; k < a.length; k++) {
                            sum = Math.fma(a[k], b[k], sum);
                        }
                        return sum;
                    }
                }
                """, text);
    }

    @Test
    void loopComputesTheSameBits() {
        Object[] results = print(dot()).call("dot", EDGES, new float[] {3, 1, .1f, .3f, 7, 9, 0, 0, 0, 0});
        assertEquals(results[0], results[1]);
        Object[] finite = print(dot()).call("dot", new float[] {.1f, .7f, 1e-8f}, new float[] {3f, .3f, 11f});
        assertEquals(Math.fma(1e-8f, 11f, Math.fma(.7f, .3f, Math.fma(.1f, 3f, 0f))), finite[0]);
        assertEquals(finite[0], finite[1]);
    }

    @Test
    void floatOperatorsAgreeOnEveryPairOfEdges() {
        List<MethodTree> methods = new ArrayList<>();
        methods.add(function("sum", FLOAT, (x, y) -> x.plus(y).minus(y.minus(x))));
        methods.add(function("product", FLOAT, (x, y) -> x.times(y.dividedBy(x)).remainder(y)));
        methods.add(
                function("negated", FLOAT, (x, y) -> x.negate().minus(y.negate().negate())));
        methods.add(function("less", FLOAT, (x, y) -> x.lessThan(y)));
        methods.add(function("notLess", FLOAT, (x, y) -> x.lessThan(y).not()));
        methods.add(function(
                "atMost", FLOAT, (x, y) -> x.atMost(y).andAlso(y.atMost(x).not())));
        methods.add(function(
                "greater", FLOAT, (x, y) -> x.greaterThan(y).orElse(x.atLeast(y).not())));
        methods.add(function("equal", FLOAT, (x, y) -> x.equalTo(y).xor(x.notEqualTo(x))));
        methods.add(function(
                "chosen",
                FLOAT,
                (x, y) -> x.greaterThan(y).choose(x, y.equalTo(y).choose(y, x.negate()))));
        methods.add(function(
                "rounded", FLOAT, (x, y) -> x.convert(LONG).plus(y.convert(INT).convert(LONG))));
        methods.add(function(
                "narrowed",
                FLOAT,
                (x, y) -> x.convert(DOUBLE).times(y.convert(DOUBLE)).convert(BYTE)));
        TwoPrints prints = print(methods.toArray(MethodTree[]::new));
        for (MethodTree method : methods) {
            for (float x : EDGES) {
                for (float y : EDGES) {
                    Object[] results = prints.call(method.name(), x, y);
                    assertEquals(results[1], results[0], () -> method.name() + "(" + x + "," + y + ")");
                }
            }
        }
        assertEquals(false, prints.call("less", Float.NaN, 1f)[0]);
        assertEquals(true, prints.call("notLess", Float.NaN, 1f)[0]);
    }

    @Test
    void integerOperatorsAgree() {
        List<MethodTree> methods = new ArrayList<>();
        methods.add(function(
                "mixed",
                INT,
                (x, y) -> x.shiftLeft(y)
                        .xor(x.shiftRight(y))
                        .or(x.and(y.complement()))
                        .plus(x.shiftRightUnsigned(y))));
        methods.add(function(
                "grouped", INT, (x, y) -> x.minus(y.minus(x)).times(y.plus(3)).minus(constant(-7))));
        methods.add(function(
                "wide",
                INT,
                (x, y) -> x.convert(LONG).complement().times(y.convert(LONG)).shiftRight(constant(3))));
        methods.add(function("signed", INT, (x, y) -> x.lessThan(constant(0)).and(y.atLeast(x))));
        methods.add(
                function("octet", INT, (x, y) -> x.convert(BYTE).convert(FLOAT).plus(y.convert(FLOAT))));
        TwoPrints prints = print(methods.toArray(MethodTree[]::new));
        int[] values = {0, 1, -1, 7, 31, 200, -200, Integer.MAX_VALUE, Integer.MIN_VALUE};
        for (MethodTree method : methods) {
            for (int x : values) {
                for (int y : values) {
                    Object[] results = prints.call(method.name(), x, y);
                    assertEquals(results[1], results[0], () -> method.name() + "(" + x + "," + y + ")");
                }
            }
        }
        assertEquals((byte) 200 + 5f, prints.call("octet", 200, 5)[0]);
    }

    @Test
    void constantsAreExact() {
        Object[] values = {
            0f,
            -0f,
            1f,
            Float.MIN_VALUE,
            Float.MAX_VALUE,
            .1f,
            Float.NaN,
            Float.intBitsToFloat(0x7fc12345),
            Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY,
            0d,
            -0d,
            1d,
            Double.MIN_VALUE,
            Math.PI,
            Double.NaN,
            Double.longBitsToDouble(0x7ff8000000abcdefL),
            Double.POSITIVE_INFINITY,
            Double.NEGATIVE_INFINITY,
            0,
            -1,
            5,
            127,
            128,
            -32768,
            32768,
            Integer.MIN_VALUE,
            Integer.MAX_VALUE,
            0L,
            1L,
            -1L,
            Long.MIN_VALUE,
            (byte) -128,
            (byte) 7,
            true,
            false,
            "plain",
            "\"quoted\\\" \n\t\u0001 é \u2028"
        };
        ClassTree.Builder tree = ClassTree.named("dev.capstan.generated.Constants");
        for (int i = 0; i < values.length; i++) {
            Expression value = new Expression.Constant(typeOf(values[i]), values[i]);
            MethodTree.Builder method = MethodTree.named("value" + i).result(value.type());
            method.body().returns(value);
            tree.method(method.build());
        }
        TwoPrints prints = new TwoPrints(tree.build());
        for (int i = 0; i < values.length; i++) {
            Object[] results = prints.call("value" + i);
            assertEquals(bits(values[i]), bits(results[0]));
            assertEquals(bits(values[i]), bits(results[1]));
        }
    }

    private static Type typeOf(Object value) {
        return value instanceof Float
                ? FLOAT
                : value instanceof Double
                        ? DOUBLE
                        : value instanceof Integer
                                ? INT
                                : value instanceof Long
                                        ? LONG
                                        : value instanceof Byte
                                                ? BYTE
                                                : value instanceof Boolean ? BOOLEAN : ReferenceType.STRING;
    }

    private static Object bits(Object value) {
        return value instanceof Float number
                ? Float.floatToRawIntBits(number)
                : value instanceof Double number ? Double.doubleToRawLongBits(number) : value;
    }

    @Test
    void arraysOfEveryTypeAreStoredAndLoaded() {
        List<MethodTree> methods = new ArrayList<>();
        for (Primitive element : List.of(BYTE, INT, LONG, FLOAT, DOUBLE)) {
            MethodTree.Builder method = MethodTree.named("last" + element.descriptor());
            Local n = method.parameter("n", INT);
            BlockBuilder body = method.body();
            Local array = body.declare("array", Expression.newArray(element, n));
            body.count("i", constant(0), array.length(), 1, (loop, i) -> loop.store(array, i, i.convert(element)));
            Expression last = array.at(n.minus(constant(1)));
            body.returns(last);
            methods.add(method.result(element).build());
        }
        TwoPrints prints = print(methods.toArray(MethodTree[]::new));
        for (MethodTree method : methods) {
            Object[] results = prints.call(method.name(), 200);
            assertEquals(results[1], results[0]);
            assertEquals(method.result() == BYTE ? -57 : 199, ((Number) results[0]).intValue());
        }
    }

    @Test
    void booleanArraysAndReferencesAgree() {
        ReferenceType list = ReferenceType.of("java.util.List", ReferenceType.STRING);
        ReferenceType arrayList = ReferenceType.of("java.util.ArrayList", ReferenceType.STRING);
        MethodTree.Builder method = MethodTree.named("joined").result(ReferenceType.STRING);
        Local flags = method.parameter("flags", BOOLEAN.array());
        BlockBuilder body = method.body();
        Callee add = Callee.ofInterface(list, "add", BOOLEAN, ReferenceType.OBJECT);
        Callee get = Callee.ofInterface(list, "get", ReferenceType.OBJECT, INT);
        Callee concat = Callee.ofVirtual(ReferenceType.STRING, "concat", ReferenceType.STRING, ReferenceType.STRING);
        // declared as the interface and assigned again in a loop: frames must see the declared type
        Local words =
                body.declare("words", list, Callee.ofConstructor(arrayList).call());
        Local text = body.declare("text", ReferenceType.STRING, constant(""));
        body.count("i", constant(0), flags.length(), 1, (loop, i) -> {
            loop.assign(words, Callee.ofConstructor(arrayList).call());
            loop.evaluate(add, words, flags.at(i).choose(constant("yes "), constant("no ")));
            loop.assign(text, concat.call(text, get.call(words, constant(0)).cast(ReferenceType.STRING)));
        });
        body.when(text.equalTo(Expression.nullOf(ReferenceType.STRING)), then -> then.assign(text, constant("null")));
        body.returns(text);
        Object[] results = print(method.build()).call("joined", new boolean[] {true, false, true});
        assertArrayEquals(new Object[] {"yes no yes ", "yes no yes "}, results);
    }

    @Test
    void fieldsAreInitialisedInOrderAndInstanceMethodsImplementInterfaces() throws ReflectiveOperationException {
        ClassTree.Builder tree = ClassTree.named("dev.capstan.generated.Scaling")
                .implementing(ReferenceType.of(IntUnaryOperator.class.getName()));
        Expression factor = tree.field("FACTOR", INT, constant(3));
        Expression square = tree.field("SQUARE", INT, factor.times(factor));
        MethodTree.Builder method = MethodTree.named("applyAsInt").instance().result(INT);
        Local operand = method.parameter("operand", INT);
        method.body().returns(operand.times(square));
        TwoPrints prints = new TwoPrints(tree.method(method.build()).build());
        for (Class<?> type : List.of(prints.printed(), prints.compiled())) {
            IntUnaryOperator scaling = assertInstanceOf(
                    IntUnaryOperator.class, type.getConstructor().newInstance());
            assertEquals(63, scaling.applyAsInt(7));
        }
    }

    @Test
    void controlFlowAgrees() {
        // Collatz steps, written with every kind of control flow
        MethodTree.Builder method = MethodTree.named("steps").result(INT);
        Local start = method.parameter("start", INT);
        BlockBuilder body = method.body();
        body.when(start.lessThan(constant(1)), then -> then.returns(constant(-1)));
        Local steps = body.declare("steps", constant(0));
        Local value = body.declare("value", start.convert(LONG));
        body.loop(constant(true), loop -> {
            loop.when(value.equalTo(constant(1L)), then -> then.returns(steps));
            loop.block(block -> {
                Local half = block.declare("half", value.dividedBy(constant(2L)));
                block.when(
                        half.times(constant(2L)).equalTo(value),
                        even -> even.assign(value, half),
                        odd -> odd.assign(value, value.times(constant(3L)).plus(constant(1L))));
            });
            loop.comment("one more\nof them");
            loop.assign(steps, steps.plus(1));
        });
        TwoPrints prints = print(method.build());
        assertArrayEquals(new Object[] {111, 111}, prints.call("steps", 27));
        assertArrayEquals(new Object[] {-1, -1}, prints.call("steps", 0));
    }

    @Test
    void stackTraceNamesTheLineOfTheText() {
        MethodTree.Builder method = MethodTree.named("copy").comment("Two lines\nabove the method.");
        Local source = method.parameter("source", FLOAT.array());
        Local target = method.parameter("target", FLOAT.array());
        BlockBuilder body = method.body();
        body.comment("the loop\nruns to the end of the source");
        body.count("i", constant(0), source.length(), 1, (loop, i) -> {
            Local value = loop.declare("value", source.at(i).times(constant(2f)));
            loop.store(target, i, value);
        });
        ClassTree.Builder tree = ClassTree.named("dev.capstan.generated.Copy");
        tree.field(
                "LIST",
                ReferenceType.of("java.util.List"),
                Callee.ofInterfaceStatic(ReferenceType.of("java.util.List"), "of", ReferenceType.of("java.util.List"))
                        .call());
        TwoPrints prints = new TwoPrints(tree.method(method.build()).build());
        String[] text = prints.rendition().text().split("\n");
        for (Class<?> type : List.of(prints.printed(), prints.compiled())) {
            assertEquals("target[i] = value;", failingLine(type, text, new float[3], new float[2]));
            assertEquals("for (int i = 0; i < source.length; i++) {", failingLine(type, text, null, new float[2]));
        }
    }

    private static String failingLine(Class<?> type, String[] text, Object... arguments) {
        Throwable thrown = assertInstanceOf(Throwable.class, TwoPrints.invoke(type, "copy", arguments));
        StackTraceElement top = thrown.getStackTrace()[0];
        assertEquals("Copy.java", top.getFileName());
        return text[top.getLineNumber() - 1].strip();
    }

    @Test
    void raisedExceptionsCarryTheirMessage() {
        ReferenceType failure = ReferenceType.of("java.lang.IllegalStateException");
        MethodTree.Builder method = MethodTree.named("fail");
        method.body().raise(Callee.ofConstructor(failure, ReferenceType.STRING).call(constant("index: out of range")));
        for (Object result : print(method.build()).call("fail")) {
            assertEquals(
                    "index: out of range",
                    assertInstanceOf(IllegalStateException.class, result).getMessage());
        }
    }

    @Test
    void overlargeMethodIsRejected() {
        assertTrue(sized(600).length > 0);
        UncompilableMethodException thrown = assertThrows(UncompilableMethodException.class, () -> sized(900));
        assertEquals("dev.capstan.generated.Large.large", thrown.method());
        assertThrows(UncompilableMethodException.class, () -> sized(10_000));
    }

    @Test
    void methodThatPassesTooManyArgumentsOnIsRejected() {
        int half = UncompilableMethodException.IN_REGISTERS + UncompilableMethodException.MOST_ON_STACK / 2;
        assertTrue(passing(half, half).length > 0);
        assertTrue(passing(half + 1, half - 1).length > 0);
        UncompilableMethodException thrown =
                assertThrows(UncompilableMethodException.class, () -> passing(half + 1, half));
        assertEquals("dev.capstan.generated.Passing.pass", thrown.method());
        assertThrows(UncompilableMethodException.class, () -> passing(half, half + 1));
        assertThrows(UncompilableMethodException.class, () -> passing(2 * half, 0));
    }

    private static byte[] passing(int parameters, int arguments) {
        MethodTree.Builder method = MethodTree.named("pass");
        for (int i = 0; i < parameters; i++) {
            method.parameter("p" + i, INT);
        }
        Type[] types = Collections.nCopies(arguments, INT).toArray(Type[]::new);
        Expression[] zeros = Collections.nCopies(arguments, constant(0)).toArray(Expression[]::new);
        ReferenceType owner = ReferenceType.of("dev.capstan.generated.Passing");
        method.body().evaluate(Callee.ofStatic(owner, "taking", Primitive.VOID, types), zeros);
        ClassTree tree = ClassTree.named("dev.capstan.generated.Passing")
                .method(method.build())
                .build();
        return BytecodePrinter.print(tree, JavaPrinter.print(tree));
    }

    private static byte[] sized(int statements) {
        MethodTree.Builder method = MethodTree.named("large");
        Local a = method.parameter("a", FLOAT.array());
        for (int i = 0; i < statements; i++) {
            method.body().store(a, constant(i), a.at(constant(i)).plus(constant(1f)));
        }
        ClassTree tree = ClassTree.named("dev.capstan.generated.Large")
                .method(method.build())
                .build();
        return BytecodePrinter.print(tree, JavaPrinter.print(tree));
    }
}
