// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.schedule.Schedule.Place;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The order in which a forward graph is asked for its outputs: results that may share storage, values that are saved,
 * results that own theirs, new contents of inputs.
 *
 * @param shared the results, by their position, that may share storage
 * @param saved the values that are saved, ascending
 * @param owned the results, by their position, that lie in a fresh array of their own
 */
record ForwardOutputs(List<Integer> shared, List<Integer> saved, List<Integer> owned) {
    /** Of so many results, and values to be saved. */
    static ForwardOutputs of(int results, List<Integer> saved, BitSet owned) {
        return new ForwardOutputs(
                IntStream.range(0, results).filter(i -> !owned.get(i)).boxed().toList(),
                saved,
                owned.stream().boxed().toList());
    }

    int results() {
        return shared.size() + owned.size();
    }

    /** The position of the result that is asked for at a place, saved values left out. */
    int number(int place) {
        return place < shared.size() ? shared.get(place) : owned.get(place - shared.size());
    }

    /** A graph that is asked in this order. */
    Graph asked(Graph graph) {
        List<Integer> outputs = graph.outputs();
        List<Integer> wanted = new ArrayList<>();
        shared.forEach(i -> wanted.add(outputs.get(i)));
        wanted.addAll(saved);
        owned.forEach(i -> wanted.add(outputs.get(i)));
        wanted.addAll(outputs.subList(results(), outputs.size()));
        return new Graph(graph.definitions(), wanted);
    }

    /** The places of the results in their own order, from those in this one. */
    List<Place> results(List<Place> places) {
        Place[] results = new Place[results()];
        for (int i = 0; i < results.length; i++) {
            results[number(i)] = places.get(i < shared.size() ? i : i + saved.size());
        }
        return List.of(results);
    }
}
