// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.codegen.tree.BlockBuilder;
import dev.capstan.codegen.tree.Callee;
import dev.capstan.codegen.tree.Expression;
import dev.capstan.codegen.tree.Expression.Local;
import dev.capstan.codegen.tree.MethodTree;
import dev.capstan.codegen.tree.Primitive;
import dev.capstan.codegen.tree.ReferenceType;
import dev.capstan.codegen.tree.Type;
import dev.capstan.runtime.type.DType;
import dev.capstan.tracer.schedule.Schedule;
import dev.capstan.tracer.schedule.Schedule.Slot;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** One static method of a driver: a run of steps, and the variables through which they name arrays and offsets. */
final class Part {
    static final ReferenceType CONTRACTION = ReferenceType.of("dev.capstan.codegen.kernel.Contraction");
    private static final ReferenceType EAGER_STEP = ReferenceType.of("dev.capstan.runtime.abi.EagerStep");

    private static final ReferenceType SHARED_STEP = ReferenceType.of("dev.capstan.codegen.program.SharedStep");

    /** The parameter types of {@link Driver#run} and of every part. */
    static final List<Type> PARAMETERS = List.of(
            ReferenceType.OBJECT.array(),
            Primitive.INT.array(),
            ReferenceType.OBJECT.array(),
            ReferenceType.OBJECT.array());

    private final Schedule schedule;
    private final MethodTree.Builder method;
    private final Local arrays;
    private final Local offsets;
    private final Local scratch;
    private final Local constants;
    private final Map<Integer, Local> slotArrays = new HashMap<>();
    private final Map<Integer, Local> slotOffsets = new HashMap<>();
    private final Map<Integer, Local> packs = new HashMap<>();
    private Local contraction;

    Part(String name, Schedule schedule) {
        this.schedule = schedule;
        this.method = MethodTree.named(name);
        this.arrays = method.parameter("arrays", PARAMETERS.get(0));
        this.offsets = method.parameter("offsets", PARAMETERS.get(1));
        this.scratch = method.parameter("scratch", PARAMETERS.get(2));
        this.constants = method.parameter("constants", PARAMETERS.get(3));
    }

    static Callee callee(ReferenceType owner, String name) {
        return Callee.ofStatic(owner, name, Primitive.VOID, PARAMETERS.toArray(Type[]::new));
    }

    /** Declares the variables that the steps of this part need, then writes the steps. */
    MethodTree write(List<Piece> pieces) {
        pieces.stream()
                .flatMap(piece -> piece.slots().stream())
                .distinct()
                .sorted()
                .forEach(this::declareSlot);
        for (Piece piece : pieces) {
            if (piece.product() != null && contraction == null) {
                contraction = body().declare(
                                "contraction",
                                Callee.ofStatic(CONTRACTION, "instance", CONTRACTION)
                                        .call());
            }
            if (piece.pack() >= 0 && !packs.containsKey(piece.pack())) {
                Expression pack = scratch.at(Expression.constant(piece.pack()))
                        .cast(elementType(piece.product()).array());
                packs.put(piece.pack(), body().declare("packed" + piece.pack(), pack));
            }
        }
        pieces.forEach(piece -> piece.writer().accept(this));
        return method.build();
    }

    private void declareSlot(int index) {
        Slot slot = schedule.slots().get(index);
        String name = name(slot);
        Expression array = arrays.at(Expression.constant(index));
        slotArrays.put(
                index, body().declare(name, array.cast(elementType(slot.dtype()).array())));
        if (isFromOutside(slot)) {
            slotOffsets.put(index, body().declare(name + "Offset", offsets.at(Expression.constant(index))));
        }
    }

    /** What the arrays of a slot are called in generated code. */
    static String name(Slot slot) {
        String[] words = slot.kind().name().toLowerCase(Locale.ROOT).split("_");
        StringBuilder name = new StringBuilder(words[0]);
        for (int i = 1; i < words.length; i++) {
            name.append(Character.toUpperCase(words[i].charAt(0))).append(words[i].substring(1));
        }
        return name.append(slot.index()).toString();
    }

    /** Whether the elements begin where the caller says. */
    static boolean isFromOutside(Slot slot) {
        return switch (slot.kind()) {
            case INPUT, GRADIENT, TOTAL -> true;
            case RESULT, ARENA, KEPT, FORWARD_RESULT -> false;
        };
    }

    static Primitive elementType(DType type) {
        return switch (type) {
            case FLOAT32 -> Primitive.FLOAT;
            case FLOAT64 -> Primitive.DOUBLE;
            case INT64 -> Primitive.LONG;
            case INT32 -> Primitive.INT;
            case UINT8, BOOL -> Primitive.BYTE;
        };
    }

    BlockBuilder body() {
        return method.body();
    }

    Local array(int slot) {
        return slotArrays.get(slot);
    }

    /** A position in a slot's array. */
    Expression position(int slot, int relative) {
        Local offset = slotOffsets.get(slot);
        return offset == null ? Expression.constant(relative) : offset.plus(relative);
    }

    Local pack(int number) {
        return packs.get(number);
    }

    /** Declares scratch memory. */
    Local scratch(int number, DType type) {
        Primitive element = elementType(type);
        return body().declare(
                        element.name().toLowerCase(Locale.ROOT) + "Scratch",
                        scratch.at(Expression.constant(number)).cast(element.array()));
    }

    /** Calls another method of this kind. */
    void callAlike(ReferenceType owner, String name) {
        body().evaluate(callee(owner, name).call(arrays, offsets, scratch, constants));
    }

    Local contraction() {
        return contraction;
    }

    /** The call of a step that the eager executors run. */
    void eager(int constant) {
        runConstant(EAGER_STEP, constant);
    }

    /** The call of a step that threads share. */
    void shared(int constant) {
        runConstant(SHARED_STEP, constant);
    }

    private void runConstant(ReferenceType type, int constant) {
        Callee run = Callee.ofVirtual(type, "run", Primitive.VOID, PARAMETERS.get(0), PARAMETERS.get(1));
        body().evaluate(run, constants.at(Expression.constant(constant)).cast(type), arrays, offsets);
    }
}
