// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.capstan.codegen.kernel.VectorWidth;
import dev.capstan.codegen.tree.ClassTree;
import dev.capstan.runtime.eager.ElementwiseExecutor;
import dev.capstan.runtime.eager.PreparedKernel;
import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Functions;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.spi.Access;
import dev.capstan.runtime.spi.Compilers;
import dev.capstan.runtime.spi.LoopKernel;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Vector loops after the JIT has compiled them: then they are made of the processor's instructions, not of Java's. */
class HotLoopTest {
    /** Enough for the optimising compiler. */
    private static final int CALLS = 12_000;

    private static final int COLUMNS = 149;

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"FLOAT32", "INT32", "FLOAT64", "INT64"})
    void compiledVectorFormEqualsBlockEvaluator(DType type) {
        List<Expr> results = results(type);
        for (int from = 0; from < results.size(); from += 4) {
            compare(type, results.subList(from, Math.min(from + 4, results.size())));
        }
    }

    private static List<Expr> results(DType type) {
        Expr a = Expr.input(0, type);
        Expr b = Expr.input(1, type);
        Expr c = Expr.input(2, type);
        List<Expr> results = new ArrayList<>(List.of(a.add(b), a.sub(b), a.mul(b), a.neg()));
        results.add(Expr.apply(Primitive.MIN, a, b));
        results.add(Expr.apply(Primitive.MAX, a, b));
        results.add(Expr.apply(Primitive.ABS, a));
        List<Expr> comparisons = new ArrayList<>();
        for (Primitive primitive : Primitive.values()) {
            if (primitive.isComparison()) {
                Expr comparison = Expr.apply(primitive, a, b);
                comparisons.add(comparison);
                results.add(Expr.apply(Primitive.SELECT, comparison, a, c));
            }
        }
        for (Primitive primitive : List.of(Primitive.AND, Primitive.OR, Primitive.XOR, Primitive.EQ)) {
            results.add(Expr.apply(primitive, comparisons.get(2), comparisons.get(0))
                    .cast(type));
        }
        results.add(a.cast(DType.BOOL).cast(type));
        results.add(a.reinterpret());
        Expr other = a.reinterpret();
        results.add(Expr.apply(Primitive.SELECT, Expr.apply(Primitive.LT, other, other.like(0)), a, b));
        if (type.bytes() == Integer.BYTES) {
            results.add(a.cast(type.isFloating() ? DType.INT32 : DType.FLOAT32));
        }
        if (type.isFloating()) {
            results.addAll(List.of(a.div(b), a.fma(b, c), Expr.apply(Primitive.SQRT, a), Functions.tanh(a)));
            results.addAll(List.of(Functions.exp(a), Functions.sigmoid(a), Functions.log(a), Functions.sin(a)));
        } else {
            results.add(Expr.apply(Primitive.SHIFT_LEFT, a, a.like(5)));
            results.add(Expr.apply(Primitive.SHIFT_RIGHT, a, a.like(5)));
        }
        return results;
    }

    private static void compare(DType type, List<Expr> results) {
        Kernel kernel = Kernel.of(List.of(type, type, type), results);
        List<Access> accesses = Collections.nCopies(3 + results.size(), Access.UNIT);
        ClassTree tree = LoopTree.vector(
                "dev.capstan.generated.Hot",
                new LoopPattern(kernel, accesses),
                VectorWidth.current().orElseThrow());
        LoopKernel loop = FusedLoopTest.define(tree);
        RandomKernels chance = new RandomKernels(type.ordinal());
        Object[] arrays = new Object[3 + results.size()];
        int[] geometry = new int[3 * arrays.length];
        NdArray[] inputs = new NdArray[3];
        NdArray[] outputs = new NdArray[results.size()];
        Layout layout = Layout.contiguous(Shape.of(COLUMNS));
        for (int i = 0; i < arrays.length; i++) {
            geometry[3 * i + 2] = 1;
            DType arrayType = i < 3 ? type : results.get(i - 3).type();
            arrays[i] = i < 3 ? chance.array(type, COLUMNS) : Storage.newArray(arrayType, COLUMNS);
            if (i < 3) {
                inputs[i] = new NdArray(Storage.of(type, arrays[i]), layout);
            } else {
                outputs[i - 3] = new NdArray(Storage.allocate(arrayType, COLUMNS), layout);
            }
        }
        for (int call = 0; call < CALLS; call++) {
            loop.run(arrays, geometry, 1, call % 100 == 0 ? COLUMNS : 48);
        }
        loop.run(arrays, geometry, 1, COLUMNS);
        ElementwiseExecutor.run(PreparedKernel.of(kernel, Compilers.NONE), inputs, outputs);
        for (int i = 0; i < outputs.length; i++) {
            String name = results.get(i).primitive() + " " + type;
            assertEquals(Optional.empty(), Bits.difference(outputs[i].storage().array(), arrays[3 + i]), name);
        }
    }
}
