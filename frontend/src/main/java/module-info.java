// SPDX-License-Identifier: Apache-2.0

/** What a user imports: tensors with a tape, modules, optimizers, and the control of compilation. */
module dev.capstan.frontend {
    requires transitive dev.capstan.runtime;
    requires com.fasterxml.jackson.core;
    requires static transitive org.jspecify;

    exports dev.capstan;
    exports dev.capstan.autograd;
    exports dev.capstan.io;
    exports dev.capstan.nn;
    exports dev.capstan.optim;
}
