// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import dev.capstan.benchmarks.peers.StaticGraph.Variable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.TensorFlow;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.op.math.Mean;
import org.tensorflow.op.train.BatchMatMul;
import org.tensorflow.types.TFloat32;

/** TensorFlow: a graph for each depth or length, made before the first step, over common variables. */
final class TensorFlowGraphs extends Library {
    private float loss;

    TensorFlowGraphs() {
        TensorFlow.version();
    }

    private static Program program(Runnable step, Supplier<float[]> result) {
        return new Program() {
            @Override
            public void step() {
                step.run();
            }

            @Override
            public float[] result() {
                return result.get();
            }
        };
    }

    private float[] loss() {
        return new float[] {loss};
    }

    /** Takes turns. */
    private Program inTurns(List<Session.Runner> runners, int[] order) {
        int[] count = {0};
        return program(
                () -> loss = StaticGraph.scalar(runners.get(order[count[0]++ % order.length])), this::loss);
    }

    private static Operand<TFloat32> linear(Ops tf, Operand<TFloat32> input, List<Variable> parameters, int index) {
        return tf.nn.biasAdd(
                product(tf, input, parameters.get(index)), parameters.get(index + 1).value());
    }

    private static Operand<TFloat32> product(Ops tf, Operand<TFloat32> input, Variable weight) {
        return tf.linalg.matMul(input, weight.value(), MatMul.transposeB(true));
    }

    private static Operand<TFloat32> all(Ops tf, Operand<TFloat32> errors, boolean mean) {
        int rank = errors.shape().numDimensions();
        int[] axes = new int[rank];
        for (int i = 0; i < rank; i++) {
            axes[i] = i;
        }
        return mean ? tf.math.mean(errors, tf.array(axes)) : tf.reduceSum(errors, tf.array(axes));
    }

    @Override
    Program feedForward(FeedForward work, double pace) {
        StaticGraph graph = new StaticGraph();
        Ops tf = graph.ops();
        Operand<TFloat32> x = graph.input(work.x());
        Operand<TFloat32> y = graph.input(work.y());
        List<Variable> parameters = graph.variables(work.parameters());
        List<Variable> momenta = graph.variables(zeros(work.parameters()));
        Operand<TFloat32> rate = tf.constant((float) (pace * work.rate()));
        Operand<TFloat32> momentum = tf.constant((float) work.momentum());
        int last = parameters.size() - 2;
        List<Operand<TFloat32>> losses = new ArrayList<>();
        List<List<Op>> updates = new ArrayList<>();
        for (int depth = 0; depth <= (work.isDeep() ? 3 : 0); depth++) {
            Operand<TFloat32> hidden = tf.nn.relu(linear(tf, x, parameters, 0));
            for (int i = 0; i < depth; i++) {
                hidden = tf.nn.relu(linear(tf, hidden, parameters, 2));
            }
            Operand<TFloat32> output = linear(tf, hidden, parameters, last);
            Operand<TFloat32> error = all(tf, tf.math.squaredDifference(output, y), false);
            List<Integer> used = new ArrayList<>(List.of(0, 1, last, last + 1));
            if (depth > 0) {
                used.addAll(List.of(2, 3));
            }
            List<Operand<TFloat32>> gradients =
                    graph.gradients(error, used.stream().map(parameters::get).toList());
            List<Op> update = new ArrayList<>();
            for (int i = 0; i < used.size(); i++) {
                Variable parameter = parameters.get(used.get(i));
                update.add(
                        work.momentum() == 0
                                ? tf.train.resourceApplyGradientDescent(parameter.handle(), rate, gradients.get(i))
                                : tf.train.resourceApplyMomentum(
                                        parameter.handle(),
                                        momenta.get(used.get(i)).handle(),
                                        rate,
                                        gradients.get(i),
                                        momentum));
            }
            losses.add(error);
            updates.add(update);
        }
        return inTurns(trained(graph, losses, updates), work.depths());
    }

    /** A runner for each loss and its updates. */
    private static List<Session.Runner> trained(
            StaticGraph graph, List<Operand<TFloat32>> losses, List<List<Op>> updates) {
        Session session = graph.start();
        List<Session.Runner> runners = new ArrayList<>();
        for (int i = 0; i < losses.size(); i++) {
            Session.Runner runner = graph.runner(session).fetch(losses.get(i));
            updates.get(i).forEach(runner::addTarget);
            runners.add(runner);
        }
        return runners;
    }

