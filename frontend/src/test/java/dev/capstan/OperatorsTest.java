// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.OperatorSamples.Sample;
import dev.capstan.autograd.GradientCheck;
import dev.capstan.runtime.op.Arange;
import dev.capstan.runtime.op.Argmax;
import dev.capstan.runtime.op.Argmin;
import dev.capstan.runtime.op.Assembly;
import dev.capstan.runtime.op.Composite;
import dev.capstan.runtime.op.Contraction;
import dev.capstan.runtime.op.Detach;
import dev.capstan.runtime.op.Differentiation;
import dev.capstan.runtime.op.Elementwise;
import dev.capstan.runtime.op.Eq;
import dev.capstan.runtime.op.Formula;
import dev.capstan.runtime.op.Ge;
import dev.capstan.runtime.op.Gt;
import dev.capstan.runtime.op.Indexed;
import dev.capstan.runtime.op.Isfinite;
import dev.capstan.runtime.op.Isinf;
import dev.capstan.runtime.op.Isnan;
import dev.capstan.runtime.op.Le;
import dev.capstan.runtime.op.LogicalAnd;
import dev.capstan.runtime.op.LogicalNot;
import dev.capstan.runtime.op.LogicalOr;
import dev.capstan.runtime.op.LogicalXor;
import dev.capstan.runtime.op.Lt;
import dev.capstan.runtime.op.Ne;
import dev.capstan.runtime.op.OneHot;
import dev.capstan.runtime.op.Opaque;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.op.OperatorVisitor;
import dev.capstan.runtime.op.Ops;
import dev.capstan.runtime.op.Reduction;
import dev.capstan.runtime.op.Scan;
import dev.capstan.runtime.op.View;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.TensorType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every operator. */
class OperatorsTest {
    private static final List<Class<? extends Operator>> FAMILIES = List.of(
            Elementwise.class,
            Reduction.class,
            Scan.class,
            View.class,
            Assembly.class,
            Indexed.class,
            Contraction.class,
            Composite.class,
            Opaque.class);

    /** The operators through which no gradient flows. */
    private static final Set<Class<? extends Operator>> NOT_DIFFERENTIABLE = Set.of(
            Eq.class,
            Ne.class,
            Lt.class,
            Le.class,
            Gt.class,
            Ge.class,
            Detach.class,
            Formula.class,
            Arange.class,
            Argmax.class,
            Argmin.class,
            OneHot.class,
            Isnan.class,
            Isinf.class,
            Isfinite.class,
            LogicalNot.class,
            LogicalAnd.class,
            LogicalOr.class,
            LogicalXor.class);

    private static final double TOLERANCE = 1e-7;

    static Stream<Sample> samples() {
        return OperatorSamples.all();
    }

    static Stream<Sample> differentiableSamples() {
        return samples().filter(s -> !NOT_DIFFERENTIABLE.contains(s.operator().getClass()));
    }

    static Stream<Sample> recordedSamples() {
        return differentiableSamples().filter(s -> !(s.operator() instanceof Composite c) || c.isOneNode());
    }

    @Test
    void everyOperatorHasSamples() {
        Set<String> sampled =
                samples().map(s -> s.operator().getClass().getName()).collect(Collectors.toCollection(TreeSet::new));
        Set<String> existing = OperatorCatalogue.operators().stream()
                .map(Class::getName)
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(existing, sampled);
    }

    @Test
    void everyOperatorIsARecordOfExactlyOneFamily() {
        for (Class<?> operator : OperatorCatalogue.operators()) {
            long families = FAMILIES.stream()
                    .filter(family -> family.isAssignableFrom(operator))
                    .count();
            assertEquals(1, families, operator.getName());
            assertTrue(operator.isRecord(), operator + " compares by its attributes");
        }
    }

    @Test
    void familiesAreAllThereAre() {
        assertEquals(Set.copyOf(FAMILIES), Set.of(Operator.class.getPermittedSubclasses()));
    }

    @ParameterizedTest
    @MethodSource("samples")
    void visitorsSeeTheFamily(Sample sample) {
        Class<?> visited = sample.operator().accept(new OperatorVisitor<Class<?>>() {
            @Override
            public Class<?> visit(Elementwise operator) {
                return Elementwise.class;
            }

            @Override
            public Class<?> visit(Reduction operator) {
                return Reduction.class;
            }

            @Override
            public Class<?> visit(View operator) {
                return View.class;
            }

            @Override
            public Class<?> visit(Assembly operator) {
                return Assembly.class;
            }

            @Override
            public Class<?> visit(Scan operator) {
                return Scan.class;
            }

            @Override
            public Class<?> visit(Indexed operator) {
                return Indexed.class;
            }

            @Override
            public Class<?> visit(Opaque operator) {
                return Opaque.class;
            }

            @Override
            public Class<?> visit(Contraction operator) {
                return Contraction.class;
            }

            @Override
            public Class<?> visit(Composite operator) {
                return Composite.class;
            }
        });
        assertTrue(visited.isInstance(sample.operator()), visited.getName());
    }

    @ParameterizedTest
    @MethodSource("samples")
    void resultHasTheInferredType(Sample sample) {
        TensorType inferred = sample.operator()
                .infer(sample.operands().stream().map(Tensor::type).toList());
        assertEquals(inferred, sample.apply(sample.operands()).type());
    }

    @ParameterizedTest
    @MethodSource("samples")
    void gradientIsDeclaredOrDenied(Sample sample) {
        boolean flows = IntStream.range(0, sample.operands().size()).anyMatch(sample::differentiable);
        assertEquals(!NOT_DIFFERENTIABLE.contains(sample.operator().getClass()), flows);
        Tensor result = sample.apply(sample.leaves());
        assertEquals(flows, result.requiresGrad());
    }

