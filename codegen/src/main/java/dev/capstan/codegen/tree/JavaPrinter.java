// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import com.palantir.javapoet.ArrayTypeName;
import com.palantir.javapoet.ClassName;
import com.palantir.javapoet.CodeBlock;
import com.palantir.javapoet.FieldSpec;
import com.palantir.javapoet.JavaFile;
import com.palantir.javapoet.MethodSpec;
import com.palantir.javapoet.ParameterizedTypeName;
import com.palantir.javapoet.TypeName;
import com.palantir.javapoet.TypeSpec;
import dev.capstan.codegen.tree.Expression.Local;
import java.util.Arrays;
import java.util.List;
import javax.lang.model.element.Modifier;

/**
 * Prints a class as Java source: real names, one statement to a line, only the parentheses that the meaning needs.
 * Compiled by javac (with {@code --add-modules jdk.incubator.vector} where the tree names that module) it computes the
 * same bits as the class of {@link BytecodePrinter}.
 */
public final class JavaPrinter {
    private final ClassTree tree;
    private final ExpressionText expressions;

    JavaPrinter(ClassTree tree) {
        this.tree = tree;
        this.expressions = new ExpressionText(tree.type());
    }

    /** The class as source. */
    public static Rendition print(ClassTree tree) {
        return new Rendition(tree);
    }

    String text() {
        TypeSpec.Builder type =
                TypeSpec.classBuilder(tree.type().className()).addModifiers(Modifier.PUBLIC, Modifier.FINAL);
        if (!tree.comment().isEmpty()) {
            type.addJavadoc("$L\n", commentText(tree.comment()));
        }
        tree.interfaces().forEach(contract -> type.addSuperinterface(typeName(contract)));
        for (FieldTree field : tree.fields()) {
            type.addField(FieldSpec.builder(
                            typeName(field.type()), field.name(), Modifier.PUBLIC, Modifier.STATIC, Modifier.FINAL)
                    .initializer("$L", expressions.print(field.initialiser()))
                    .build());
        }
        tree.methods().forEach(method -> type.addMethod(print(method)));
        String text = JavaFile.builder(tree.type().packageName(), type.build())
                .skipJavaLangImports(true)
                .indent("    ")
                .build()
                .toString();
        return unwrapped(text);
    }

    /** Joins the lines over which JavaPoet spreads a long signature: {@link LineLayout} has one line for it. */
    private static String unwrapped(String text) {
        StringBuilder result = new StringBuilder(text.length());
        boolean inSignature = false;
        for (String line : text.split("\n")) {
            result.append(inSignature ? line.strip() : line);
            inSignature = (inSignature || line.startsWith("    public ")) && !line.endsWith("{") && !line.endsWith(";");
            if (!inSignature) {
                result.append('\n');
            } else if (line.endsWith(",")) {
                result.append(' ');
            }
        }
        return result.toString();
    }

    private MethodSpec print(MethodTree tree) {
        MethodSpec.Builder method = MethodSpec.methodBuilder(tree.name())
                .addModifiers(Modifier.PUBLIC)
                .returns(typeName(tree.result()));
        if (!tree.comment().isEmpty()) {
            method.addJavadoc("$L\n", commentText(tree.comment()));
        }
        if (tree.isStatic()) {
            method.addModifiers(Modifier.STATIC);
        } else {
            method.addAnnotation(Override.class);
        }
        for (Local parameter : tree.parameters()) {
            method.addParameter(typeName(parameter.type()), parameter.name());
        }
        CodeBlock.Builder code = CodeBlock.builder();
        print(tree.body(), new StatementText(code));
        return method.addCode(code.build()).build();
    }

    private static void print(List<Statement> body, StatementText text) {
        body.forEach(statement -> statement.accept(text));
    }

    static TypeName typeName(Type type) {
        if (type instanceof Primitive primitive) {
            return switch (primitive) {
                case VOID -> TypeName.VOID;
                case BOOLEAN -> TypeName.BOOLEAN;
                case BYTE -> TypeName.BYTE;
                case INT -> TypeName.INT;
                case LONG -> TypeName.LONG;
                case FLOAT -> TypeName.FLOAT;
                case DOUBLE -> TypeName.DOUBLE;
            };
        }
        if (type instanceof ArrayType array) {
            return ArrayTypeName.of(typeName(array.element()));
        }
        ReferenceType reference = (ReferenceType) type;
        TypeName[] arguments =
                reference.arguments().stream().map(JavaPrinter::typeName).toArray(TypeName[]::new);
        ClassName name = className(reference);
        return arguments.length == 0 ? name : ParameterizedTypeName.get(name, arguments);
    }

