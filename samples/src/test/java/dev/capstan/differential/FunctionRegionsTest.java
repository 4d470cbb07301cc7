// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Autograd;
import dev.capstan.GradMode;
import dev.capstan.Tensor;
import dev.capstan.autograd.Context;
import dev.capstan.autograd.Function;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Functions with gradient rules of their own, inside of a compiled region. */
@Tag("everywhere")
class FunctionRegionsTest extends BothModes {
    /** A product whose gradient is three times as large as it should be, so that nobody else can have derived it. */
    private static final class Product extends Function {
        @Override
        protected List<Tensor> forward(Context context, Tensor... inputs) {
            context.saveForBackward(inputs);
            return List.of(inputs[0].mul(inputs[1]));
        }

        @Override
        protected List<Tensor> backward(Context context, Tensor... gradients) {
            Tensor scaled = gradients[0].mul(3);
            return List.of(
                    scaled.mul(context.savedTensors().get(1)),
                    scaled.mul(context.savedTensors().get(0)));
        }
    }

    @Test
    void aFunctionOfOperators() {
        assertSame(() -> {
            Tensor w = leaf(1, 3, 3);
            Tensor x = normal(2, 2, 3);
            Tensor y = region.call(() -> {
                Tensor h = x.mm(w);
                Tensor beside = h.tanh();
                Tensor product = new Product().apply(h, beside);
                return product.mm(w).add(beside).sum();
            });
            y.backward();
            return List.of(y, w.grad());
        });
        List<String> places = new ArrayList<>();
        region.report().forEach(path -> places.addAll(path.bailOuts()));
        assertTrue(
                places.stream().allMatch(place -> place.contains("FunctionRegionsTest.java")) && !places.isEmpty(),
                places.toString());
        compiled(() -> region.call(() -> leaf(1, 2).exp()));
        assertEquals(region.report().stream().mapToLong(path -> path.visits()).sum(), hits(), region::explain);
    }

    @Test
    void aFunctionOverArrays() {
        assertSame(() -> {
            Tensor w = leaf(1, 3, 3);
            Tensor y = region.call(() -> {
                Tensor h = normal(2, 2, 3);
                for (int i = 0; i < 3; i++) {
                    h = new RandomFunctions.ArrayTanh().apply(h.mm(w));
                }
                return h.mul(h).sum();
            });
            y.backward();
            return List.of(y, w.grad());
        });
    }

    @Test
    void contributionsAreAddedInTheOrderOfEagerMode() {
        assertSame(() -> {
            Tensor w = leaf(1, 50);
            Tensor y = region.call(() -> {
                Tensor first = w.mul(1e6);
                Tensor second = new Product().apply(w, normal(2, 50));
                Tensor third = w.mul(normal(3, 50)).mul(w);
                return first.add(second).add(third).sum();
            });
            y.add(w.exp().sum()).backward();
            return List.of(y, w.grad());
        });
    }

    @Test
    void secondDerivativesThroughAFunction() {
        assertSame(() -> {
            Tensor w = leaf(1, 4);
            Tensor y = region.call(
                    () -> new Product().apply(w.tanh(), w.mul(2)).exp().sum());
            Tensor first = Autograd.grad(y, List.of(w), null, false, true).get(0);
            Tensor second = Autograd.grad(first.mul(first).sum(), List.of(w)).get(0);
            return List.of(y, first, second);
        });
    }

    @Test
    void aFunctionOfAnInputAtTheBeginningAndOfTheResultAtTheEnd() {
        assertSame(() -> {
            Tensor w = leaf(1, 4);
            Tensor y = region.call(() -> {
                Tensor h = new Product().apply(w, w);
                return new Product().apply(h.exp().mul(w), h);
            });
            y.sum().backward();
            return List.of(y, w.grad());
        });
    }

    @Test
    void aFunctionUnderNoGrad() {
        assertSame(() -> {
            Tensor w = leaf(1, 4);
            Tensor y = region.call(() -> {
                Tensor h = w.tanh();
                Tensor constant;
                try (GradMode.Scope off = GradMode.noGrad()) {
                    constant = new Product().apply(h, h);
                }
                return h.mul(constant).sum();
            });
            y.backward();
            return List.of(y, w.grad());
        });
    }

