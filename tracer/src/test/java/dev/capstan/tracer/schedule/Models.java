// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.op.Add;
import dev.capstan.runtime.op.Addmm;
import dev.capstan.runtime.op.MatrixTranspose;
import dev.capstan.runtime.op.MseLoss;
import dev.capstan.runtime.op.Mul;
import dev.capstan.runtime.op.Relu;
import dev.capstan.runtime.op.Select;
import dev.capstan.runtime.op.Sigmoid;
import dev.capstan.runtime.op.Slice;
import dev.capstan.runtime.op.Stack;
import dev.capstan.runtime.op.Tanh;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Input;
import dev.capstan.tracer.graph.GraphBuilder;
import java.util.ArrayList;
import java.util.List;

/** Forward graphs of small models as capture would record them. */
final class Models {
    private final GraphBuilder ops = new GraphBuilder();
    private int inputs;

    private Models() {}

    private int input(int... sizes) {
        Shape shape = Shape.of(sizes);
        TensorType type = new TensorType(DType.FLOAT32, shape);
        return ops.operand(new Input(inputs++), type, Layout.contiguous(shape));
    }

    private int linear(int x, int weight, int bias) {
        return Addmm.addmm(ops, bias, x, MatrixTranspose.t(ops, weight));
    }

    /** {@code relu(linear(x))}. */
    static Graph linearRelu(int batch, int in, int out) {
        Models m = new Models();
        int result = m.linear(m.input(batch, in), m.input(out, in), m.input(out));
        return m.ops.build(List.of(Relu.relu(m.ops, result)));
    }

    /** The mean squared error of a prediction and a target. */
    static Graph meanSquaredError(int... sizes) {
        Models m = new Models();
        return m.ops.build(List.of(MseLoss.mseLoss(m.ops, m.input(sizes), m.input(sizes), true)));
    }

    /** A tanh RNN over a number of steps, batch first, each hidden state through a linear layer, with the loss. */
    static Graph rnn(int steps, int batch, int in, int hidden, int out, boolean loss) {
        Models m = new Models();
        int x = m.input(batch, steps, in);
        int state = m.input(batch, hidden);
        int[] weights = {
            m.input(hidden, in),
            m.input(hidden),
            m.input(hidden, hidden),
            m.input(hidden),
            m.input(out, hidden),
            m.input(out)
        };
        List<Integer> states = new ArrayList<>();
        for (int t = 0; t < steps; t++) {
            int fromInput = m.linear(Select.select(m.ops, x, 1, t), weights[0], weights[1]);
            int fromState = m.linear(state, weights[2], weights[3]);
            state = Tanh.tanh(m.ops, Add.add(m.ops, fromInput, fromState));
            states.add(state);
        }
        int sequence = Stack.stack(m.ops, states, 1);
        List<Integer> outs = new ArrayList<>();
        for (int t = 0; t < steps; t++) {
            outs.add(m.linear(Select.select(m.ops, sequence, 1, t), weights[4], weights[5]));
        }
        int result = Stack.stack(m.ops, outs, 1);
        if (!loss) {
            return m.ops.build(List.of(result, state));
        }
        int target = m.input(batch, steps, out);
        return m.ops.build(List.of(MseLoss.mseLoss(m.ops, result, target, true)));
    }

    /** One step of a tanh RNN. */
    static Graph rnnStep(int batch, int in, int hidden) {
        Models m = new Models();
        int fromInput = m.linear(m.input(batch, in), m.input(hidden, in), m.input(hidden));
        int fromState = m.linear(m.input(batch, hidden), m.input(hidden, hidden), m.input(hidden));
        return m.ops.build(List.of(Tanh.tanh(m.ops, Add.add(m.ops, fromInput, fromState))));
    }

    /** The sum of products of all indices of a tensor with one another, each with its successor. */
    static Graph selections(int count) {
        Models m = new Models();
        int x = m.input(4, count, 3);
        int sum = Mul.mul(m.ops, Select.select(m.ops, x, 1, 0), Select.select(m.ops, x, 1, count - 1));
        for (int i = 1; i < count; i++) {
            int product = Mul.mul(m.ops, Select.select(m.ops, x, 1, i - 1), Select.select(m.ops, x, 1, i));
            sum = Add.add(m.ops, sum, product);
        }
        return m.ops.build(List.of(sum));
    }

    /** One step of an LSTM: the new hidden and cell states. */
    static Graph lstmStep(int batch, int in, int hidden) {
        Models m = new Models();
        int fromInput = m.linear(m.input(batch, in), m.input(4 * hidden, in), m.input(4 * hidden));
        int fromState = m.linear(m.input(batch, hidden), m.input(4 * hidden, hidden), m.input(4 * hidden));
        int gates = Add.add(m.ops, fromInput, fromState);
        List<Integer> gate = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            int part = Slice.slice(m.ops, gates, 1, i * hidden, hidden, 1);
            gate.add(i == 2 ? Tanh.tanh(m.ops, part) : Sigmoid.sigmoid(m.ops, part));
        }
        int kept = Mul.mul(m.ops, gate.get(1), m.input(batch, hidden));
        int cell = Add.add(m.ops, kept, Mul.mul(m.ops, gate.get(0), gate.get(2)));
        return m.ops.build(List.of(Mul.mul(m.ops, gate.get(3), Tanh.tanh(m.ops, cell)), cell));
    }
}