    private static List<Values> zeros(List<Values> values) {
        return values.stream()
                .map(value -> Values.constant(0, value.sizes()))
                .toList();
    }

    @Override
    Program recurrent(Recurrent work, double pace) {
        StaticGraph graph = new StaticGraph();
        Ops tf = graph.ops();
        List<Variable> parameters = graph.variables(work.parameters());
        AdamUpdate adam = new AdamUpdate(graph, work.parameters(), pace * work.rate());
        Variable state = graph.variable(Values.constant(0, 1, Recurrent.HIDDEN));
        List<Operand<TFloat32>> losses = new ArrayList<>();
        List<List<Op>> updates = new ArrayList<>();
        for (Recurrent.Sequence sequence : work.sequences()) {
            Operand<TFloat32> x = graph.input(sequence.x());
            Operand<TFloat32> y = graph.input(sequence.y());
            Operand<TFloat32> hidden = state.value();
            List<Operand<TFloat32>> outputs = new ArrayList<>();
            for (Operand<TFloat32> time : tf.unstack(tf.reshape(x, tf.array(-1, 1, 1)), (long) sequence.length())) {
                Operand<TFloat32> ofInput = linear(tf, time, List.of(parameters.get(0), parameters.get(2)), 0);
                Operand<TFloat32> ofState = linear(tf, hidden, List.of(parameters.get(1), parameters.get(3)), 0);
                hidden = tf.math.tanh(tf.math.add(ofInput, ofState));
                outputs.add(linear(tf, hidden, parameters, 4));
            }
            Operand<TFloat32> output = tf.reshape(tf.stack(outputs), tf.array(1, sequence.length(), 1));
            Operand<TFloat32> error = all(tf, tf.math.squaredDifference(output, y), true);
            List<Op> update = new ArrayList<>(adam.apply(graph, parameters, graph.gradients(error, parameters)));
            update.add(tf.assignVariableOp(state.handle(), hidden));
            losses.add(error);
            updates.add(update);
        }
        return inTurns(trained(graph, losses, updates), work.order());
    }

    /** Adam's state. */
    private static final class AdamUpdate {
        private final Operand<TFloat32> rate;
        private final Operand<TFloat32> first;
        private final Operand<TFloat32> second;
        private final Operand<TFloat32> epsilon;
        private final List<Variable> means;
        private final List<Variable> squares;
        private final Variable firstPower;
        private final Variable secondPower;

        AdamUpdate(StaticGraph graph, List<Values> parameters, double rate) {
            Ops tf = graph.ops();
            this.rate = tf.constant((float) rate);
            first = tf.constant(0.9f);
            second = tf.constant(0.999f);
            epsilon = tf.constant((float) Recurrent.EPSILON);
            means = graph.variables(zeros(parameters));
            squares = graph.variables(zeros(parameters));
            firstPower = graph.variable(Values.constant(0.9f));
            secondPower = graph.variable(Values.constant(0.999f));
        }

        List<Op> apply(StaticGraph graph, List<Variable> parameters, List<Operand<TFloat32>> gradients) {
            Ops tf = graph.ops();
            List<Op> updates = new ArrayList<>();
            for (int i = 0; i < parameters.size(); i++) {
                updates.add(tf.train.resourceApplyAdam(
                        parameters.get(i).handle(),
                        means.get(i).handle(),
                        squares.get(i).handle(),
                        firstPower.value(),
                        secondPower.value(),
                        rate,
                        first,
                        second,
                        epsilon,
                        gradients.get(i)));
            }
            Ops after = tf.withControlDependencies(updates);
            return List.of(
                    after.assignVariableOp(firstPower.handle(), after.math.mul(firstPower.value(), first)),
                    after.assignVariableOp(secondPower.handle(), after.math.mul(secondPower.value(), second)));
        }
    }

    /** The loss is read, and gradients are computed, in every step; to be compared they are fetched. */
    private Program differentiated(StaticGraph graph, Operand<TFloat32> error, List<Variable> parameters) {
        List<Operand<TFloat32>> gradients = graph.gradients(error, parameters);
        Session session = graph.start();
        Session.Runner timed = graph.runner(session).fetch(error);
        Session.Runner compared = graph.runner(session).fetch(error);
        for (Operand<TFloat32> gradient : gradients) {
            timed.addTarget(gradient.op());
            compared.fetch(gradient);
        }
        return program(() -> loss = StaticGraph.scalar(timed), () -> StaticGraph.elements(compared));
    }

