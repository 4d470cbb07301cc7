// SPDX-License-Identifier: Apache-2.0

/** The tensor language and its reference executor: everything the other modules speak, and nothing of theirs. */
module dev.capstan.runtime {
    exports dev.capstan.runtime.memory;
    exports dev.capstan.runtime.type;
}
