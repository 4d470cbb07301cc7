// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.kernel.Instruction;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.type.DType;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * A kernel's steps over blocks. Every value lives in a slot, an array that holds one block of it: the inputs come first,
 * then the outputs, then constants, then registers, which are shared by values that are not alive at the same time.
 */
final class BlockProgram {
    /** The last use of an input that is itself an output: it is read when all steps are done. */
    private static final int AT_THE_END = Integer.MAX_VALUE;

    private final int inputs;
    private final int outputs;
    private final List<Step> program = new ArrayList<>();
    private final Step[] steps;
    private final List<DType> slotTypes = new ArrayList<>();
    private final DType[] types;
    private final int[] buffers;
    private final Object[] constants;
    private final int[] source;
    private final int[] writtenBy;
    private final int[] lastUse;

    BlockProgram(Kernel kernel) {
        inputs = kernel.inputs().size();
        outputs = kernel.outputs().size();
        source = new int[outputs];
        writtenBy = new int[outputs];
        lastUse = new int[inputs];
        Arrays.fill(lastUse, -1);
        slotTypes.addAll(kernel.inputs());
        for (int o = 0; o < outputs; o++) {
            slotTypes.add(kernel.outputType(o));
        }
        List<Object> blocks = new ArrayList<>();
        translate(kernel, blocks);
        steps = program.toArray(Step[]::new);
        types = slotTypes.toArray(DType[]::new);
        constants = blocks.toArray();
        buffers = numbered(types, inputs + outputs, constants.length);
    }

    private void translate(Kernel kernel, List<Object> blocks) {
        List<Instruction> instructions = kernel.instructions();
        int[] slot = new int[instructions.size()];
        Arrays.fill(slot, -1);
        for (int o = 0; o < outputs; o++) {
            int value = kernel.outputs().get(o);
            if (slot[value] < 0) {
                slot[value] = inputs + o;
            }
        }
        for (int i = 0; i < slot.length; i++) {
            Instruction instruction = instructions.get(i);
            if (instruction.primitive() == Primitive.INPUT) {
                slot[i] = instruction.a();
            } else if (instruction.primitive() == Primitive.CONSTANT) {
                slot[i] = slotTypes.size();
                slotTypes.add(instruction.type());
                blocks.add(Blocks.constant(instruction.type(), instruction.bits()));
            }
        }
        int[] death = lastUses(instructions);
        Map<DType, Deque<Integer>> free = new EnumMap<>(DType.class);
        int firstRegister = slotTypes.size();
        for (int i = 0; i < slot.length; i++) {
            Instruction instruction = instructions.get(i);
            Primitive primitive = instruction.primitive();
            if (primitive == Primitive.INPUT || primitive == Primitive.CONSTANT) {
                continue;
            }
            int[] operands = {instruction.a(), instruction.b(), instruction.c()};
            for (int k = 0; k < primitive.arity(); k++) {
                int operand = operands[k];
                if (slot[operand] < inputs) {
                    lastUse[slot[operand]] = program.size();
                } else if (slot[operand] >= firstRegister && death[operand] == i) {
                    // an operand may occur twice; a loop may write over an operand that dies in it
                    Deque<Integer> registers =
                            free.computeIfAbsent(slotTypes.get(slot[operand]), t -> new ArrayDeque<>());
                    if (!registers.contains(slot[operand])) {
                        registers.push(slot[operand]);
                    }
                }
            }
            if (slot[i] < 0) {
                Deque<Integer> registers = free.get(instruction.type());
                if (registers == null || registers.isEmpty()) {
                    slot[i] = slotTypes.size();
                    slotTypes.add(instruction.type());
                } else {
                    slot[i] = registers.pop();
                }
            } else {
                writtenBy[slot[i] - inputs] = program.size();
            }
            DType operandType = primitive == Primitive.SELECT
                    ? instruction.type()
                    : instructions.get(instruction.a()).type();
            program.add(new Step(
                    primitive,
                    operandType,
                    instruction.type(),
                    slot[instruction.a()],
                    slot[Math.max(instruction.b(), 0)],
                    slot[Math.max(instruction.c(), 0)],
                    slot[i]));
        }
        for (int o = 0; o < outputs; o++) {
            source[o] = slot[kernel.outputs().get(o)];
            if (source[o] < inputs) {
                lastUse[source[o]] = AT_THE_END;
            }
        }
    }

    private static int[] lastUses(List<Instruction> instructions) {
        int[] last = new int[instructions.size()];
        for (int i = 0; i < last.length; i++) {
            Instruction instruction = instructions.get(i);
            if (instruction.primitive() == Primitive.INPUT) {
                continue;
            }
            for (int operand : new int[] {instruction.a(), instruction.b(), instruction.c()}) {
                if (operand >= 0) {
                    last[operand] = i;
                }
            }
        }
        return last;
    }

    private static int[] numbered(DType[] types, int operands, int constants) {
        int[] numbers = new int[types.length];
        int[] used = new int[DType.values().length];
        for (int slot = 0; slot < types.length; slot++) {
            if (slot < operands || slot >= operands + constants) {
                numbers[slot] = used[types[slot].ordinal()]++;
            }
        }
        return numbers;
    }

    /** Number of inputs; their slots are the first. */
    int inputs() {
        return inputs;
    }

    /** Number of outputs; their slots follow those of the inputs. */
    int outputs() {
        return outputs;
    }

    /** True if a single loop gives the only output and reads nothing but inputs. */
    boolean isOneLoop() {
        return steps.length == 1 && outputs == 1 && source[0] == inputs && types.length == inputs + outputs;
    }

    /** The element type of an input's or output's slot. */
    DType type(int slot) {
        return types[slot];
    }

    /** The slot in which an output is found after the last step; its own, or that of the value which it repeats. */
    int source(int output) {
        return source[output];
    }

    /** True if an output may be written before the steps are done although it lies in place of this input. */
    boolean isWrittenAfterReading(int output, int input) {
        return lastUse[input] <= writtenBy[output];
    }

    /** True if an input is itself an output. */
    boolean isRepeated(int input) {
        return lastUse[input] == AT_THE_END;
    }

    /** Whether all outputs may be written at any time although they may lie exactly in place of inputs. */
    boolean isSafeInPlace(Object[] arrays) {
        for (int o = 0; o < outputs; o++) {
            if (source[o] != inputs + o) {
                return false;
            }
            for (int i = 0; i < inputs; i++) {
                if (arrays[i] == arrays[inputs + o] && lastUse[i] > writtenBy[o]) {
                    return false;
                }
            }
        }
        return true;
    }

    /**
     * New slots with constants and registers in place.
     *
     * @param arrays those of the inputs, and those of the outputs if they are written directly
     */
    Object[] slots(Object[] arrays) {
        Object[] slots = new Object[types.length];
        System.arraycopy(arrays, 0, slots, 0, arrays.length);
        System.arraycopy(constants, 0, slots, inputs + outputs, constants.length);
        int firstRegister = inputs + outputs + constants.length;
        if (slots.length > firstRegister) {
            Blocks blocks = Blocks.own();
            for (int slot = firstRegister; slot < slots.length; slot++) {
                slots[slot] = buffer(slot, blocks);
            }
        }
        return slots;
    }

    /** The block buffer that belongs to a slot. */
    Object buffer(int slot, Blocks blocks) {
        return blocks.buffer(types[slot], buffers[slot]);
    }

    /** Runs all steps on elements {@code from} to {@code to} (exclusive) of the slots. */
    void execute(Object[] slots, int from, int to) {
        for (Step step : steps) {
            step.execute(slots, from, to);
        }
    }
}
