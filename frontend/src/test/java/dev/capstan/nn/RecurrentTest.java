// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.capstan.F;
import dev.capstan.Generator;
import dev.capstan.Tensor;
import dev.capstan.optim.AdamW;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The recurrent modules against PyTorch's, float64: {@code recurrent.py} beside the file of numbers has made it. */
class RecurrentTest {
    private static final Map<String, Tensor> REFERENCE = Fixture.read("recurrent.safetensors");
    private static final RecurrentOptions STANDARD = RecurrentOptions.standard();
    private static final RecurrentOptions BOTH = STANDARD.withLayers(2).withBidirectional(true);

    /** A module of 3 inputs and 3 hidden features; the case's name there is the constant's in words. */
    enum Case {
        RNN(() -> new Rnn(3, 3)),
        RNN_RELU(() -> new Rnn(3, 3, STANDARD.withLayers(2).withBias(false)).relu()),
        RNN_BOTH(() -> new Rnn(3, 3, BOTH).batchFirst()),
        LSTM(() -> new Lstm(3, 3)),
        LSTM_WITHOUT_STATE(() -> new Lstm(3, 3, STANDARD.withBias(false)).batchFirst()),
        LSTM_WITHOUT_BATCH(() -> new Lstm(3, 3, STANDARD.withBidirectional(true))),
        LSTM_BOTH(() -> new Lstm(3, 3, BOTH.withBatchFirst(true))),
        GRU(() -> new Gru(3, 3)),
        GRU_DEEP(() -> new Gru(3, 3, STANDARD.withLayers(3).withBias(false))),
        GRU_BOTH(() -> new Gru(3, 3, BOTH)),
        RNN_CELL(() -> new RnnCell(3, 3)),
        RNN_CELL_RELU(() -> new RnnCell(3, 3, false).relu()),
        LSTM_CELL(() -> new LstmCell(3, 3)),
        LSTM_CELL_WITHOUT_BATCH(() -> new LstmCell(3, 3, false)),
        GRU_CELL(() -> new GruCell(3, 3)),
        GRU_CELL_WITHOUT_STATE(() -> new GruCell(3, 3, false));

        private final Supplier<Module<?, ?>> make;

        Case(Supplier<Module<?, ?>> make) {
            this.make = make;
        }

        Map<String, Tensor> named(String prefix) {
            return Fixture.of(REFERENCE, this).named(prefix);
        }

        List<Tensor> list(String prefix) {
            return Fixture.of(REFERENCE, this).list(prefix);
        }

        Module<?, ?> module() {
            Module<?, ?> module = make.get();
            module.to(DType.FLOAT64);
            module.loadStateDict(named("init/"));
            return module;
        }
    }

    /** The output, if it is another tensor than the state, and the tensors of the state. */
    private static List<Tensor> apply(Module<?, ?> module, Tensor input, List<Tensor> state) {
        Tensor one = state.isEmpty() ? null : state.get(0);
        LstmState two = state.size() < 2 ? null : LstmState.of(state);
        if (module instanceof Rnn rnn) {
            Rnn.Output output = rnn.apply(new Rnn.Input(input, one));
            return List.of(output.output(), output.state());
        } else if (module instanceof Gru gru) {
            Rnn.Output output = gru.apply(new Rnn.Input(input, one));
            return List.of(output.output(), output.state());
        } else if (module instanceof Lstm lstm) {
            Lstm.Output output = lstm.apply(new Lstm.Input(input, two));
            return List.of(
                    output.output(), output.state().hidden(), output.state().cell());
        } else if (module instanceof LstmCell cell) {
            return cell.apply(new LstmCell.Input(input, two)).tensors();
        } else if (module instanceof GruCell cell) {
            return List.of(cell.apply(new RnnCell.Input(input, one)));
        }
        return List.of(((RnnCell) module).apply(new RnnCell.Input(input, one)));
    }

    private static Tensor loss(List<Tensor> outputs, List<Tensor> targets) {
        Tensor loss = F.mseLoss(outputs.get(0), targets.get(0));
        for (int i = 1; i < outputs.size(); i++) {
            loss = loss.add(F.mseLoss(outputs.get(i), targets.get(i)));
        }
        return loss;
    }

