// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import dev.capstan.runtime.op.View;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import java.util.Arrays;
import java.util.List;

/** What each value of a graph is for, as far as it limits rewriting. Immutable. */
public final class Roles {
    /** The reasons for which a value's storage outlives the run, weakest first. */
    enum Role {
        /** Nobody sees the storage. */
        SCRATCH,
        /** The backward pass reads it. */
        KEPT,
        /** It leaves with a result, so the user can see what shares it, and can overwrite it. */
        RESULT
    }

    private final Role[] roles;

    private Roles(Role[] roles) {
        this.roles = roles;
    }

    /**
     * The roles in a forward graph.
     *
     * @param results how many of the outputs, from the first, leave as results
     * @param kept how many of those that follow the backward pass reads; the others are copied where they would share
     *     storage
     */
    public static Roles forward(Graph graph, int results, int kept) {
        Role[] roles = scratch(graph);
        List<Integer> outputs = graph.outputs();
        for (int i = 0; i < results + kept; i++) {
            Role role = i < results ? Role.RESULT : Role.KEPT;
            for (int value = outputs.get(i); value >= 0; value = base(graph, value)) {
                roles[value] = roles[value].compareTo(role) > 0 ? roles[value] : role;
            }
        }
        return new Roles(roles);
    }

    /** The roles in a backward graph: results are copied where they would share storage, so nothing is limited. */
    public static Roles backward(Graph graph) {
        return new Roles(scratch(graph));
    }

    private static Role[] scratch(Graph graph) {
        Role[] roles = new Role[graph.definitions().size()];
        Arrays.fill(roles, Role.SCRATCH);
        return roles;
    }

    /** What a value is a view of, or -1 if it has storage of its own. */
    private static int base(Graph graph, int value) {
        return graph.definitions().get(value) instanceof Apply apply && apply.operator() instanceof View
                ? apply.operands().get(0)
                : -1;
    }

    /** What the storage of a value is for. */
    Role of(int value) {
        return roles[value];
    }

    /** True if the value must stay the computation or view that it is, because its storage is seen later. */
    boolean isPinned(int value) {
        return roles[value] != Role.SCRATCH;
    }
}
