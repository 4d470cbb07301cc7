// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import dev.capstan.codegen.kernel.VectorWidth;
import dev.capstan.codegen.tree.BlockBuilder;
import dev.capstan.codegen.tree.Callee;
import dev.capstan.codegen.tree.ClassTree;
import dev.capstan.codegen.tree.Expression;
import dev.capstan.codegen.tree.Expression.Local;
import dev.capstan.codegen.tree.MethodTree;
import dev.capstan.codegen.tree.Primitive;
import dev.capstan.codegen.tree.ReferenceType;
import dev.capstan.codegen.tree.Statement;
import dev.capstan.codegen.tree.Type;
import dev.capstan.runtime.kernel.Instruction;
import dev.capstan.runtime.spi.Access;
import dev.capstan.runtime.type.DType;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Writes the class of a fused loop as a tree. */
final class LoopTree {
    /** The static method that does the work. */
    static final String COMPUTE = "compute";

    /** With more, the scalar form of narrow rows gets a method of its own. */
    private static final int MOST_OPERATIONS_OF_ONE_METHOD = 200;

    private static final String NARROW = "computeNarrow";
    private static final ReferenceType LOOP_KERNEL = ReferenceType.of("dev.capstan.runtime.spi.LoopKernel");
    private static final Expression ZERO = Expression.constant(0);

    private final LoopPattern pattern;
    private final ClassTree.Builder type;

    private LoopTree(String name, LoopPattern pattern) {
        this.pattern = pattern;
        this.type = ClassTree.named(name).implementing(LOOP_KERNEL);
    }

    /** The loop in scalar form. */
    static ClassTree scalar(String name, LoopPattern pattern) {
        LoopTree tree = new LoopTree(name, pattern);
        return tree.build(List.of(tree.scalarMethod(COMPUTE)));
    }

    /**
     * The loop in vector form; {@link VectorLoop#isSupported} says whether there is one. Rows that are narrower than a vector
     * run in scalar form, in the same method, unless that would be too large for the JIT.
     */
    static ClassTree vector(String name, LoopPattern pattern, VectorWidth width) {
        LoopTree tree = new LoopTree(name, pattern);
        int operations = Steps.varyingOperations(pattern);
        if (operations <= MOST_OPERATIONS_OF_ONE_METHOD) {
            return tree.build(List.of(tree.vectorMethod(width, true)));
        }
        return tree.build(List.of(tree.vectorMethod(width, false), tree.scalarMethod(NARROW)));
    }

    private ClassTree build(List<MethodTree> methods) {
        type.comment(pattern.kernel() + "accesses " + pattern.accesses());
        type.method(bridge(methods.get(0)));
        methods.forEach(type::method);
        return type.build();
    }

    /** The interface's method, which takes the arrays and their geometry apart. */
    private MethodTree bridge(MethodTree compute) {
        MethodTree.Builder method = MethodTree.named("run").instance();
        Local arrays = method.parameter("arrays", ReferenceType.OBJECT.array());
        Local geometry = method.parameter("geometry", Primitive.INT.array());
        Local rows = method.parameter("rows", Primitive.INT);
        Local columns = method.parameter("columns", Primitive.INT);
        List<Expression> arguments = new ArrayList<>();
        for (int i = 0; i < pattern.arrays(); i++) {
            Expression position = Expression.constant(3 * i);
            arguments.add(arrays.at(Expression.constant(i))
                    .cast(ScalarForm.elementType(pattern.type(i)).array()));
            arguments.add(geometry.at(position));
            arguments.add(geometry.at(Expression.constant(3 * i + 1)));
            if (pattern.accesses().get(i) == Access.STRIDED) {
                arguments.add(geometry.at(Expression.constant(3 * i + 2)));
            }
        }
        arguments.add(rows);
        arguments.add(columns);
        method.body().evaluate(callee(compute).call(arguments));
        return method.build();
    }

    private Callee callee(MethodTree method) {
        return Callee.ofStatic(
                type.type(),
                method.name(),
                method.result(),
                method.parameters().stream().map(Local::type).toArray(Type[]::new));
    }