    @ParameterizedTest
    @EnumSource(Case.class)
    void namesAndOrderOfParametersArePyTorchs(Case reference) {
        assertEquals(
                List.copyOf(reference.named("init/").keySet()),
                List.copyOf(reference.make.get().stateDict().keySet()));
    }

    @ParameterizedTest
    @EnumSource(Case.class)
    void outputsArePyTorchs(Case reference) {
        List<Tensor> outputs = apply(reference.module(), reference.list("input").get(0), reference.list("state"));
        List<Tensor> expected = reference.list("output");
        assertEquals(expected.size(), outputs.size());
        for (int i = 0; i < expected.size(); i++) {
            Fixture.assertClose(expected.get(i), outputs.get(i), "output " + i);
        }
    }

    @ParameterizedTest
    @EnumSource(Case.class)
    void gradientsArePyTorchs(Case reference) {
        Module<?, ?> module = reference.module();
        Tensor input = reference.list("input").get(0).copy().requiresGrad(true);
        List<Tensor> state = reference.list("state").stream()
                .map(part -> part.copy().requiresGrad(true))
                .toList();
        loss(apply(module, input, state), reference.list("target")).backward();
        Map<String, Tensor> gradients = new LinkedHashMap<>();
        gradients.put("input", input.grad());
        for (int i = 0; i < state.size(); i++) {
            gradients.put("state" + i, state.get(i).grad());
        }
        module.namedParameters().forEach((name, parameter) -> gradients.put(name, parameter.grad()));
        Fixture.assertClose(reference.named("grad/"), gradients);
    }

    @ParameterizedTest
    @EnumSource(Case.class)
    void fourStepsOfAdamWArePyTorchs(Case reference) {
        Module<?, ?> module = reference.module();
        AdamW optimizer = new AdamW(module.parameters()).lr(0.05).weightDecay(0.1);
        for (double expected : reference.list("losses").get(0).toDoubleArray()) {
            Tensor loss = loss(
                    apply(module, reference.list("input").get(0), reference.list("state")), reference.list("target"));
            optimizer.zeroGrad();
            loss.backward();
            optimizer.step();
            assertEquals(expected, loss.item(), 1e-10);
        }
        Map<String, Tensor> state = module.stateDict();
        reference
                .named("final/")
                .forEach((name, parameter) -> assertArrayEquals(
                        parameter.toDoubleArray(), state.get(name).toDoubleArray(), 1e-9, name));
    }

    // ---- what PyTorch draws otherwise

    private static final Tensor SEQUENCE = new Generator(1).normal(6, 2, 3);

    @Test
    void dropoutBetweenLayersActsInTrainingOnly() {
        Lstm plain = new Lstm(3, 4, STANDARD.withLayers(2));
        Lstm dropping = new Lstm(3, 4, STANDARD.withLayers(2).withDropout(1));
        dropping.loadStateDict(plain.stateDict());
        float[] whole = plain.apply(new Lstm.Input(SEQUENCE)).output().toFloatArray();
        dropping.eval();
        assertArrayEquals(
                whole, dropping.apply(new Lstm.Input(SEQUENCE)).output().toFloatArray());
        dropping.train();
        Lstm.Output dropped = dropping.apply(new Lstm.Input(SEQUENCE));
        Lstm.Output first = plain.apply(new Lstm.Input(SEQUENCE));
        // the lower layer is as ever, the upper one saw only zeros
        assertArrayEquals(
                first.state().hidden().select(0, 0).toFloatArray(),
                dropped.state().hidden().select(0, 0).toFloatArray());
        plain.namedParameters().get("weight_ih_l1").detach().zero_();
        assertArrayEquals(
                plain.apply(new Lstm.Input(SEQUENCE)).output().toFloatArray(),
                dropped.output().toFloatArray());
    }

    @Test
    void dropoutOfOneLayerDropsNothing() {
        Gru plain = new Gru(3, 4);
        Gru dropping = new Gru(3, 4, STANDARD.withDropout(1));
        dropping.loadStateDict(plain.stateDict());
        assertArrayEquals(
                plain.apply(new Rnn.Input(SEQUENCE)).output().toFloatArray(),
                dropping.apply(new Rnn.Input(SEQUENCE)).output().toFloatArray());
    }

