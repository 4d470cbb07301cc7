// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

/**
 * A line in a plot.
 *
 * @param name what it shows
 * @param x where the points are
 * @param y as many values
 */
public record Curve(String name, double[] x, double[] y) {}
