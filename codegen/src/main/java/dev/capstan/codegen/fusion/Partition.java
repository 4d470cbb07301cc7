// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import dev.capstan.runtime.kernel.Instruction;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.spi.Access;
import dev.capstan.runtime.type.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * A long computation as several loops, each over some columns at a time; what one leaves to a later one lies in scratch
 * arrays. A processor looks ahead by a hundred instructions or so: in a short loop that is several turns, which it computes
 * side by side, in a long one it is not even a whole turn, whose instructions wait for one another. The cuts are made where
 * little is handed on. Results are written by the last part, because they may take the place of operands.
 */
final class Partition {
    /** Operations of a part; in a longer one a processor finds less and less to compute side by side. */
    private static final int MANY = 40;

    /** With so many operations at a time, on average, a processor finds enough in one turn. */
    private static final int LITTLE_AT_A_TIME = 2;

    /** What operations cost that are more, what a part costs, and what it costs to hand on a value. */
    private static final int COST_OF_OPERATION = 1;

    private static final int COST_OF_PART = 8;
    private static final int COST_OF_VALUE = 8;

    /**
     * One of the loops.
     *
     * @param pattern what it computes
     * @param arrays for each input, then each output: the loop's own array, or behind those a scratch array
     */
    record Part(LoopPattern pattern, List<Integer> arrays) {}

    private final LoopPattern whole;
    private final List<Instruction> steps;
    private final boolean[] uniform;
    /** The operations that are done for each column. */
    private final int[] operations;

    /** By step: where it is among the operations, and where the last one is that needs it. */
    private final int[] positions;

    private final int[] lastUses;
    private final List<DType> scratch = new ArrayList<>();
    private final List<Part> parts = new ArrayList<>();

    private Partition(LoopPattern pattern) {
        whole = pattern;
        steps = pattern.kernel().instructions();
        uniform = pattern.uniform();
        operations = new Steps(pattern).varying();
        positions = new int[steps.size()];
        lastUses = new int[steps.size()];
        Arrays.fill(positions, -1);
        pattern.kernel().outputs().forEach(output -> lastUses[output] = operations.length);
        for (int position = operations.length - 1; position >= 0; position--) {
            int step = operations[position];
            positions[step] = position;
            int use = isRepeated(step) ? lastUses[step] : position;
            for (int operand : Steps.operands(steps.get(step))) {
                lastUses[operand] = Math.max(lastUses[operand], use);
            }
        }
    }

    /** True for what every part computes itself: masks, which have no array, and what is as cheap as to hand it on. */
    private boolean isRepeated(int step) {
        Instruction of = steps.get(step);
        return switch (of.primitive()) {
            case ABS, NEG, REINTERPRET -> true;
            default -> of.type() == DType.BOOL;
        };
    }

    /** The parts of a loop; none if it had better stay whole. */
    static Partition of(LoopPattern pattern) {
        Partition partition = new Partition(pattern);
        int count = partition.operations.length;
        if (count > MANY && count < LITTLE_AT_A_TIME * partition.longestChain()) {
            partition.cut();
        }
        return partition;
    }

    /** The most operations of which each needs the one before it. */
    private int longestChain() {
        int[] lengths = new int[steps.size()];
        int longest = 0;
        for (int step : operations) {
            for (int operand : Steps.operands(steps.get(step))) {
                lengths[step] = Math.max(lengths[step], lengths[operand]);
            }
            lengths[step]++;
            longest = Math.max(longest, lengths[step]);
        }
        return longest;
    }

    List<Part> parts() {
        return parts;
    }

    /** The element types of the scratch arrays. */
    List<DType> scratch() {
        return scratch;
    }

    /** Finds the cheapest cuts, from the last one backwards once all are known. */
    private void cut() {
        int count = operations.length;
        int[] costs = new int[count + 1];
        int[] before = new int[count + 1];
        int[] handed = IntStream.range(0, count)
                .map(position -> COST_OF_VALUE * handedOn(position))
                .toArray();
        for (int end = 1; end <= count; end++) {
            costs[end] = Integer.MAX_VALUE;
            for (int begin = 0; begin < end; begin++) {
                int excess = COST_OF_OPERATION * Math.max(0, end - begin - MANY);
                int cost = costs[begin] + COST_OF_PART + excess + handed[begin];
                if (cost < costs[end]) {
                    costs[end] = cost;
                    before[end] = begin;
                }
            }
        }
        List<Integer> cuts = new ArrayList<>();
        for (int end = count; end > 0; end = before[end]) {
            cuts.add(0, end);
        }
        if (cuts.size() > 1) {
            build(cuts);
        }
    }

