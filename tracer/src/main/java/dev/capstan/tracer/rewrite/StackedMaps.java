// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import dev.capstan.runtime.op.Assembly;
import dev.capstan.runtime.op.Elementwise;
import dev.capstan.runtime.op.Permute;
import dev.capstan.runtime.op.Unsqueeze;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Computes a stack at once whose pieces are the same element-wise expression of every index of some tensors, and of
 * values that all pieces share: {@code stack([f(x[:, 0], b), f(x[:, 1], b), ...])} is {@code f(x, b)}. Also, a stack
 * of all indices of one tensor is that tensor.
 */
public final class StackedMaps implements Pass {
    @Override
    public String name() {
        return "stacked-maps";
    }

    @Override
    public Graph apply(Graph graph, Roles roles) {
        int[] uses = Mosaics.uses(graph);
        Rewriting rewriting = new Rewriting(graph);
        for (int value = 0; value < graph.definitions().size(); value++) {
            Plan plan = graph.definitions().get(value) instanceof Apply apply ? plan(graph, uses, apply) : null;
            if (plan == null || plan instanceof Whole && roles.isPinned(value)) {
                rewriting.keep(value);
            } else {
                rewriting.replace(value, plan.write(rewriting));
            }
        }
        return rewriting.graph();
    }

    /** How a list of values, one for each index, is computed as one. */
    private sealed interface Plan {
        int write(Rewriting rewriting);
    }

    /** The same value for each index. */
    private record Common(int value, int stretched) implements Plan {
        @Override
        public int write(Rewriting rewriting) {
            int now = rewriting.now(value);
            return stretched < 0 ? now : Unsqueeze.unsqueeze(rewriting, now, stretched);
        }
    }

    /** All indices of one tensor, with the dimension moved if need be. */
    private record Whole(int source, int from, int to) implements Plan {
        @Override
        public int write(Rewriting rewriting) {
            int now = rewriting.now(source);
            if (from == to) {
                return now;
            }
            int rank = rewriting.type(now).shape().rank();
            List<Integer> order =
                    new ArrayList<>(IntStream.range(0, rank).boxed().toList());
            order.remove(from);
            order.add(to, from);
            return Permute.permute(rewriting, now, order);
        }
    }

    /** An operator on values of each index. */
    private record Operation(Elementwise operator, List<Plan> operands) implements Plan {
        @Override
        public int write(Rewriting rewriting) {
            return rewriting.apply(
                    operator,
                    operands.stream().map(operand -> operand.write(rewriting)).toList());
        }
    }

    private static Plan plan(Graph graph, int[] uses, Apply stack) {
        if (!(stack.operator() instanceof Assembly assembly)
                || stack.operands().size() < 2
                || stack.type().shape().elements() == 0) {
            return null;
        }
        Layout whole = Layout.contiguous(stack.type().shape());
        List<TensorType> types = graph.types(stack.operands());
        for (int dimension = 0; dimension < whole.shape().rank(); dimension++) {
            if (whole.shape().size(dimension) == types.size()
                    && isStack(assembly, types, whole, dimension)
                    && types.stream()
                            .allMatch(type -> type.dtype() == stack.type().dtype())
                    && types.get(0).shape().rank() > 0) {
                Planning planning =
                        new Planning(graph, uses, dimension, types.get(0).shape());
                Plan plan = planning.plan(stack.operands());
                return plan instanceof Common ? null : plan;
            }
        }
        return null;
    }

    private static boolean isStack(Assembly assembly, List<TensorType> types, Layout whole, int dimension) {
        for (int i = 0; i < types.size(); i++) {
            if (!assembly.place(i, types, whole).equals(whole.select(dimension, i))) {
                return false;
            }
        }
        return true;
    }

    /**
     * The search for a plan.
     *
     * @param dimension of the whole, along which the values are the indices
     * @param piece the shape of each value
     */
    private record Planning(Graph graph, int[] uses, int dimension, Shape piece) {
        Plan plan(List<Integer> values) {
            if (values.stream().distinct().count() == 1) {
                return common(values.get(0));
            }
            if (values.stream().anyMatch(value -> !graph.type(value).shape().equals(piece))) {
                return null;
            }
            Plan whole = whole(values);
            return whole != null ? whole : operation(values);
        }

        private Plan common(int value) {
            int trailing = piece.rank() - dimension;
            int rank = graph.type(value).shape().rank();
            return new Common(value, rank > trailing ? rank - trailing : -1);
        }

        private Plan whole(List<Integer> values) {
            Selection first = Selection.of(graph, values.get(0));
            if (first == null || graph.type(first.source()).shape().size(first.dimension()) != values.size()) {
                return null;
            }
            for (int i = 0; i < values.size(); i++) {
                Selection wanted = new Selection(first.source(), first.dimension(), i);
                if (!wanted.equals(Selection.of(graph, values.get(i)))) {
                    return null;
                }
            }
            return new Whole(first.source(), first.dimension(), dimension);
        }

        /** One operator for all; values that are used elsewhere, too, would be computed twice and prevent it. */
        private Plan operation(List<Integer> values) {
            List<Apply> applies = new ArrayList<>();
            for (int value : values) {
                if (uses[value] != 1 || !(graph.definitions().get(value) instanceof Apply apply)) {
                    return null;
                }
                applies.add(apply);
            }
            if (!(applies.get(0).operator() instanceof Elementwise operator)
                    || applies.stream().anyMatch(apply -> !apply.operator().equals(operator))) {
                return null;
            }
            List<Plan> operands = new ArrayList<>();
            for (int i = 0; i < applies.get(0).operands().size(); i++) {
                int position = i;
                Plan operand = plan(applies.stream()
                        .map(apply -> apply.operands().get(position))
                        .toList());
                if (operand == null) {
                    return null;
                }
                operands.add(operand);
            }
            boolean varies = operands.stream().anyMatch(operand -> !(operand instanceof Common));
            return varies ? new Operation(operator, operands) : null;
        }
    }
}