    /** The name without type arguments, as before a static member. */
    static ClassName className(ReferenceType type) {
        String[] nesting = type.className().split("[$]");
        return ClassName.get(type.packageName(), nesting[0], Arrays.copyOfRange(nesting, 1, nesting.length));
    }

    /** Comment text that can neither end the comment nor start a Unicode escape. */
    private static String commentText(String text) {
        return text.strip().replace("*/", "* /").replace("\\u", "\\ u");
    }

    /** Appends statements, in the lines that {@link LineLayout} has counted. */
    private final class StatementText implements Statement.Visitor<CodeBlock.Builder> {
        private final CodeBlock.Builder code;

        StatementText(CodeBlock.Builder code) {
            this.code = code;
        }

        private CodeBlock text(Expression expression) {
            return expressions.print(expression);
        }

        @Override
        public CodeBlock.Builder declaration(Statement.Declaration declaration) {
            return code.addStatement("$L", declarationText(declaration));
        }

        private CodeBlock declarationText(Statement.Declaration declaration) {
            Local local = declaration.local();
            return CodeBlock.of("$T $L = $L", typeName(local.type()), local.name(), text(declaration.initialiser()));
        }

        @Override
        public CodeBlock.Builder assignment(Statement.Assignment assignment) {
            return code.addStatement("$L", assignmentText(assignment));
        }

        private CodeBlock assignmentText(Statement.Assignment assignment) {
            String name = assignment.local().name();
            if (Increment.of(assignment).isPresent()) {
                int step = Increment.of(assignment).getAsInt();
                return step == 1 ? CodeBlock.of("$L++", name) : CodeBlock.of("$L += $L", name, step);
            }
            return CodeBlock.of("$L = $L", name, text(assignment.value()));
        }

        @Override
        public CodeBlock.Builder arrayStore(Statement.ArrayStore store) {
            Expression element = store.array().at(store.index());
            return code.addStatement("$L = $L", text(element), text(store.value()));
        }

        @Override
        public CodeBlock.Builder forLoop(Statement.ForLoop loop) {
            code.beginControlFlow(
                    "for ($L; $L; $L)",
                    declarationText(loop.start()),
                    text(loop.condition()),
                    assignmentText(loop.update()));
            print(loop.body(), this);
            return code.endControlFlow();
        }

        @Override
        public CodeBlock.Builder whileLoop(Statement.WhileLoop loop) {
            code.beginControlFlow("while ($L)", text(loop.condition()));
            print(loop.body(), this);
            return code.endControlFlow();
        }

        @Override
        public CodeBlock.Builder choice(Statement.Choice choice) {
            code.beginControlFlow("if ($L)", text(choice.condition()));
            print(choice.whenTrue(), this);
            if (!choice.whenFalse().isEmpty()) {
                code.nextControlFlow("else");
                print(choice.whenFalse(), this);
            }
            return code.endControlFlow();
        }

        @Override
        public CodeBlock.Builder block(Statement.Block block) {
            code.add("{\n$>");
            print(block.body(), this);
            return code.add("$<}\n");
        }

        @Override
        public CodeBlock.Builder evaluation(Statement.Evaluation evaluation) {
            return code.addStatement("$L", text(evaluation.call()));
        }

        @Override
        public CodeBlock.Builder returns(Statement.Return returns) {
            return returns.value()
                    .map(value -> code.addStatement("return $L", text(value)))
                    .orElseGet(() -> code.addStatement("return"));
        }

        @Override
        public CodeBlock.Builder raise(Statement.Raise raise) {
            return code.addStatement("throw $L", text(raise.throwable()));
        }

        @Override
        public CodeBlock.Builder comment(Statement.Comment comment) {
            for (String line : comment.lines()) {
                code.add("// $L\n", commentText(line));
            }
            return code;
        }
    }
}