    /** How many values parts before a position leave to those behind it. */
    private int handedOn(int position) {
        int count = 0;
        for (int earlier = 0; earlier < position; earlier++) {
            count += isHandedOn(operations[earlier], position) ? 1 : 0;
        }
        return count;
    }

    private boolean isHandedOn(int step, int end) {
        return lastUses[step] >= end && !isRepeated(step);
    }

    private void build(List<Integer> ends) {
        Map<Integer, Integer> places = new TreeMap<>();
        List<Integer> free = new ArrayList<>();
        int begin = 0;
        for (int end : ends) {
            boolean last = end == operations.length;
            Map<Integer, Integer> handedOn = new TreeMap<>(places);
            places.keySet().removeIf(step -> isPast(step, end, handedOn.get(step), free));
            List<Integer> results = new ArrayList<>(last ? whole.kernel().outputs() : List.of());
            List<Integer> arrays = new ArrayList<>();
            for (int position = begin; position < end && !last; position++) {
                int step = operations[position];
                if (isHandedOn(step, end)) {
                    int place = place(steps.get(step).type(), free);
                    places.put(step, place);
                    results.add(step);
                    arrays.add(place);
                }
            }
            for (int output = 0; last && output < results.size(); output++) {
                arrays.add(whole.inputs() + output);
            }
            if (results.isEmpty()) {
                // nothing but what the next part computes itself
                continue;
            }
            Part part = part(begin, handedOn, results, arrays);
            if (!Frame.isHandedOn(part.pattern().accesses())) {
                parts.clear();
                return;
            }
            parts.add(part);
            begin = end;
        }
    }

    private boolean isPast(int step, int end, int place, List<Integer> free) {
        boolean past = lastUses[step] < end;
        if (past) {
            free.add(place);
        }
        return past;
    }

    private int place(DType type, List<Integer> free) {
        for (int place : free) {
            if (scratch.get(place - whole.arrays()) == type) {
                free.remove((Integer) place);
                return place;
            }
        }
        scratch.add(type);
        return whole.arrays() + scratch.size() - 1;
    }

    private Part part(int begin, Map<Integer, Integer> handedOn, List<Integer> results, List<Integer> resultArrays) {
        TreeSet<Integer> needed = new TreeSet<>();
        require(needed, results, begin);
        List<DType> inputs = new ArrayList<>();
        List<Integer> arrays = new ArrayList<>();
        List<Access> accesses = new ArrayList<>();
        List<Instruction> instructions = new ArrayList<>();
        Map<Integer, Integer> numbers = new HashMap<>();
        for (int step : needed) {
            Instruction of = steps.get(step);
            boolean isInput = of.primitive() == Primitive.INPUT;
            if (isInput || isEarlier(step, begin)) {
                arrays.add(isInput ? (Integer) of.a() : handedOn.get(step));
                accesses.add(isInput ? whole.accesses().get(of.a()) : Access.UNIT);
                of = new Instruction(Primitive.INPUT, of.type(), inputs.size(), -1, -1, 0);
                inputs.add(of.type());
            } else {
                of = new Instruction(
                        of.primitive(),
                        of.type(),
                        numbers.getOrDefault(of.a(), -1),
                        numbers.getOrDefault(of.b(), -1),
                        numbers.getOrDefault(of.c(), -1),
                        of.bits());
            }
            numbers.put(step, instructions.size());
            instructions.add(of);
        }
        for (int array : resultArrays) {
            accesses.add(array < whole.arrays() ? whole.accesses().get(array) : Access.UNIT);
        }
        arrays.addAll(resultArrays);
        Kernel kernel = new Kernel(
                inputs, instructions, results.stream().map(numbers::get).toList());
        return new Part(new LoopPattern(kernel, accesses), arrays);
    }

    private boolean isEarlier(int step, int begin) {
        return positions[step] >= 0 && positions[step] < begin && !isRepeated(step);
    }

    /** Adds steps and what they need, as far as no earlier part has computed it. */
    private void require(TreeSet<Integer> needed, Collection<Integer> wanted, int begin) {
        for (int step : wanted) {
            if (needed.add(step) && !isEarlier(step, begin)) {
                require(needed, Steps.operands(steps.get(step)), begin);
            }
        }
    }
}
