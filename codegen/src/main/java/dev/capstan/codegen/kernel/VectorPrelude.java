// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import static dev.capstan.codegen.tree.Expression.constant;
import static dev.capstan.codegen.tree.Primitive.DOUBLE;
import static dev.capstan.codegen.tree.Primitive.FLOAT;
import static dev.capstan.codegen.tree.Primitive.INT;
import static dev.capstan.codegen.tree.Primitive.LONG;
import static dev.capstan.codegen.tree.Primitive.VOID;
import static java.lang.invoke.MethodType.methodType;

import dev.capstan.codegen.kernel.WarmUpThread.Job;
import dev.capstan.codegen.kernel.WarmUpThread.Progress;
import dev.capstan.codegen.tree.BlockBuilder;
import dev.capstan.codegen.tree.Callee;
import dev.capstan.codegen.tree.ClassTree;
import dev.capstan.codegen.tree.Expression;
import dev.capstan.codegen.tree.Expression.Local;
import dev.capstan.codegen.tree.MethodTree;
import dev.capstan.codegen.tree.Primitive;
import dev.capstan.codegen.tree.ReferenceType;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Operators of every kind on vectors of every element type, before any kernel runs.
 *
 * <p>The methods of the Vector API take their operator as an argument, and hand it to a few methods that all share. If
 * HotSpot compiles these while they have only ever seen multiply-adds, it takes that for granted; the first other operator
 * then counts as a failed guess, in each of the thousands of places where such a method is inlined. From a hundred on its
 * optimising compiler guesses no types at all in the method at hand, and the kernels with the most operations, which transpose
 * blocks, allocate their vectors for ever: in about half of all runs of JDK 17, and of no other that was looked at.
 */
final class VectorPrelude {
    private static final String API = "jdk.incubator.vector.";
    private static final ReferenceType ANY_VECTOR = ReferenceType.of(API + "Vector");
    private static final ReferenceType MASK = ReferenceType.of(API + "VectorMask");
    private static final ReferenceType SHUFFLE = ReferenceType.of(API + "VectorShuffle");
    private static final ReferenceType OPERATORS = ReferenceType.of(API + "VectorOperators");

    private static final int NEEDS_IT_UNTIL = 17;
    /** HotSpot begins to look at what a method is called with after 200 calls. */
    private static final int TIMES_OF_A_SLICE = 20;

    static final int SLICES = 15;

    private final VectorWidth width;
    private final ClassTree.Builder type = ClassTree.named(GeneratedClasses.PACKAGE + ".VectorPrelude")
            .comment("Operators of every kind on vectors of every element type.");

    private VectorPrelude(VectorWidth width) {
        this.width = width;
    }

    /** The job to do before all others; empty where it is not needed. */
    static Optional<Job> job() {
        boolean needed = Runtime.version().feature() <= NEEDS_IT_UNTIL && VectorWidth.isAvailable();
        return needed ? Optional.of(always()) : Optional.empty();
    }

    /** The job, whether it is needed or not. */
    static Job always() {
        return new Playing();
    }

    /** Plays it, in slices of some milliseconds. */
    private static final class Playing implements Job {
        /** Made by the first slice. */
        private MethodHandle floats;

        private MethodHandle doubles;
        private int slices;

        @Override
        public Progress advance() {
            int lanes = VectorWidth.current().orElseThrow().bits() / Byte.SIZE;
            if (floats == null) {
                GeneratedClass made = GeneratedClasses.shared()
                        .define(new VectorPrelude(VectorWidth.current().orElseThrow()).tree());
                floats = made.staticMethod("floats", methodType(void.class, float[].class, int[].class));
                doubles = made.staticMethod("doubles", methodType(void.class, double[].class, long[].class));
            }
            try {
                for (int i = 0; i < TIMES_OF_A_SLICE; i++) {
                    floats.invokeExact(new float[lanes], new int[lanes]);
                    doubles.invokeExact(new double[lanes], new long[lanes]);
                }
            } catch (RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException("vector: an operator failed", e);
            }
            return ++slices < SLICES ? Progress.WORKING : Progress.DONE;
        }

        @Override
        public boolean isWanted() {
            return true;
        }

        @Override
        public void failed(Throwable reason) {
            // so will the kernels, and say so
        }
    }

    private ClassTree tree() {
        return type.method(mixture("floats", FLOAT, INT, "Floats", "Ints", "F2I"))
                .method(mixture("doubles", DOUBLE, LONG, "Doubles", "Longs", "D2L"))
                .build();
    }

