// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples;

import dev.capstan.samples.programs.Curve;
import dev.capstan.samples.programs.Training;
import dev.capstan.samples.programs.UsageException;
import java.awt.AWTError;
import java.awt.Color;
import java.awt.GraphicsEnvironment;
import java.awt.HeadlessException;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import javax.swing.SwingUtilities;
import org.jspecify.annotations.Nullable;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.SwingWrapper;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * A chart of a training: the curves that it has to show, else its losses. At the end it is written to a file; where there is
 * a display, a window follows the training.
 */
final class Plot implements StepListener {
    private static final System.Logger LOG = System.getLogger("dev.capstan.samples");
    private static final long REFRESH_NANOS = 50_000_000;

    private final Path file;
    private final String title;
    private final Training training;
    private final List<Double> losses = new ArrayList<>();
    private @Nullable SwingWrapper<XYChart> window;
    private boolean windowPossible = !GraphicsEnvironment.isHeadless();
    private long shown;

    Plot(Path file, String title, Training training) {
        if (!file.toString().endsWith(".png")) {
            throw new UsageException("--plot", "not the name of a PNG file", file.toString());
        }
        if (!Files.isWritable(file.toAbsolutePath().getParent()) || Files.isDirectory(file)) {
            throw new UsageException("--plot", "the file cannot be written", file.toString());
        }
        this.file = file;
        this.title = title;
        this.training = training;
    }

    @Override
    public void step(int index, double loss) {
        losses.add(loss);
        if (windowPossible && System.nanoTime() - shown > REFRESH_NANOS) {
            show(picture());
            shown = System.nanoTime();
        }
    }

    private void show(Picture picture) {
        if (window != null) {
            SwingUtilities.invokeLater(() -> {
                picture.draw(window.getXChartPanel().getChart());
                window.repaintChart();
            });
            return;
        }
        try {
            window = new SwingWrapper<>(picture.draw(chart()));
            window.displayChart();
        } catch (HeadlessException | AWTError | LinkageError e) {
            window = null;
            windowPossible = false;
            LOG.log(Level.INFO, "no window for the plot, only the file: {0}", e.toString());
        }
    }

    private XYChart chart() {
        XYChart chart =
                new XYChartBuilder().width(1600).height(480).title(title).build();
        chart.getStyler().setLegendPosition(LegendPosition.InsideNE).setChartBackgroundColor(Color.WHITE);
        return chart;
    }

    private Picture picture() {
        List<Curve> curves = training.curves();
        if (!curves.isEmpty()) {
            return new Picture(curves, false);
        }
        double[] steps = IntStream.range(0, losses.size()).asDoubleStream().toArray();
        double[] values = losses.stream().mapToDouble(loss -> loss).toArray();
        return new Picture(
                List.of(new Curve("loss", steps, values)), losses.stream().allMatch(loss -> loss > 0));
    }

    @Override
    public void close() throws IOException {
        if (losses.isEmpty()) {
            return;
        }
        Picture picture = picture();
        if (window != null) {
            show(picture);
        }
        BufferedImage image = BitmapEncoder.getBufferedImage(picture.draw(chart()));
        ImageIO.write(image, "png", file.toFile());
    }

    /** What is to be drawn at one moment. */
    private record Picture(List<Curve> curves, boolean logarithmic) {
        XYChart draw(XYChart chart) {
            for (Curve curve : curves) {
                if (chart.getSeries(curve.name()) == null) {
                    chart.addSeries(curve.name(), curve.x(), curve.y()).setMarker(SeriesMarkers.NONE);
                } else {
                    chart.updateXYSeries(curve.name(), curve.x(), curve.y(), null);
                }
            }
            chart.getStyler().setYAxisLogarithmic(logarithmic);
            return chart;
        }
    }
}
