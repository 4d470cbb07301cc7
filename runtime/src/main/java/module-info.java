// SPDX-License-Identifier: Apache-2.0

/** The tensor language and its reference executor: everything the other modules speak, and nothing of theirs. */
module dev.capstan.runtime {
    exports dev.capstan.runtime.abi;
    exports dev.capstan.runtime.eager;
    exports dev.capstan.runtime.kernel;
    exports dev.capstan.runtime.memory;
    exports dev.capstan.runtime.op;
    exports dev.capstan.runtime.parallel;
    exports dev.capstan.runtime.spi;
    exports dev.capstan.runtime.type;

    uses dev.capstan.runtime.spi.KernelCompiler;
    uses dev.capstan.runtime.spi.RegionCompiler;
}