    private MethodTree mixture(
            String name, Primitive real, Primitive integer, String reals, String integers, String conversion) {
        Lane floating = new Lane(real);
        Lane whole = new Lane(integer);
        MethodTree.Builder method = MethodTree.named(name);
        Local elements = method.parameter("elements", real.array());
        Local bits = method.parameter("bits", integer.array());
        BlockBuilder body = method.body();
        Local x = body.declare("x", floating.load(elements));
        body.assign(x, floating.unary("NEG", x));
        body.assign(x, floating.unary("SQRT", x));
        body.assign(x, floating.binary("ADD", "Associative", x, x));
        body.assign(x, floating.binary("SUB", "Binary", x, x));
        body.assign(x, floating.ternary("FMA", x, x, x));
        body.assign(x, floating.blend(x, x, floating.compare("LT", x, x)));
        Local i = body.declare(
                "i",
                Callee.ofVirtual(floating.vector, "reinterpretAs" + integers, whole.vector)
                        .call(x));
        body.assign(i, whole.unary("NEG", i));
        body.assign(i, whole.binary("AND", "Associative", i, i));
        body.assign(i, whole.binary("ASHR", "Binary", i, i));
        body.assign(i, whole.ternary("BITWISE_BLEND", i, i, i));
        body.assign(i, whole.blend(i, i, whole.compare("GE", i, i)));
        body.assign(
                i,
                Callee.ofVirtual(whole.vector, "rearrange", whole.vector, SHUFFLE)
                        .call(i, whole.iota()));
        body.evaluate(whole.store(), i, bits, constant(0));
        body.assign(
                x,
                Callee.ofVirtual(whole.vector, "reinterpretAs" + reals, floating.vector)
                        .call(i));
        body.evaluate(floating.store(), x, elements, constant(0));
        body.evaluate(Callee.ofVirtual(floating.vector, "convertShape", ANY_VECTOR, kind("Conversion"), species(), INT)
                .call(x, operator(conversion, "Conversion"), whole.species, constant(0)));
        body.evaluate(Callee.ofVirtual(floating.vector, "reduceLanes", real, kind("Associative"))
                .call(x, operator("MAX", "Associative")));
        return method.build();
    }

    private static ReferenceType species() {
        return ReferenceType.of(API + "VectorSpecies");
    }

    private static ReferenceType kind(String kind) {
        return ReferenceType.of(API + "VectorOperators$" + kind);
    }

    private static Expression operator(String name, String kind) {
        return Expression.staticField(OPERATORS, name, kind(kind));
    }

    /** The operators on vectors of one element type. */
    private final class Lane {
        private final Primitive element;
        private final ReferenceType vector;
        private final Expression species;

        Lane(Primitive element) {
            this.element = element;
            this.vector = VectorWidth.vectorClass(element);
            this.species =
                    type.field(element.name() + "S", VectorWidth.speciesClass(element), width.speciesOf(element));
        }

        Expression load(Expression array) {
            return Callee.ofStatic(vector, "fromArray", vector, VectorWidth.speciesClass(element), element.array(), INT)
                    .call(species, array, constant(0));
        }

        Callee store() {
            return Callee.ofVirtual(vector, "intoArray", VOID, element.array(), INT);
        }

        Expression unary(String name, Expression x) {
            return Callee.ofVirtual(vector, "lanewise", vector, kind("Unary")).call(x, operator(name, "Unary"));
        }

        Expression binary(String name, String kind, Expression x, Expression y) {
            return Callee.ofVirtual(vector, "lanewise", vector, kind("Binary"), ANY_VECTOR)
                    .call(x, operator(name, kind), y);
        }

        Expression ternary(String name, Expression x, Expression y, Expression z) {
            return Callee.ofVirtual(vector, "lanewise", vector, kind("Ternary"), ANY_VECTOR, ANY_VECTOR)
                    .call(x, operator(name, "Ternary"), y, z);
        }

        Expression compare(String name, Expression x, Expression y) {
            return Callee.ofVirtual(vector, "compare", MASK, kind("Comparison"), ANY_VECTOR)
                    .call(x, operator(name, "Comparison"), y);
        }

        Expression blend(Expression x, Expression y, Expression mask) {
            return Callee.ofVirtual(vector, "blend", vector, ANY_VECTOR, MASK).call(x, y, mask);
        }

        Expression iota() {
            return Callee.ofInterface(species(), "iotaShuffle", SHUFFLE, INT, INT, Primitive.BOOLEAN)
                    .call(species, constant(0), constant(1), constant(true));
        }
    }
}