    @Override
    Program longShortTerm(LongShortTerm work) {
        StaticGraph graph = new StaticGraph();
        Ops tf = graph.ops();
        Operand<TFloat32> x = graph.input(work.x());
        List<Variable> parameters = graph.variables(work.parameters());
        Operand<TFloat32> nothing = tf.zeros(tf.array(LongShortTerm.BATCH, LongShortTerm.HIDDEN), TFloat32.class);
        Operand<TFloat32> hidden = nothing;
        Operand<TFloat32> memory = nothing;
        for (Operand<TFloat32> time : tf.unstack(x, (long) LongShortTerm.TIME)) {
            Operand<TFloat32> gates =
                    tf.math.add(linear(tf, time, parameters, 0), product(tf, hidden, parameters.get(2)));
            List<? extends Operand<TFloat32>> gate =
                    tf.split(tf.constant(1), gates, 4L).output();
            Operand<TFloat32> kept = tf.math.mul(tf.math.sigmoid(gate.get(1)), memory);
            Operand<TFloat32> written = tf.math.mul(tf.math.sigmoid(gate.get(0)), tf.math.tanh(gate.get(2)));
            memory = tf.math.add(kept, written);
            hidden = tf.math.mul(tf.math.sigmoid(gate.get(3)), tf.math.tanh(memory));
        }
        return differentiated(graph, all(tf, tf.math.square(hidden), true), parameters);
    }

    @Override
    Program encoderLayer(EncoderLayer work) {
        StaticGraph graph = new StaticGraph();
        Ops tf = graph.ops();
        int width = EncoderLayer.WIDTH;
        int perHead = width / EncoderLayer.HEADS;
        Operand<TFloat32> x = tf.reshape(graph.input(work.x()), tf.array(-1, width));
        List<Variable> parameters = graph.variables(work.parameters());
        List<Operand<TFloat32>> thirds = new ArrayList<>();
        for (Operand<TFloat32> third : tf.split(tf.constant(1), linear(tf, x, parameters, 0), 3L)) {
            Operand<TFloat32> heads =
                    tf.reshape(third, tf.array(EncoderLayer.BATCH, EncoderLayer.TIME, EncoderLayer.HEADS, perHead));
            thirds.add(tf.linalg.transpose(heads, tf.array(0, 2, 1, 3)));
        }
        Operand<TFloat32> query = tf.math.mul(thirds.get(0), tf.constant((float) (1 / Math.sqrt(perHead))));
        Operand<TFloat32> scores =
                tf.train.batchMatMul(query, thirds.get(1), TFloat32.class, BatchMatMul.adjY(true));
        Operand<TFloat32> attention =
                tf.train.batchMatMul(tf.nn.softmax(scores), thirds.get(2), TFloat32.class);
        Operand<TFloat32> seen =
                tf.reshape(tf.linalg.transpose(attention, tf.array(0, 2, 1, 3)), tf.array(-1, width));
        Operand<TFloat32> features = norm(tf, tf.math.add(x, linear(tf, seen, parameters, 2)), parameters, 4);
        Operand<TFloat32> thought = linear(tf, tf.nn.relu(linear(tf, features, parameters, 6)), parameters, 8);
        Operand<TFloat32> output = norm(tf, tf.math.add(features, thought), parameters, 10);
        return differentiated(graph, all(tf, tf.math.square(output), true), parameters);
    }

    private static Operand<TFloat32> norm(Ops tf, Operand<TFloat32> input, List<Variable> parameters, int index) {
        Operand<TFloat32> mean = tf.math.mean(input, tf.array(1), Mean.keepDims(true));
        Operand<TFloat32> variance =
                tf.math.mean(tf.math.squaredDifference(input, mean), tf.array(1), Mean.keepDims(true));
        Operand<TFloat32> scale =
                tf.math.rsqrt(tf.math.add(variance, tf.constant((float) EncoderLayer.EPSILON)));
        Operand<TFloat32> normal = tf.math.mul(tf.math.sub(input, mean), scale);
        return tf.math.add(
                tf.math.mul(normal, parameters.get(index).value()),
                parameters.get(index + 1).value());
    }
}
