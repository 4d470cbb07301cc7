// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.op.Elementwise;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.TensorType;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What an element-wise operator does with operands of certain types.
 *
 * @param result the type of its result
 */
record PreparedElementwise(Computation computation, DType result, PreparedKernel kernel) {
    private static final Map<Computation, PreparedElementwise> KNOWN = new ConcurrentHashMap<>();

    /** The last ones by the operator's class, which are found without making a key. */
    private static final PreparedElementwise[] LAST = new PreparedElementwise[256];

    /** @throws dev.capstan.runtime.type.CapstanException if the operator does not take operands of these types */
    static PreparedElementwise of(Elementwise operator, List<TensorType> types) {
        long operands = Computation.operands(operator, types);
        int place = operator.getClass().hashCode() & LAST.length - 1;
        PreparedElementwise last = LAST[place];
        if (last != null && last.computation.isOf(operator, operands)) {
            return last;
        }
        Computation computation = new Computation(operator, 0, operands);
        PreparedElementwise prepared = KNOWN.get(computation);
        if (prepared == null) {
            DType result = operator.infer(types).dtype();
            PreparedKernel kernel = PreparedKernel.of(operator.kernel(types));
            prepared = computation.remember(KNOWN, new PreparedElementwise(computation, result, kernel));
        }
        LAST[place] = prepared;
        return prepared;
    }
}
