package io.github.contextvars.spring.docs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

import com.sun.source.tree.BinaryTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.NewClassTree;
import com.sun.source.tree.ParenthesizedTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreeScanner;

/**
 * The messages of exceptions and warnings in the sources of the library, with {@code …}
 * in place of what is not constant.
 */
final class LibraryMessages extends TreeScanner<Void, Void> {

	private static final List<String> MODULES = List.of("core", "spring", "autoconfigure", "test");

	private final Set<String> messages = new TreeSet<>();

	private final Map<String, ExpressionTree> variables = new HashMap<>();

	private LibraryMessages() {
	}

	/**
	 * Read the messages.
	 * @param root the repository's root
	 * @return the messages, sorted
	 */
	static Set<String> read(Path root) throws IOException {
		LibraryMessages scanner = new LibraryMessages();
		JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
		try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
			for (String module : MODULES) {
				JavacTask task = (JavacTask) compiler.getTask(null, files, null, List.of("-proc:none"), null,
						files.getJavaFileObjectsFromPaths(sources(root.resolve(module))));
				for (CompilationUnitTree unit : task.parse()) {
					scanner.scan(unit, null);
				}
			}
		}
		return scanner.messages;
	}

	private static List<Path> sources(Path module) throws IOException {
		try (Stream<Path> files = Files.walk(module.resolve("src/main/java"))) {
			return files.filter((file) -> file.toString().endsWith(".java")).toList();
		}
	}

	@Override
	public Void visitMethod(MethodTree method, Void unused) {
		this.variables.clear();
		return super.visitMethod(method, unused);
	}

	@Override
	public Void visitVariable(VariableTree variable, Void unused) {
		if (variable.getInitializer() != null && variable.getType() != null
				&& variable.getType().toString().equals("String")) {
			this.variables.put(variable.getName().toString(), variable.getInitializer());
		}
		return super.visitVariable(variable, unused);
	}

	@Override
	public Void visitNewClass(NewClassTree created, Void unused) {
		if (created.getIdentifier().toString().matches(".*(Exception|Error)")) {
			add(created.getArguments());
		}
		return super.visitNewClass(created, unused);
	}

	@Override
	public Void visitMethodInvocation(MethodInvocationTree call, Void unused) {
		boolean logs = call.getMethodSelect() instanceof MemberSelectTree
				&& List.of("warn", "error", "log").contains(nameOf(call));
		if (logs || nameOf(call).equals("check")) {
			add(call.getArguments());
		}
		return super.visitMethodInvocation(call, unused);
	}

	// The message is the first argument that has a text.
	private void add(List<? extends ExpressionTree> arguments) {
		arguments.stream()
			.map((argument) -> textOf(argument).replaceAll("…+", "…"))
			.filter((text) -> text.chars().filter(Character::isLetter).count() > 2)
			.findFirst()
			.ifPresent(this.messages::add);
	}

	private String textOf(ExpressionTree expression) {
		if (expression instanceof LiteralTree literal && literal.getKind() == Tree.Kind.STRING_LITERAL) {
			return (String) literal.getValue();
		}
		if (expression instanceof BinaryTree binary && binary.getKind() == Tree.Kind.PLUS) {
			return textOf(binary.getLeftOperand()) + textOf(binary.getRightOperand());
		}
		if (expression instanceof ParenthesizedTree parenthesized) {
			return textOf(parenthesized.getExpression());
		}
		if (expression instanceof IdentifierTree identifier
				&& this.variables.containsKey(identifier.getName().toString())) {
			return textOf(this.variables.get(identifier.getName().toString()));
		}
		if (expression instanceof MethodInvocationTree call && nameOf(call).equals("formatted")) {
			return textOf(((MemberSelectTree) call.getMethodSelect()).getExpression()).replaceAll("%[sd]", "…");
		}
		return "…";
	}

	private static String nameOf(MethodInvocationTree call) {
		return (call.getMethodSelect() instanceof MemberSelectTree select) ? select.getIdentifier().toString()
				: call.getMethodSelect().toString();
	}

}
