// SPDX-License-Identifier: Apache-2.0

/** From scheduled kernels to JVM bytecode and readable Java. */
module dev.capstan.codegen {
    requires transitive dev.capstan.tracer;
    requires com.palantir.javapoet;
    requires java.compiler;
    requires org.objectweb.asm;
    requires org.objectweb.asm.tree;
    requires org.objectweb.asm.tree.analysis;
    requires org.objectweb.asm.util;

    provides dev.capstan.runtime.spi.KernelCompiler with
            dev.capstan.codegen.program.HotKernels;
    provides dev.capstan.runtime.spi.RegionCompiler with
            dev.capstan.codegen.program.RegionPrograms;
}
