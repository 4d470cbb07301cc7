// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

/** Whose program is timed. */
public enum Peer {
    /** Ours, by generated programs. */
    CAPSTAN("Capstan"),
    /** Ours, operator by operator. */
    CAPSTAN_EAGER("Capstan, eager"),
    /** PyTorch's library by Bytedeco's presets, eager. */
    LIBTORCH("libtorch"),
    /** TensorFlow Java, graphs made once. */
    TENSORFLOW("TensorFlow"),
    /** OpenBLAS by Bytedeco's presets. */
    OPENBLAS("OpenBLAS"),
    /** A loop in C, compiled by gcc for this processor. */
    GCC("C by gcc");

    private final String title;

    Peer(String title) {
        this.title = title;
    }

    /** The name to print. */
    String title() {
        return title;
    }

    /** The library, set to one thread. Its native code is loaded here and not before. */
    Library library() {
        return switch (this) {
            case CAPSTAN -> new Capstan(false);
            case CAPSTAN_EAGER -> new Capstan(true);
            case LIBTORCH -> new Libtorch();
            case TENSORFLOW -> new TensorFlowGraphs();
            case OPENBLAS -> new OpenBlas();
            case GCC -> new CompiledC();
        };
    }

    /** What has to be there for its native code. */
    String requirement() {
        return this == GCC ? "gcc on the path" : "Linux on x86-64";
    }

    /** Whether native code is loaded. */
    boolean isNative() {
        return this != CAPSTAN && this != CAPSTAN_EAGER;
    }
}
