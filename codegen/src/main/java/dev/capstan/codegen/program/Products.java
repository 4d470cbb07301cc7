// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.codegen.kernel.Contraction;
import dev.capstan.codegen.tree.Primitive;
import dev.capstan.runtime.spi.ContractionKernel;

/** The shared contraction of one element type as the eager executor calls it. */
enum Products implements ContractionKernel {
    FLOATS(Primitive.FLOAT) {
        @Override
        public void multiply(
                int m,
                int k,
                int n,
                Object a,
                int aOffset,
                int aRowStride,
                int aColumnStride,
                Object b,
                int bOffset,
                int bRowStride,
                int bColumnStride,
                Object c,
                int cOffset,
                int cRowStride,
                boolean accumulate) {
            Contraction.instance()
                    .multiply(
                            m,
                            k,
                            n,
                            (float[]) a,
                            aOffset,
                            aRowStride,
                            aColumnStride,
                            (float[]) b,
                            bOffset,
                            bRowStride,
                            bColumnStride,
                            (float[]) c,
                            cOffset,
                            cRowStride,
                            accumulate);
        }
    },
    DOUBLES(Primitive.DOUBLE) {
        @Override
        public void multiply(
                int m,
                int k,
                int n,
                Object a,
                int aOffset,
                int aRowStride,
                int aColumnStride,
                Object b,
                int bOffset,
                int bRowStride,
                int bColumnStride,
                Object c,
                int cOffset,
                int cRowStride,
                boolean accumulate) {
            Contraction.instance()
                    .multiply(
                            m,
                            k,
                            n,
                            (double[]) a,
                            aOffset,
                            aRowStride,
                            aColumnStride,
                            (double[]) b,
                            bOffset,
                            bRowStride,
                            bColumnStride,
                            (double[]) c,
                            cOffset,
                            cRowStride,
                            accumulate);
        }
    };

    private final Primitive element;

    Products(Primitive element) {
        this.element = element;
    }

    /** Itself once the vector kernels serve; the first question starts their warm-up. */
    ContractionKernel ready() {
        if (Contraction.instance().ready(element)) {
            return this;
        }
        Contraction.instance().warmUp(element);
        return null;
    }
}
