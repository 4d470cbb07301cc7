// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import dev.capstan.runtime.op.View;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import dev.capstan.tracer.graph.Graph.Definition;
import dev.capstan.tracer.rewrite.Roles.Role;
import java.util.HashMap;
import java.util.Map;

/**
 * Computes equal definitions once (common subexpressions). Storage that leaves with a result is shared with nothing
 * that outlives the run: in eager mode those are two tensors, and the user may overwrite one of them.
 */
public final class Sharing implements Pass {
    @Override
    public String name() {
        return "sharing";
    }

    @Override
    public Graph apply(Graph graph, Roles roles) {
        Rewriting rewriting = new Rewriting(graph);
        Map<Definition, Shared> known = new HashMap<>();
        for (int value = 0; value < graph.definitions().size(); value++) {
            Definition definition = rewriting.renewed(value);
            boolean view = definition instanceof Apply apply && apply.operator() instanceof View;
            Role role = view || !(definition instanceof Apply) ? Role.SCRATCH : roles.of(value);
            Shared last = null;
            Shared shared = known.get(definition);
            while (shared != null && !shared.mayServe(role)) {
                last = shared;
                shared = shared.next;
            }
            if (shared == null) {
                shared = new Shared(rewriting.add(definition));
                if (last == null) {
                    known.put(definition, shared);
                } else {
                    last.next = shared;
                }
            }
            shared.role = shared.role.compareTo(role) > 0 ? shared.role : role;
            rewriting.replace(value, shared.value);
        }
        return rewriting.graph();
    }

    /** A definition of the new graph with the strongest role that it has so far. */
    private static final class Shared {
        private final int value;
        private Role role = Role.SCRATCH;
        /** The next one of an equal definition, or null. */
        private Shared next;

        Shared(int value) {
            this.value = value;
        }

        boolean mayServe(Role other) {
            boolean leaves = role == Role.RESULT || other == Role.RESULT;
            return !leaves || role == Role.SCRATCH || other == Role.SCRATCH;
        }
    }
}
