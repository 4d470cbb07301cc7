// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import dev.capstan.codegen.tree.BlockBuilder;
import dev.capstan.codegen.tree.Callee;
import dev.capstan.codegen.tree.Expression;
import dev.capstan.codegen.tree.Expression.Local;
import dev.capstan.codegen.tree.MethodTree;
import dev.capstan.codegen.tree.Primitive;
import dev.capstan.codegen.tree.ReferenceType;
import dev.capstan.codegen.tree.Statement;
import dev.capstan.codegen.tree.Type;
import dev.capstan.runtime.spi.Access;
import dev.capstan.runtime.type.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A generated method over rows and columns of arrays. Its parameters are, for each array, the array, the position of its
 * first element, the step from row to row and, if its access is strided, that from column to column; then the numbers of
 * rows and columns.
 */
final class Frame {
    /** The static method that does the work. */
    static final String COMPUTE = "compute";

    static final ReferenceType LOOP_KERNEL = ReferenceType.of("dev.capstan.runtime.spi.LoopKernel");

    private final MethodTree.Builder method;
    private final List<DType> types;
    private final int inputs;
    private final List<Access> accesses;
    private final List<Local> parameters = new ArrayList<>();
    private final List<Local> arrays = new ArrayList<>();
    private final List<Local> offsets = new ArrayList<>();
    private final List<Local> rowSteps = new ArrayList<>();
    private final List<Local> columnSteps = new ArrayList<>();
    private final Local rows;
    private final Local columns;

    /**
     * @param types of the arrays, inputs first
     * @param accesses of the arrays along the columns
     */
    Frame(String name, List<DType> types, int inputs, List<Access> accesses) {
        this.method = MethodTree.named(name);
        this.types = types;
        this.inputs = inputs;
        this.accesses = accesses;
        for (int i = 0; i < types.size(); i++) {
            arrays.add(parameter(name(i), ScalarForm.elementType(types.get(i)).array()));
            offsets.add(parameter(name(i) + "Offset", Primitive.INT));
            rowSteps.add(parameter(name(i) + "RowStep", Primitive.INT));
            boolean strided = accesses.get(i) == Access.STRIDED;
            columnSteps.add(strided ? parameter(name(i) + "ColumnStep", Primitive.INT) : null);
        }
        rows = parameter("rows", Primitive.INT);
        columns = parameter("columns", Primitive.INT);
    }

    private Local parameter(String name, Type type) {
        Local parameter = method.parameter(name, type);
        parameters.add(parameter);
        return parameter;
    }

    private String name(int array) {
        return array < inputs ? "in" + array : "out" + (array - inputs);
    }

    BlockBuilder body() {
        return method.body();
    }

    MethodTree build() {
        return method.build();
    }

    Local rows() {
        return rows;
    }

    Local columns() {
        return columns;
    }

    /** Appends a parameter. */
    Local parameterBehind(String name, Type type) {
        return parameter(name, type);
    }

    /** A call of a static method with the same parameters and others behind them. */
    Expression.Call callAlike(ReferenceType owner, String name, List<? extends Expression> others) {
        return call(owner, name, parameters, others);
    }

    /** The same for fewer columns. */
    Expression.Call callAlikeUpTo(ReferenceType owner, String name, Expression end, List<? extends Expression> others) {
        List<Expression> arguments = new ArrayList<>(parameters);
        arguments.set(parameters.indexOf(columns), end);
        return call(owner, name, arguments, others);
    }

    /** The same with other arrays as outputs, which begin at an offset and have their own step from row to row. */
    Expression.Call callAside(
            ReferenceType owner,
            String name,
            List<Local> outputs,
            Expression offset,
            Expression rowStep,
            List<? extends Expression> others) {
        List<Expression> arguments = new ArrayList<>(parameters);
        for (int i = 0; i < outputs.size(); i++) {
            arguments.set(parameters.indexOf(arrays.get(inputs + i)), outputs.get(i));
            arguments.set(parameters.indexOf(offsets.get(inputs + i)), offset);
            arguments.set(parameters.indexOf(rowSteps.get(inputs + i)), rowStep);
        }
        return call(owner, name, arguments, others);
    }

    private static Expression.Call call(
            ReferenceType owner, String name, List<? extends Expression> arguments, List<? extends Expression> others) {
        List<Expression> all = new ArrayList<>(arguments);
        all.addAll(others);
        Type[] argumentTypes = all.stream().map(Expression::type).toArray(Type[]::new);
        return Callee.ofStatic(owner, name, Primitive.VOID, argumentTypes).call(all);
    }

