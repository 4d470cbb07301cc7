// SPDX-License-Identifier: Apache-2.0

/** From recorded operators to scheduled kernels. Knows neither the frontend nor how code is generated. */
module dev.capstan.tracer {
    requires transitive dev.capstan.runtime;

    exports dev.capstan.tracer.capture;
    exports dev.capstan.tracer.graph;
    exports dev.capstan.tracer.schedule;
}
