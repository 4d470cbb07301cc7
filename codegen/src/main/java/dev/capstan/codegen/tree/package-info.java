// SPDX-License-Identifier: Apache-2.0

/**
 * The method tree: a small typed syntax tree of generated classes. It has two printers, which must agree bit for bit:
 * {@link dev.capstan.codegen.tree.BytecodePrinter} writes the class that runs,
 * {@link dev.capstan.codegen.tree.JavaPrinter} the source that people read and that javac can compile instead. The
 * class carries the line numbers of the source, which are known without printing it.
 *
 * <p>Classes outside are named, never loaded: a tree that calls the Vector API can be built and printed on a JVM that
 * lacks it. Trees are immutable, nodes are well-typed by construction, and a {@link
 * dev.capstan.codegen.tree.MethodTree} that exists obeys the rules of scope and reachability of the Java language.
 *
 * <h2>Grammar</h2>
 *
 * <pre>{@code
 * class      ::= "class" name interface* field* method*
 * field      ::= "static final" type NAME "=" expression
 * method     ::= ["static"] type name "(" local* ")" statement*
 *
 * statement  ::= declaration | assignment | array "[" index "]" "=" expression
 *              | "for" "(" declaration ";" condition ";" assignment ")" statement*
 *              | "while" "(" condition ")" statement*
 *              | "if" "(" condition ")" statement* ["else" statement*]
 *              | "{" statement* "}" | call | "return" [expression] | "throw" expression | "//" text
 * declaration::= type name "=" expression
 * assignment ::= local "=" expression
 *
 * expression ::= local | constant
 *              | unary expression                                  unary      ::= - ~ !
 *              | expression binary expression                      binary     ::= + - * / % & | ^ << >> >>>
 *              | expression comparison expression                  comparison ::= == != < <= > >=
 *              | expression logical expression                     logical    ::= && ||
 *              | expression "?" expression ":" expression
 *              | "(" type ")" expression                           conversion of numbers, cast of references
 *              | expression "[" expression "]" | expression ".length" | "new" type "[" expression "]"
 *              | Type "." NAME | call
 * call       ::= Type "." name "(" expression* ")"                 static
 *              | expression "." name "(" expression* ")"           virtual, interface
 *              | "new" Type "(" expression* ")"                    constructor
 *
 * type       ::= void | boolean | byte | int | long | float | double | type "[]" | binary name
 * }</pre>
 *
 * <p>There are no implicit conversions: both operands of {@code +} have one type, an argument has its parameter's. A
 * reference may be stored where another reference type is declared; that is an upcast, which javac and the JVM check.
 * A boolean or byte is compared, stored and converted, not added.
 *
 * <h2>Example</h2>
 *
 * <pre>{@code
 * Callee fma = Callee.ofStatic(ReferenceType.of("java.lang.Math"), "fma", FLOAT, FLOAT, FLOAT, FLOAT);
 *
 * MethodTree.Builder dot = MethodTree.named("dot").result(FLOAT);
 * Local a = dot.parameter("a", FLOAT.array());
 * Local b = dot.parameter("b", FLOAT.array());
 * Local sum = dot.body().declare("sum", constant(0f));
 * dot.body().count("k", constant(0), a.length(), 1, (loop, k) ->
 *         loop.assign(sum, fma.call(a.at(k), b.at(k), sum)));
 * dot.body().returns(sum);
 *
 * ClassTree tree = ClassTree.named("dev.capstan.generated.Sums").method(dot.build()).build();
 * Rendition rendition = JavaPrinter.print(tree);
 * byte[] classFile = BytecodePrinter.print(tree, rendition);
 * }</pre>
 *
 * <p>The rendition's text is
 *
 * <pre>{@code
 * package dev.capstan.generated;
 *
 * public final class Sums {
 *     public static float dot(float[] a, float[] b) {
 *         float sum = 0.0f;
 *         for (int k = 0; k < a.length; k++) {
 *             sum = Math.fma(a[k], b[k], sum);
 *         }
 *         return sum;
 *     }
 * }
 * }</pre>
 */
package dev.capstan.codegen.tree;