    @ParameterizedTest
    @MethodSource("differentiableSamples")
    void gradientMatchesFiniteDifferences(Sample sample) {
        check(sample).gradcheck(sample::apply, sample.leaves());
    }

    @ParameterizedTest
    @MethodSource("differentiableSamples")
    void secondGradientMatchesFiniteDifferences(Sample sample) {
        check(sample).gradgradcheck(sample::apply, sample.leaves());
    }

    private static GradientCheck check(Sample sample) {
        return GradientCheck.standard().withStep(sample.step()).withTolerances(TOLERANCE, TOLERANCE);
    }

    @ParameterizedTest
    @MethodSource("recordedSamples")
    void gradientRulesReadWhatTheyDeclareAsSaved(Sample sample) {
        Tensor result = sample.apply(sample.operands());
        int count = sample.operands().size();
        for (int subset = 1; subset < 1 << count; subset++) {
            int needed = subset;
            Reads reads = new Reads(sample, result);
            boolean possible = true;
            for (int i = 0; i < count; i++) {
                if ((needed >> i & 1) == 1) {
                    possible &= sample.differentiable(i);
                }
            }
            for (int i = 0; possible && i < count; i++) {
                if ((needed >> i & 1) == 1) {
                    sample.operator().gradient(reads, i);
                }
            }
            if (possible) {
                Set<Integer> declared = IntStream.range(0, count)
                        .filter(i -> sample.operator().savesOperand(i, operand -> (needed >> operand & 1) == 1))
                        .boxed()
                        .collect(Collectors.toSet());
                assertEquals(declared, reads.operands, "operands read for the gradients of " + needed);
                assertEquals(sample.operator().savesOutput(), reads.output, "the result is read");
            }
        }
    }

    /** Notes what a gradient rule reads. */
    private static final class Reads implements Differentiation<Tensor> {
        private final Sample sample;
        private final Tensor result;
        final Set<Integer> operands = new HashSet<>();
        boolean output;

        Reads(Sample sample, Tensor result) {
            this.sample = sample;
            this.result = result;
        }

        @Override
        public Ops<Tensor> ops() {
            return TensorOps.INSTANCE;
        }

        @Override
        public Tensor gradient() {
            return result.onesLike();
        }

        @Override
        public Tensor operand(int index) {
            operands.add(index);
            return sample.operands().get(index);
        }

        @Override
        public Tensor output() {
            output = true;
            return result;
        }

        @Override
        public TensorType operandType(int index) {
            return sample.operands().get(index).type();
        }

        @Override
        public TensorType outputType() {
            return result.type();
        }
    }

    @ParameterizedTest
    @MethodSource("samples")
    void layoutOfOperandsDoesNotMatter(Sample sample) {
        Tensor expected = sample.apply(sample.operands());
        List<Tensor> scattered =
                sample.operands().stream().map(OperatorsTest::scattered).toList();
        Tensor result = sample.apply(scattered);
        assertEquals(expected.type(), result.type());
        assertArrayEquals(expected.toDoubleArray(), result.toDoubleArray());
    }

    /** The same values as every second element of a larger, turned array. */
    private static Tensor scattered(Tensor tensor) {
        if (tensor.dim() == 0) {
            return tensor.unsqueeze(0).expand(3).select(0, 1);
        }
        Tensor wide = Tensor.stack(List.of(tensor, tensor.zerosLike()), tensor.dim());
        return wide.transpose(0, -1).contiguous().transpose(0, -1).select(tensor.dim(), 0);
    }

    @ParameterizedTest
    @MethodSource("samples")
    void everyMixOfTypesIsComputedOrRefusedByARule(Sample sample) {
        for (DType first : DType.values()) {
            for (DType others : DType.values()) {
                List<Tensor> operands = new ArrayList<>();
                for (int i = 0; i < sample.operands().size(); i++) {
                    operands.add(sample.operands().get(i).to(i == 0 ? first : others));
                }
                List<TensorType> types = operands.stream().map(Tensor::type).toList();
                String inferred = outcome(() -> sample.operator().infer(types));
                String computed = outcome(() -> sample.apply(operands).type());
                assertEquals(inferred, computed, types.toString());
            }
        }
    }

    /** The type that a call gives, or the rule by which it is refused. */
    private static String outcome(Supplier<TensorType> call) {
        try {
            return call.get().toString();
        } catch (CapstanException e) {
            return e.operator() + ": " + e.rule();
        }
    }

    @ParameterizedTest
    @MethodSource("differentiableSamples")
    void gradientsOfMixedPrecisionHaveTheirOperandsType(Sample sample) {
        List<Tensor> leaves = new ArrayList<>();
        for (int i = 0; i < sample.operands().size(); i++) {
            Tensor operand = sample.operands().get(i);
            DType other = i == 0 ? DType.FLOAT32 : DType.FLOAT64;
            boolean floating = sample.differentiable(i);
            leaves.add(floating ? operand.to(other).detach().copy().requiresGrad(true) : operand);
        }
        Tensor result;
        try {
            result = sample.apply(leaves);
        } catch (CapstanException e) {
            assertEquals("element types differ", e.rule());
            return;
        }
        result.backward(result.onesLike());
        for (int i = 0; i < leaves.size(); i++) {
            if (leaves.get(i).requiresGrad()) {
                assertEquals(leaves.get(i).type(), leaves.get(i).grad().type());
            }
        }
    }
}
