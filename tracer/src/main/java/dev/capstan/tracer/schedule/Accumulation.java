// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.tracer.schedule.Buffers.Buffer;
import dev.capstan.tracer.schedule.Schedule.Kind;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Multiply;
import dev.capstan.tracer.schedule.Schedule.MultiplyAdd;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/**
 * Makes products whose only use is to be added up steps that add, as when the gradient of a weight is summed up over time:
 * what a product has in registers need not go through memory to be added, and needs no memory of its own. A product is
 * complete before it is added, so the bits stay.
 */
final class Accumulation {
    /** Beside longer sums the addition is next to nothing, and they are not complete in one go. */
    private static final int LONGEST_SUM = 256;

    private final Buffers buffers;
    private final Set<Integer> wanted;
    private final List<Step> steps;
    /** For each buffer the steps that name it, as often as they do; first those that did so from the beginning, in order. */
    private final List<List<Integer>> users = new ArrayList<>();

    /**
     * @param steps on places whose slot is the number of a buffer
     * @param wanted the buffers that are read afterwards
     */
    Accumulation(List<Step> steps, Buffers buffers, Set<Integer> wanted) {
        this.steps = new ArrayList<>(steps);
        this.buffers = buffers;
        this.wanted = wanted;
    }

    /** The steps. */
    List<Step> steps() {
        for (int i = 0; i < steps.size(); i++) {
            if (steps.get(i) instanceof Loop loop && isSum(loop)) {
                findUsers();
                accumulate(i, loop);
            }
        }
        steps.removeAll(Collections.singleton(null));
        return steps;
    }

    private void findUsers() {
        if (!users.isEmpty()) {
            return;
        }
        for (int i = 0; i < buffers.size(); i++) {
            users.add(new ArrayList<>());
        }
        for (int i = 0; i < steps.size(); i++) {
            for (Place place : steps.get(i).places()) {
                users.get(place.slot()).add(i);
            }
        }
    }

    /** True for {@code a + b + c}, of one floating type and as many elements, in their order. */
    private static boolean isSum(Loop loop) {
        DType type = loop.kernel().outputType(0);
        int terms = loop.inputs().size();
        if (terms < 2
                || !type.isFloating()
                || !loop.places().stream().allMatch(place -> place.layout().isContiguous())) {
            return false;
        }
        Expr sum = Expr.input(0, type);
        for (int term = 1; term < terms; term++) {
            sum = sum.add(Expr.input(term, type));
        }
        return loop.kernel().equals(Kernel.of(Collections.nCopies(terms, type), List.of(sum)));
    }

    /** Lets each product add itself to the ones before, if nobody sees the output in between. */
    private void accumulate(int addition, Loop sum) {
        List<Integer> products = new ArrayList<>();
        for (Place term : sum.inputs().subList(1, sum.inputs().size())) {
            int product = users.get(term.slot()).get(0);
            boolean inOrder = products.isEmpty() || products.get(products.size() - 1) < product;
            if (!inOrder || !isOnlyAdded(product, term)) {
                return;
            }
            products.add(product);
        }
        int first = products.get(0);
        Place output = sum.outputs().get(0);
        Place addend = sum.inputs().get(0);
        if (isUsed(output.slot(), first, addition) || isWritten(addend.slot(), first, addition)) {
            return;
        }
        if (replaces(addend, output, addition)) {
            addend = output;
        }
        for (int product : products) {
            Multiply multiply = (Multiply) steps.get(product);
            Shape shape = multiply.output().layout().shape();
            Step added =
                    new MultiplyAdd(multiply.left(), multiply.right(), formed(addend, shape), formed(output, shape));
            steps.set(product, added);
            users.get(addend.slot()).add(product);
            users.get(output.slot()).add(product);
            addend = output;
        }
        steps.set(addition, null);
    }

    /** Computes the first term, if it is a product too, where the sum will be. */
    private boolean replaces(Place term, Place output, int addition) {
        int product = users.get(term.slot()).get(0);
        if (!isOnlyAdded(product, term) || isUsed(output.slot(), product, addition)) {
            return false;
        }
        Multiply multiply = (Multiply) steps.get(product);
        Shape shape = multiply.output().layout().shape();
        steps.set(product, new Multiply(multiply.left(), multiply.right(), formed(output, shape)));
        users.get(output.slot()).add(product);
        return true;
    }

    /** True if a step is a product of which nothing but a term of a sum is made. */
    private boolean isOnlyAdded(int product, Place term) {
        if (!(steps.get(product) instanceof Multiply multiply)) {
            return false;
        }
        Shape left = multiply.left().layout().shape();
        Buffer buffer = buffers.get(term.slot());
        return left.rank() == 2
                && left.size(1) > 0
                && left.size(1) <= LONGEST_SUM
                && multiply.output().slot() == term.slot()
                && buffer.elements() == term.layout().shape().elements()
                && buffer.kind() == Kind.ARENA
                && users.get(term.slot()).size() == 2
                && !wanted.contains(term.slot());
    }

    /** Whether steps from one to just before another name a buffer. */
    private boolean isUsed(int buffer, int from, int to) {
        return users.get(buffer).stream().anyMatch(step -> step >= from && step < to);
    }

    /** Whether steps from one to just before another write to a buffer. */
    private boolean isWritten(int buffer, int from, int to) {
        return users.get(buffer).stream()
                .filter(step -> step >= from && step < to && steps.get(step) != null)
                .flatMap(step -> steps.get(step).outputs().stream())
                .anyMatch(output -> output.slot() == buffer);
    }

    private static Place formed(Place place, Shape shape) {
        return new Place(
                place.slot(), Layout.contiguous(shape).at(place.layout().offset()));
    }
}