    /** Whether an output lies in place of an input, any other overlap is not allowed; empty if none has the type. */
    Optional<Expression> isInPlace() {
        Expression found = null;
        for (int i = 0; i < inputs; i++) {
            for (int o = inputs; o < arrays.size(); o++) {
                if (arrays.get(i).type().equals(arrays.get(o).type())) {
                    Expression same = arrays.get(i)
                            .equalTo(arrays.get(o))
                            .andAlso(offsets.get(i).equalTo(offsets.get(o)));
                    found = found == null ? same : found.orElse(same);
                }
            }
        }
        return Optional.ofNullable(found);
    }

    /** A call that copies elements to an output's row. */
    Expression.Call copyBack(Local from, Expression at, int output, Local row, Expression column, Expression count) {
        int array = inputs + output;
        Expression to = offsets.get(array).plus(row.times(rowSteps.get(array))).plus(column);
        Callee copy = Callee.ofStatic(
                ReferenceType.of("java.lang.System"),
                "arraycopy",
                Primitive.VOID,
                ReferenceType.OBJECT,
                Primitive.INT,
                ReferenceType.OBJECT,
                Primitive.INT,
                Primitive.INT);
        return copy.call(from, at, arrays.get(array), to, count);
    }

    private Type[] parameterTypes() {
        return parameters.stream().map(Local::type).toArray(Type[]::new);
    }

    /** Where an output begins. */
    Local outputOffset() {
        return offsets.get(inputs);
    }

    /** Declares where each array's row begins. */
    List<Local> starts(BlockBuilder block, Local row) {
        return starts(block, row, arrays.size());
    }

    /** Declares where each input's row begins. */
    List<Local> inputStarts(BlockBuilder block, Local row) {
        return starts(block, row, inputs);
    }

    private List<Local> starts(BlockBuilder block, Local row, int count) {
        List<Local> starts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            starts.add(block.declare(name(i) + "Start", offsets.get(i).plus(row.times(rowSteps.get(i)))));
        }
        return starts;
    }

    Local array(int array) {
        return arrays.get(array);
    }

    Local rowStep(int array) {
        return rowSteps.get(array);
    }

    /** The step of a strided array. */
    Local columnStep(int array) {
        return columnSteps.get(array);
    }

    /** Where an element of a row lies. */
    Expression index(int array, Local start, Expression column) {
        return switch (accesses.get(array)) {
            case ZERO -> start;
            case UNIT -> start.plus(column);
            case STRIDED -> start.plus(column.times(columnSteps.get(array)));
        };
    }

    /** The value of an input's element; the column does not matter where it does not move. */
    Expression load(int input, List<Local> starts, Expression column) {
        return ScalarForm.load(types.get(input), arrays.get(input), index(input, starts.get(input), column));
    }

    void store(BlockBuilder block, int output, List<Local> starts, Expression column, Expression value) {
        store(block, output, starts.get(inputs + output), column, value);
    }

    void store(BlockBuilder block, int output, Local start, Expression column, Expression value) {
        int array = inputs + output;
        Expression element = ScalarForm.element(types.get(array), value);
        block.store(arrays.get(array), index(array, start, column), element);
    }

    Expression loadVector(VectorForm form, int input, List<Local> starts, Expression column) {
        Lanes lanes = Lanes.of(types.get(input));
        return lanes.load(form.species(lanes), arrays.get(input), index(input, starts.get(input), column));
    }

    Statement storeVector(int output, List<Local> starts, Expression column, Expression value) {
        int array = inputs + output;
        return Lanes.of(types.get(array)).store(value, arrays.get(array), index(array, starts.get(array), column));
    }

    /** The interface's method, which takes the arrays and their geometry apart and calls the static one. */
    MethodTree bridge(ReferenceType owner) {
        MethodTree.Builder run = MethodTree.named("run").instance();
        Local objects = run.parameter("arrays", ReferenceType.OBJECT.array());
        Local geometry = run.parameter("geometry", Primitive.INT.array());
        List<Expression> arguments = new ArrayList<>();
        for (int i = 0; i < types.size(); i++) {
            Expression object = objects.at(Expression.constant(i));
            arguments.add(object.cast(ScalarForm.elementType(types.get(i)).array()));
            arguments.add(geometry.at(Expression.constant(3 * i)));
            arguments.add(geometry.at(Expression.constant(3 * i + 1)));
            if (accesses.get(i) == Access.STRIDED) {
                arguments.add(geometry.at(Expression.constant(3 * i + 2)));
            }
        }
        arguments.add(run.parameter("rows", Primitive.INT));
        arguments.add(run.parameter("columns", Primitive.INT));
        run.body()
                .evaluate(Callee.ofStatic(owner, COMPUTE, Primitive.VOID, parameterTypes())
                        .call(arguments));
        return run.build();
    }
}
