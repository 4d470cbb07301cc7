// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.global.openblas;

/** OpenBLAS on memory of its own kind, so that no array is copied. */
final class OpenBlas extends Library {
    OpenBlas() {
        openblas.blas_set_num_threads(1);
    }

    @Override
    Program product(Product work) {
        FloatPointer a = new FloatPointer(work.left().elements());
        FloatPointer b = new FloatPointer(work.right().elements());
        int m = work.m();
        int k = work.k();
        int n = work.n();
        FloatPointer c = new FloatPointer((long) m * n);
        int leftOrder = work.leftTransposed() ? openblas.CblasTrans : openblas.CblasNoTrans;
        int leftStride = work.leftTransposed() ? m : k;
        int rightOrder = work.rightTransposed() ? openblas.CblasTrans : openblas.CblasNoTrans;
        int rightStride = work.rightTransposed() ? k : n;
        return new Program() {
            @Override
            public void step() {
                openblas.cblas_sgemm(
                        openblas.CblasRowMajor,
                        leftOrder,
                        rightOrder,
                        m,
                        n,
                        k,
                        1,
                        a,
                        leftStride,
                        b,
                        rightStride,
                        0,
                        c,
                        n);
            }

            @Override
            public float[] result() {
                float[] elements = new float[m * n];
                c.get(elements);
                return elements;
            }
        };
    }
}