    @Test
    void partsOfASequenceGiveWhatTheWholeGives() {
        Lstm module = new Lstm(3, 4, STANDARD.withLayers(2));
        Lstm.Output whole = module.apply(new Lstm.Input(SEQUENCE));
        LstmState state = null;
        List<Tensor> outputs = new ArrayList<>();
        for (int[] part : new int[][] {{0, 1}, {1, 3}, {4, 2}}) {
            Lstm.Output output = module.apply(new Lstm.Input(SEQUENCE.narrow(0, part[0], part[1]), state));
            outputs.add(output.output());
            state = output.state().detach();
        }
        assertArrayEquals(whole.output().toFloatArray(), Tensor.cat(outputs, 0).toFloatArray());
        assertArrayEquals(whole.state().cell().toFloatArray(), state.cell().toFloatArray());
    }

    @Test
    void cellsGiveWhatLayersGive() {
        Gru layer = new Gru(3, 4);
        GruCell cell = new GruCell(3, 4);
        Map<String, Tensor> state = new LinkedHashMap<>();
        layer.stateDict().forEach((name, value) -> state.put(name.replace("_l0", ""), value));
        cell.loadStateDict(state);
        Tensor hidden = null;
        for (int t = 0; t < 6; t++) {
            hidden = cell.apply(new RnnCell.Input(SEQUENCE.select(0, t), hidden));
        }
        assertArrayEquals(layer.apply(new Rnn.Input(SEQUENCE)).state().toFloatArray(), hidden.toFloatArray());
    }

    @Test
    void initialParametersAreWithinTheRootOfTheHiddenSize() {
        Generator.manualSeed(3);
        for (Module<?, ?> module : List.of(new Lstm(5, 100, BOTH), new GruCell(5, 100))) {
            module.namedParameters().forEach((name, parameter) -> {
                double largest = parameter.detach().abs().toDoubleArray()[0];
                for (double element : parameter.toDoubleArray()) {
                    largest = Math.max(largest, Math.abs(element));
                }
                assertEquals(0.1, largest, 0.003, name);
            });
        }
    }

    // ---- what is refused

    private static void assertRefused(String message, Runnable call) {
        CapstanException e = assertThrows(CapstanException.class, call::run);
        assertEquals(message, e.getMessage().replaceFirst(" at RecurrentTest.*", ""));
    }

    @Test
    void wrongShapesAreRefused() {
        Lstm lstm = new Lstm(3, 4, BOTH);
        Tensor zeros = Tensor.zeros(4, 2, 4);
        assertEquals(
                Shape.of(6, 2, 8),
                lstm.apply(new Lstm.Input(SEQUENCE, new LstmState(zeros, zeros)))
                        .output()
                        .shape());
        assertRefused(
                "lstm: the input is not [time, batch, 3]: [6,2,4]",
                () -> lstm.apply(new Lstm.Input(Tensor.zeros(6, 2, 4))));
        assertRefused(
                "gru: the input is not [batch, time, 3]: [3]",
                () -> new Gru(3, 4).batchFirst().apply(new Rnn.Input(Tensor.zeros(3))));
        assertRefused(
                "rnn: the sequence has no time step: [0,2,3]",
                () -> new Rnn(3, 4).apply(new Rnn.Input(Tensor.zeros(0, 2, 3))));
        assertRefused(
                "lstm: the state is not [4,2,4]: [2,2,4]",
                () -> lstm.apply(new Lstm.Input(SEQUENCE, new LstmState(zeros, zeros.narrow(0, 0, 2)))));
        assertRefused(
                "rnnCell: the input is not [batch, 3]: [2,2,3]",
                () -> new RnnCell(3, 4).apply(new RnnCell.Input(Tensor.zeros(2, 2, 3), null)));
        assertRefused(
                "gruCell: the state is not [2,4]: [1,4]",
                () -> new GruCell(3, 4).apply(new RnnCell.Input(Tensor.zeros(2, 3), Tensor.zeros(1, 4))));
    }

    @Test
    void optionsWithoutSenseAreRefused() {
        assertRefused("recurrent: there is no layer: 0", () -> STANDARD.withLayers(0));
        assertRefused("dropout: a probability is not between 0 and 1: 1.5", () -> STANDARD.withDropout(1.5));
    }
}
