// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples;

import dev.capstan.runtime.spi.PathReport;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The paths of a region as a tree: what they have in common is printed once, and where they part, the tree branches. Long
 * stretches without a branch are shortened.
 */
final class PathTreeText {
    private static final int SHOWN_AT_ENDS = 3;

    private final StringBuilder text = new StringBuilder();

    private PathTreeText() {}

    /** A line of the paths' descriptions, and what follows it in any of them. */
    private static final class Place {
        final Map<String, Place> next = new LinkedHashMap<>();
        final List<PathReport> ends = new ArrayList<>();
        long visits;
    }

    static String of(String region, List<PathReport> paths) {
        Place root = new Place();
        for (PathReport path : paths) {
            Place place = root;
            place.visits += path.visits();
            for (String line : path.description().lines().toList()) {
                place = place.next.computeIfAbsent(line, key -> new Place());
                place.visits += path.visits();
            }
            place.ends.add(path);
        }
        PathTreeText tree = new PathTreeText();
        tree.text.append(region).append(": ").append(paths.size() == 1 ? "1 path" : paths.size() + " paths");
        tree.text.append(", ").append(visits(root.visits)).append('\n');
        tree.append(root, "");
        return tree.text.toString();
    }

    private void append(Place start, String indent) {
        List<String> stretch = new ArrayList<>();
        Place place = start;
        while (place.next.size() == 1 && place.ends.isEmpty()) {
            Map.Entry<String, Place> only = place.next.entrySet().iterator().next();
            stretch.add(only.getKey());
            place = only.getValue();
        }
        appendShortened(stretch, indent);
        place.next.forEach((line, next) -> {
            text.append(indent).append("+- ").append(visits(next.visits)).append('\n');
            text.append(indent).append("|  ").append(line).append('\n');
            append(next, indent + "|  ");
        });
        for (PathReport path : place.ends) {
            text.append(indent)
                    .append("= path ")
                    .append(path.number())
                    .append(": ")
                    .append(counts(path))
                    .append('\n');
            path.bailOuts()
                    .forEach(event ->
                            text.append(indent).append("  ").append(event).append('\n'));
        }
    }

    private void appendShortened(List<String> stretch, String indent) {
        int hidden = stretch.size() - 2 * SHOWN_AT_ENDS;
        for (int i = 0; i < stretch.size(); i++) {
            if (hidden > 1 && i == SHOWN_AT_ENDS) {
                text.append(indent).append("... ").append(hidden).append(" more\n");
                i += hidden;
            }
            text.append(indent).append(stretch.get(i)).append('\n');
        }
    }

    private static String counts(PathReport path) {
        return String.format(
                Locale.ROOT,
                "%s, %s, %d hits, %d programs in %.1f ms",
                path.state(),
                visits(path.visits()),
                path.hits(),
                path.compilations(),
                path.compileNanos() / 1e6);
    }

    private static String visits(long visits) {
        return visits == 1 ? "1 visit" : visits + " visits";
    }
}
