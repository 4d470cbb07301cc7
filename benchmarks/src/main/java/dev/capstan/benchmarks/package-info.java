// SPDX-License-Identifier: Apache-2.0
/** What Capstan costs, measured by JMH. */
package dev.capstan.benchmarks;
