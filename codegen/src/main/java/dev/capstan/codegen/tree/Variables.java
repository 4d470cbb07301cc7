// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import dev.capstan.codegen.tree.Expression.Local;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;

/** The slots of the variables of one method, and the table that tells a debugger their names. */
final class Variables {
    private final MethodVisitor method;
    private final Map<String, Entry> scope = new HashMap<>();
    private final List<Entry> declared = new ArrayList<>();
    private final List<Label> ends = new ArrayList<>();
    private int next;

    private record Entry(Local local, int slot, Label start) {}

    Variables(MethodVisitor method, int firstSlot) {
        this.method = method;
        this.next = firstSlot;
    }

    int slot(Local local) {
        return scope.get(local.name()).slot();
    }

    /** The slot that the next declared variable gets. */
    int nextSlot() {
        return next;
    }

    /** Declares a variable that has its value from here on. */
    void declare(Local local) {
        Entry entry = new Entry(local, next, new Label());
        method.visitLabel(entry.start());
        next += local.type().slots();
        scope.put(local.name(), entry);
        declared.add(entry);
        ends.add(null);
    }

    /** What {@link #close} needs to end the variables declared from here on. */
    int open() {
        return declared.size();
    }

    /** Ends the variables declared since {@link #open} gave this mark, and frees their slots. */
    void close(int mark) {
        Label end = new Label();
        method.visitLabel(end);
        for (int i = declared.size() - 1; i >= mark; i--) {
            if (ends.get(i) == null) {
                Entry entry = declared.get(i);
                ends.set(i, end);
                scope.remove(entry.local().name());
                next = entry.slot();
            }
        }
    }

    /** Writes the table; every variable has ended. */
    void print() {
        for (int i = 0; i < declared.size(); i++) {
            Entry entry = declared.get(i);
            Local local = entry.local();
            method.visitLocalVariable(
                    local.name(), local.type().descriptor(), null, entry.start(), ends.get(i), entry.slot());
        }
    }
}
