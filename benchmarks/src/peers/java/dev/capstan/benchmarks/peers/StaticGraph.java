// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.VarHandleOp;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TFloat32;

/** A graph of TensorFlow's in the making, with its variables; at the end a session that runs in the caller's thread. */
final class StaticGraph {
    private final Graph graph = new Graph();
    private final Ops ops = Ops.create(graph);
    private final List<Op> initializers = new ArrayList<>();
    private final List<Fed> fed = new ArrayList<>();

    private record Fed(Placeholder<TFloat32> placeholder, TFloat32 tensor) {}

    /**
     * A variable.
     *
     * @param handle what updates take
     * @param value what operators take
     */
    record Variable(VarHandleOp handle, Operand<TFloat32> value) {}

    /** What makes operators. */
    Ops ops() {
        return ops;
    }

    private static Shape shape(Values values) {
        return Shape.of(values.longSizes());
    }

    /** A new variable. */
    Variable variable(Values values) {
        VarHandleOp handle = ops.varHandleOp(
                TFloat32.class, shape(values), VarHandleOp.sharedName("variable" + initializers.size()));
        initializers.add(ops.assignVariableOp(
                handle, ops.constant(shape(values), DataBuffers.of(values.elements(), true, false))));
        return new Variable(handle, ops.readVariableOp(handle, TFloat32.class));
    }

    /** New variables. */
    List<Variable> variables(List<Values> values) {
        return values.stream().map(this::variable).toList();
    }

    /** What is fed at every run, so that nothing that depends on it is folded into a constant. */
    Operand<TFloat32> input(Values values) {
        Placeholder<TFloat32> placeholder = ops.placeholder(TFloat32.class, Placeholder.shape(shape(values)));
        fed.add(new Fed(placeholder, TFloat32.tensorOf(shape(values), DataBuffers.of(values.elements(), true, false))));
        return placeholder;
    }

    /** The gradients of a loss. */
    List<Operand<TFloat32>> gradients(Operand<TFloat32> loss, List<Variable> variables) {
        Output<?>[] by = variables.stream()
                .map(variable -> variable.value().asOutput())
                .toArray(Output<?>[]::new);
        List<Operand<TFloat32>> gradients = new ArrayList<>();
        for (Output<?> gradient : graph.addGradients(loss.asOutput(), by)) {
            gradients.add(gradient.expect(TFloat32.class));
        }
        return gradients;
    }

    /** Starts a session with the variables' first values. */
    Session start() {
        ConfigProto configuration = ConfigProto.newBuilder()
                .setIntraOpParallelismThreads(1)
                .setInterOpParallelismThreads(-1)
                .build();
        Session session = new Session(graph, configuration);
        Session.Runner runner = session.runner();
        initializers.forEach(runner::addTarget);
        runner.run().close();
        return session;
    }

    /** A runner to which everything is fed that it may need. */
    Session.Runner runner(Session session) {
        Session.Runner runner = session.runner();
        fed.forEach(input -> runner.feed(input.placeholder(), input.tensor()));
        return runner;
    }

    /** Runs what yields one number. */
    static float scalar(Session.Runner runner) {
        try (Result result = runner.run()) {
            return ((TFloat32) result.get(0)).getFloat();
        }
    }

    /** Runs what yields tensors; their elements, one after another. */
    static float[] elements(Session.Runner runner) {
        try (Result result = runner.run()) {
            float[][] parts = new float[result.size()][];
            for (int i = 0; i < parts.length; i++) {
                TFloat32 tensor = (TFloat32) result.get(i);
                parts[i] = new float[Math.toIntExact(tensor.size())];
                tensor.copyTo(DataBuffers.of(parts[i], false, false));
            }
            return Results.joined(parts);
        }
    }
}
