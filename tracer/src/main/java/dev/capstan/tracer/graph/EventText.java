// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.graph;

import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Recording.Applied;
import dev.capstan.tracer.graph.Recording.Differentiated;
import dev.capstan.tracer.graph.Recording.Event;
import dev.capstan.tracer.graph.Recording.External;
import dev.capstan.tracer.graph.Recording.Gradient;
import dev.capstan.tracer.graph.Recording.Retaken;
import dev.capstan.tracer.graph.Recording.Written;
import java.util.List;
import java.util.stream.Collectors;

/** Events in a few words, for listings. */
public final class EventText {
    private EventText() {}

    /** An operator with its attributes, applied to values, and the type of its result. */
    static String application(Operator operator, List<Integer> operands, TensorType type) {
        String values = operands.stream().map(o -> "%" + o).collect(Collectors.joining(", "));
        String attributes = operator.toString().replaceFirst("^\\w+", "");
        return operator.name() + (attributes.equals("[]") ? "" : attributes) + "(" + values + ") : " + type;
    }

    /** An event, its values as {@code %0}, {@code %1} and so on. */
    public static String of(Event event) {
        if (event instanceof External external) {
            return "input " + external.index() + " : " + external.type().dtype() + external.layout()
                    + (external.requiresGradient() ? " requiring a gradient" : "")
                    + (external.alias() < 0 ? "" : " in the storage of %" + external.alias());
        }
        if (event instanceof Applied applied) {
            return application(applied.operator(), applied.operands(), applied.type());
        }
        if (event instanceof Written written) {
            return "write of %" + written.value() + " over %" + written.content();
        }
        if (event instanceof Retaken retaken) {
            return "view %" + retaken.view() + " again, of the elements of %" + retaken.value();
        }
        if (event instanceof Differentiated pass) {
            return "backward from %" + pass.root();
        }
        return "gradient of %" + ((Gradient) event).input();
    }
}
