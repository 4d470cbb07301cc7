// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

import dev.capstan.Compile;
import dev.capstan.F;
import dev.capstan.Generator;
import dev.capstan.Tensor;
import dev.capstan.nn.Linear;
import dev.capstan.nn.Module;
import dev.capstan.optim.Adam;
import dev.capstan.runtime.type.DType;

/** Fits sin(x) on [-3, 3] with a small network. */
public final class Quickstart {
    @Compile
    static final class Curve extends Module<Tensor, Tensor> {
        private final Linear hidden = new Linear(1, 64);
        private final Linear out = new Linear(64, 1);

        @Override
        protected Tensor forward(Tensor x) {
            return out.apply(hidden.apply(x).tanh());
        }
    }

    public static void main(String[] args) {
        Generator.manualSeed(1);
        Tensor x = Generator.standard().uniform(DType.FLOAT32, -3, 3, 256, 1);
        Tensor y = x.sin();
        Curve model = new Curve();
        Adam adam = new Adam(model.parameters()).lr(0.01);

        for (int step = 0; step <= 500; step++) {
            Tensor loss = F.mseLoss(model.apply(x), y);
            adam.zeroGrad();
            loss.backward();
            adam.step();
            if (step % 100 == 0) {
                System.out.println(step + " " + loss.item());
            }
        }
        System.out.print(model.compiled().explain());
    }

    private Quickstart() {}
}