    @Test
    void aFunctionThatWritesToItsInput() {
        class Scale extends Function {
            @Override
            protected List<Tensor> forward(Context context, Tensor... inputs) {
                context.markDirty(inputs[0]);
                return List.of(inputs[0].mul_(2));
            }

            @Override
            protected List<Tensor> backward(Context context, Tensor... gradients) {
                return List.of(gradients[0].mul(5));
            }
        }
        assertSame(() -> {
            Tensor w = leaf(1, 4);
            Tensor y = region.call(() -> {
                Tensor h = w.mul(3);
                Tensor before = h.exp();
                new Scale().apply(h);
                return h.mul(w).add(before).sum();
            });
            y.backward();
            return List.of(y, w.grad());
        });
    }

    @Test
    void aFunctionWhereTheWholeStepIsARegion() {
        assertSame(() -> {
            Tensor w = leaf(1, 3, 3);
            Tensor x = normal(2, 2, 3);
            Tensor loss = null;
            for (int i = 0; i < 3; i++) {
                loss = region.call(() -> {
                    w.setGrad(null);
                    Tensor h = x.mm(w);
                    Tensor error = new Product().apply(h, h.tanh()).mm(w).sum();
                    error.backward();
                    try (GradMode.Scope off = GradMode.noGrad()) {
                        w.sub_(w.grad().mul(0.01));
                    }
                    return error;
                });
            }
            return List.of(loss, w, w.grad());
        });
    }

    private List<String> interruptions() {
        return region.report().stream()
                .flatMap(path -> path.bailOuts().stream())
                .toList();
    }

    @Test
    void aFunctionThatIsNotRecordedIsPartOfWhatIsQueued() {
        assertSame(() -> {
            Tensor x = normal(1, 3, 3);
            return List.of(region.call(() -> {
                Tensor h = x.tanh();
                return new Product().apply(h.exp(), new Product().apply(h, x)).sum();
            }));
        });
        assertEquals(List.of(), interruptions(), region::explain);
        assertEquals(1, region.report().size(), region::explain);
    }

    @Test
    void theOperatorsOfARecordedFunctionAreAProgram() {
        assertSame(() -> {
            Tensor w = leaf(1, 3, 3);
            Tensor y = region.call(() -> new Product().apply(w, w).exp());
            y.sum().backward();
            return List.of(y, w.grad());
        });
        assertTrue(region.report().stream().anyMatch(path -> path.hits() > 0 && path.events() == 2), region::explain);
        assertEquals(region.report().stream().mapToLong(path -> path.visits()).sum(), hits(), region::explain);
    }

    @Test
    void whatAFunctionSavesOfItsOwnIsKept() {
        class Squash extends Function {
            @Override
            protected List<Tensor> forward(Context context, Tensor... inputs) {
                Tensor inner = inputs[0].exp();
                Tensor result = inner.add(1).log();
                context.saveForBackward(inner, result);
                return List.of(result, inner.gt(1));
            }

            @Override
            protected List<Tensor> backward(Context context, Tensor... gradients) {
                Tensor inner = context.savedTensors().get(0);
                return List.of(gradients[0].mul(inner).div(inner.add(1)));
            }
        }
        assertSame(() -> {
            Tensor w = leaf(1, 5);
            Tensor y = region.call(() -> {
                List<Tensor> made = new Squash().applyAll(w.mul(2));
                return made.get(0).mul(made.get(1)).sum();
            });
            y.backward();
            return List.of(y, w.grad());
        });
        assertTrue(hits() >= 6, region::explain);
    }

    @Test
    void aFunctionThatFailsLeavesWhatEagerModeLeaves() {
        class Failing extends Function {
            @Override
            protected List<Tensor> forward(Context context, Tensor... inputs) {
                inputs[1].mul_(3);
                throw new IllegalStateException("thrown");
            }

            @Override
            protected List<Tensor> backward(Context context, Tensor... gradients) {
                throw new AssertionError();
            }
        }
        assertSame(() -> {
            Tensor w = leaf(1, 5);
            Tensor state = normal(2, 5);
            Tensor y = region.call(() -> {
                Tensor h = w.mul(2);
                try {
                    new Failing().apply(h, state);
                } catch (IllegalStateException e) {
                    h = h.exp();
                }
                return h.detach().mul(state);
            });
            return List.of(y, state);
        });
    }
}