    /** A method's parameters and, within a row, where each array's row begins. */
    private final class Frame {
        private final MethodTree.Builder method;
        private final List<Local> parameters = new ArrayList<>();
        private final List<Local> arrays = new ArrayList<>();
        private final List<Local> offsets = new ArrayList<>();
        private final List<Local> rowSteps = new ArrayList<>();
        private final List<Local> columnSteps = new ArrayList<>();
        private final Local rows;
        private final Local columns;

        Frame(String name) {
            method = MethodTree.named(name);
            for (int i = 0; i < pattern.arrays(); i++) {
                String array = arrayName(i);
                arrays.add(
                        parameter(array, ScalarForm.elementType(pattern.type(i)).array()));
                offsets.add(parameter(array + "Offset", Primitive.INT));
                rowSteps.add(parameter(array + "RowStep", Primitive.INT));
                boolean strided = pattern.accesses().get(i) == Access.STRIDED;
                columnSteps.add(strided ? parameter(array + "ColumnStep", Primitive.INT) : null);
            }
            rows = parameter("rows", Primitive.INT);
            columns = parameter("columns", Primitive.INT);
        }

        private Local parameter(String name, Type parameterType) {
            Local parameter = method.parameter(name, parameterType);
            parameters.add(parameter);
            return parameter;
        }

        private String arrayName(int array) {
            return array < pattern.inputs() ? "in" + array : "out" + (array - pattern.inputs());
        }

        /** Declares where each array's row begins. */
        List<Local> starts(BlockBuilder block, Local row) {
            List<Local> starts = new ArrayList<>();
            for (int i = 0; i < arrays.size(); i++) {
                starts.add(block.declare(arrayName(i) + "Start", offsets.get(i).plus(row.times(rowSteps.get(i)))));
            }
            return starts;
        }

        Expression index(int array, List<Local> starts, Expression column) {
            return switch (pattern.accesses().get(array)) {
                case ZERO -> starts.get(array);
                case UNIT -> starts.get(array).plus(column);
                case STRIDED -> starts.get(array).plus(column.times(columnSteps.get(array)));
            };
        }

        Expression load(int input, List<Local> starts, Expression column) {
            return ScalarForm.load(pattern.type(input), arrays.get(input), index(input, starts, column));
        }

        void storeScalar(BlockBuilder block, int output, List<Local> starts, Expression column, Expression value) {
            int array = pattern.inputs() + output;
            block.store(
                    arrays.get(array), index(array, starts, column), ScalarForm.element(pattern.type(array), value));
        }
    }

    private MethodTree scalarMethod(String name) {
        Frame frame = new Frame(name);
        scalarRows(frame, frame.method.body());
        return frame.method.build();
    }

    private void scalarRows(Frame frame, BlockBuilder block) {
        Steps steps = new Steps(pattern);
        block.count("row", ZERO, frame.rows, 1, (line, row) -> {
            List<Local> starts = frame.starts(line, row);
            Map<Integer, Expression> uniform = steps.uniformValues(line, input -> frame.load(input, starts, null));
            line.count(
                    "column",
                    ZERO,
                    frame.columns,
                    1,
                    (body, column) -> steps.varying(
                            body,
                            "",
                            new ScalarForm(),
                            uniform,
                            uniform,
                            input -> frame.load(input, starts, column),
                            (output, value) -> frame.storeScalar(body, output, starts, column, value)));
        });
    }

    private void callNarrow(Frame frame, BlockBuilder block) {
        block.evaluate(Callee.ofStatic(
                        type.type(),
                        NARROW,
                        Primitive.VOID,
                        frame.parameters.stream().map(Local::type).toArray(Type[]::new))
                .call(frame.parameters));
    }

