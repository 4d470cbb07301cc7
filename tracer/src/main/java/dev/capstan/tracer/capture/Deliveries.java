// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.capture;

import dev.capstan.runtime.eager.OperatorExecutor;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.op.View;
import dev.capstan.tracer.graph.BackwardGraph.Arrived;
import dev.capstan.tracer.graph.BackwardGraph.Computed;
import dev.capstan.tracer.graph.BackwardGraph.Delivery;
import dev.capstan.tracer.graph.BackwardGraph.SoFar;
import java.util.List;

/** The gradients of one backward pass, handed to the inputs with the storage that they have on the tape. */
record Deliveries(NdArray[] gradients, NdArray[] totals, NdArray[] computed) {
    /** What an input gets; the very array that has arrived, if it goes on as it is. */
    NdArray make(Delivery delivery) {
        NdArray array = origin(delivery);
        for (View view : delivery.views()) {
            NdArray viewed = OperatorExecutor.execute(view, List.of(array.type()), new NdArray[] {array});
            if (viewed.storage() != array.storage()) {
                viewed.storage().made();
            }
            array = viewed;
        }
        return array;
    }

    private NdArray origin(Delivery delivery) {
        if (delivery.origin() instanceof Arrived arrived) {
            return gradients[arrived.output()];
        }
        if (delivery.origin() instanceof SoFar soFar) {
            return totals[soFar.input()];
        }
        return computed[((Computed) delivery.origin()).output()];
    }
}
