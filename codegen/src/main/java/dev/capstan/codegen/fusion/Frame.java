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
import dev.capstan.codegen.tree.UncompilableMethodException;
import dev.capstan.runtime.spi.Access;
import dev.capstan.runtime.type.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A generated method over rows and columns of arrays. Its parameters are, for each array, the array, the position of its
 * first element, the step from row to row and, if its access is strided, that from column to column; then the numbers of
 * rows and columns. Where they are many, a method that is called with the same again takes them packed, as {@link
 * dev.capstan.runtime.spi.LoopKernel} does: HotSpot compiles none with more than so many on the stack.
 */
final class Frame {
    /** The static method that does the work. */
    static final String COMPUTE = "compute";

    static final ReferenceType LOOP_KERNEL = ReferenceType.of("dev.capstan.runtime.spi.LoopKernel");

    private static final int MOST_PARAMETERS =
            UncompilableMethodException.IN_REGISTERS + UncompilableMethodException.MOST_ON_STACK;

    /** The most parameters that are handed on as they are, with up to four behind them. */
    private static final int MOST_HANDED_ON =
            UncompilableMethodException.IN_REGISTERS + UncompilableMethodException.MOST_ON_STACK / 2 - 2;

    /** Numbers of an array in a packed geometry. */
    private static final int GEOMETRY = 3;

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

    private Frame(String name, List<DType> types, int inputs, List<Access> accesses, boolean packed) {
        this.method = MethodTree.named(name);
        this.types = types;
        this.inputs = inputs;
        this.accesses = accesses;
        Local objects = packed ? parameter("arrays", ReferenceType.OBJECT.array()) : null;
        Local geometry = packed ? parameter("geometry", Primitive.INT.array()) : null;
        for (int i = 0; i < types.size(); i++) {
            Type array = ScalarForm.elementType(types.get(i)).array();
            boolean strided = accesses.get(i) == Access.STRIDED;
            arrays.add(packed ? declare(name(i), object(objects, i)) : parameter(name(i), array));
            offsets.add(number(name(i) + "Offset", geometry, GEOMETRY * i));
            rowSteps.add(number(name(i) + "RowStep", geometry, GEOMETRY * i + 1));
            columnSteps.add(strided ? number(name(i) + "ColumnStep", geometry, GEOMETRY * i + 2) : null);
        }
        rows = parameter("rows", Primitive.INT);
        columns = parameter("columns", Primitive.INT);
    }

    /**
     * The method that does the work.
     *
     * @param types of the arrays, inputs first
     * @param accesses of the arrays along the columns
     */
    static Frame compute(List<DType> types, int inputs, List<Access> accesses) {
        return new Frame(COMPUTE, types, inputs, accesses, false);
    }

    /** One that it {@linkplain #handOn calls} with the same parameters. */
    static Frame inner(String name, List<DType> types, int inputs, List<Access> accesses) {
        return new Frame(name, types, inputs, accesses, !isHandedOn(accesses));
    }

    /** Whether HotSpot compiles a method with the parameters of so many arrays. */
    static boolean isPassable(List<Access> accesses) {
        return parameters(accesses) <= MOST_PARAMETERS;
    }

    /** Whether a method calls another with the parameters of so many arrays as they are. */
    static boolean isHandedOn(List<Access> accesses) {
        return parameters(accesses) <= MOST_HANDED_ON;
    }

    private static int parameters(List<Access> accesses) {
        long strided =
                accesses.stream().filter(access -> access == Access.STRIDED).count();
        return GEOMETRY * accesses.size() + (int) strided + 2;
    }

    private Local declare(String name, Expression value) {
        return method.body().declare(name, value);
    }

    private Local number(String name, Local geometry, int index) {
        return geometry == null
                ? parameter(name, Primitive.INT)
                : declare(name, geometry.at(Expression.constant(index)));
    }

    private Expression object(Local objects, int array) {
        Type type = ScalarForm.elementType(types.get(array)).array();
        return objects.at(Expression.constant(array)).cast(type);
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

    /** Calls a method whose frame is an {@linkplain #inner inner} one, with the same parameters and others behind them. */
    void handOn(BlockBuilder block, ReferenceType owner, String name, List<? extends Expression> others) {
        call(block, owner, name, parameters, others);
    }

    /** The same for fewer columns. */
    void handOnUpTo(
            BlockBuilder block, ReferenceType owner, String name, Expression end, List<? extends Expression> others) {
        List<Expression> arguments = new ArrayList<>(parameters);
        arguments.set(parameters.indexOf(columns), end);
        call(block, owner, name, arguments, others);
    }

    /** The same with other arrays as outputs, which begin at an offset and have their own step from row to row. */
    void handOnAside(
            BlockBuilder block,
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
        call(block, owner, name, arguments, others);
    }

    private void call(
            BlockBuilder block,
            ReferenceType owner,
            String name,
            List<? extends Expression> arguments,
            List<? extends Expression> others) {
        List<Expression> all = isHandedOn(accesses) ? new ArrayList<>(arguments) : packed(block, arguments);
        all.addAll(others);
        call(block, owner, name, all);
    }

    /** Calls a method with these arguments, which are of its parameters' types. */
    static void call(BlockBuilder block, ReferenceType owner, String name, List<Expression> arguments) {
        Type[] types = arguments.stream().map(Expression::type).toArray(Type[]::new);
        block.evaluate(Callee.ofStatic(owner, name, Primitive.VOID, types).call(arguments));
    }

    /** Arguments in the form that {@link #bridge} takes. */
    private List<Expression> packed(BlockBuilder block, List<? extends Expression> arguments) {
        Expression count = Expression.constant(arrays.size());
        Local objects = block.declare(block.fresh("arrays"), Expression.newArray(ReferenceType.OBJECT, count));
        Local geometry = block.declare(
                block.fresh("geometry"),
                Expression.newArray(Primitive.INT, count.times(Expression.constant(GEOMETRY))));
        int next = 0;
        for (int i = 0; i < arrays.size(); i++) {
            Expression array = arguments.get(next++);
            block.store(objects, Expression.constant(i), array.cast(ReferenceType.OBJECT));
            int numbers = columnSteps.get(i) == null ? GEOMETRY - 1 : GEOMETRY;
            for (int k = 0; k < numbers; k++) {
                block.store(geometry, Expression.constant(GEOMETRY * i + k), arguments.get(next++));
            }
        }
        List<Expression> packed = new ArrayList<>(List.of(objects, geometry));
        packed.addAll(arguments.subList(next, arguments.size()));
        return packed;
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
            arguments.add(object(objects, i));
            arguments.add(geometry.at(Expression.constant(GEOMETRY * i)));
            arguments.add(geometry.at(Expression.constant(GEOMETRY * i + 1)));
            if (accesses.get(i) == Access.STRIDED) {
                arguments.add(geometry.at(Expression.constant(GEOMETRY * i + 2)));
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