    private MethodTree vectorMethod(VectorWidth width, boolean withNarrow) {
        Frame frame = new Frame(COMPUTE);
        Steps steps = new Steps(pattern);
        Lanes main = VectorLoop.mainLanes(pattern);
        Map<Lanes, Expression> species = new EnumMap<>(Lanes.class);
        for (Lanes lanes : VectorLoop.lanes(pattern)) {
            species.put(lanes, type.field(lanes.speciesField(), lanes.species(), width.speciesOf(lanes.element())));
        }
        Expression lanes = type.field("LANES", Primitive.INT, Lanes.length(species.get(main)));
        VectorForm form = new VectorForm(species);

        BlockBuilder body = frame.method.body();
        body.when(frame.columns.lessThan(lanes), narrow -> {
            if (withNarrow) {
                scalarRows(frame, narrow);
            } else {
                callNarrow(frame, narrow);
            }
            narrow.returns();
        });
        Map<Integer, Expression> constants = new java.util.HashMap<>();
        for (int step : steps.broadcastConstants()) {
            Instruction constant = pattern.kernel().instructions().get(step);
            Expression value = form.broadcast(constant.type(), main, ScalarForm.constant(constant));
            constants.put(step, body.declare("c" + step, value));
        }
        Local end = body.declare("end", frame.columns.minus(lanes));
        body.count("row", ZERO, frame.rows, 1, (line, row) -> {
            List<Local> starts = frame.starts(line, row);
            Map<Integer, Expression> scalars = steps.uniformValues(line, input -> frame.load(input, starts, null));
            Map<Integer, Expression> uniform = new java.util.HashMap<>(constants);
            for (int step : steps.broadcastUniforms()) {
                DType valueType = pattern.kernel().instructions().get(step).type();
                uniform.put(step, line.declare("v" + step, form.broadcast(valueType, main, scalars.get(step))));
            }
            VectorRow vectors = new VectorRow(frame, steps, form, starts, uniform, scalars);
            List<Local> last = vectors.results(line, end);
            vectors.loop(line, lanes, end, VectorLoop.unrolling(pattern));
            for (int output = 0; output < last.size(); output++) {
                vectors.store(line, output, end, last.get(output));
            }
        });
        return frame.method.build();
    }

    /** The vectors of one row. */
    private final class VectorRow {
        private final Frame frame;
        private final Steps steps;
        private final VectorForm form;
        private final List<Local> starts;
        private final Map<Integer, Expression> uniform;
        private final Map<Integer, Expression> scalars;

        VectorRow(
                Frame frame,
                Steps steps,
                VectorForm form,
                List<Local> starts,
                Map<Integer, Expression> uniform,
                Map<Integer, Expression> scalars) {
            this.frame = frame;
            this.steps = steps;
            this.form = form;
            this.starts = starts;
            this.uniform = uniform;
            this.scalars = scalars;
        }

        private Expression load(int input, Expression column) {
            Lanes lanes = Lanes.of(pattern.type(input));
            return lanes.load(form.species(lanes), frame.arrays.get(input), frame.index(input, starts, column));
        }

        void store(BlockBuilder block, int output, Expression column, Expression value) {
            int array = pattern.inputs() + output;
            Statement store = Lanes.of(pattern.type(array))
                    .store(value, frame.arrays.get(array), frame.index(array, starts, column));
            block.add(store);
        }

        /** Computes the vector at a column and keeps the results. */
        List<Local> results(BlockBuilder block, Expression column) {
            List<Local> results = new ArrayList<>();
            steps.varying(
                    block,
                    "Last",
                    form,
                    uniform,
                    scalars,
                    input -> load(input, column),
                    (output, value) -> results.add(block.declare("result" + output, value)));
            return results;
        }

        private void one(BlockBuilder block, Expression column) {
            block.block(body -> steps.varying(
                    body,
                    "",
                    form,
                    uniform,
                    scalars,
                    input -> load(input, column),
                    (output, value) -> store(body, output, column, value)));
        }

        /** All vectors that begin before {@code end}. */
        void loop(BlockBuilder block, Expression lanes, Local end, int unrolling) {
            Local column = block.declare("column", ZERO);
            if (unrolling > 1) {
                Expression bound = end.minus(lanes.times(unrolling - 1));
                block.loop(column.lessThan(bound), body -> {
                    for (int i = 0; i < unrolling; i++) {
                        one(body, i == 0 ? column : column.plus(lanes.times(i)));
                    }
                    body.assign(column, column.plus(lanes.times(unrolling)));
                });
            }
            block.loop(column.lessThan(end), body -> {
                one(body, column);
                body.assign(column, column.plus(lanes));
            });
        }
    }
}
