package io.github.contextvars.spring.scoped;

import java.lang.reflect.Method;
import java.security.CodeSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.context.expression.BeanFactoryResolver;
import org.springframework.context.expression.MethodBasedEvaluationContext;
import org.springframework.core.DefaultParameterNameDiscoverer;
import org.springframework.core.MethodClassKey;
import org.springframework.core.ParameterNameDiscoverer;
import org.springframework.expression.EvaluationContext;
import org.springframework.expression.ParseException;
import org.springframework.expression.spel.SpelNode;
import org.springframework.expression.spel.ast.Literal;
import org.springframework.expression.spel.ast.VariableReference;
import org.springframework.expression.spel.standard.SpelExpression;
import org.springframework.expression.spel.standard.SpelExpressionParser;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.annotation.ContextSetting;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.registry.InvalidDeclarationException;
import io.github.contextvars.spring.registry.VariableConversion;

/**
 * The {@link ContextSetting} annotations of methods, parsed once for each method.
 */
final class ScopeSettings {

	private static final SpelExpressionParser PARSER = new SpelExpressionParser();

	private static final ParameterNameDiscoverer NAMES = new DefaultParameterNameDiscoverer();

	// By the bean's class, too: methods that types share have each type's settings.
	private final Map<MethodClassKey, List<Setting>> parsed = new ConcurrentHashMap<>();

	private final Supplier<ContextVariableRegistry> variables;

	private final BeanFactory beanFactory;

	private final VariableConversion conversion;

	ScopeSettings(Supplier<ContextVariableRegistry> variables, BeanFactory beanFactory) {
		this.variables = variables;
		this.beanFactory = beanFactory;
		this.conversion = new VariableConversion(beanFactory);
	}

	/**
	 * Evaluate the settings of a method for a call.
	 * @param scoped the method's annotation
	 * @param method the method
	 * @param target the bean
	 * @param arguments the call's arguments
	 * @return what sets the values, to be run in the scope
	 */
	Runnable evaluate(ContextScoped scoped, Method method, @Nullable Object target, Object[] arguments) {
		MethodBasedEvaluationContext context = new MethodBasedEvaluationContext((target != null) ? target : method,
				method, arguments, NAMES);
		context.setBeanResolver(new BeanFactoryResolver(this.beanFactory));
		List<Runnable> assignments = new ArrayList<>();
		MethodClassKey key = new MethodClassKey(method, (target != null) ? target.getClass() : null);
		for (Setting setting : this.parsed.computeIfAbsent(key, (absent) -> parse(scoped, method))) {
			Object value = this.conversion.convert(setting.evaluate(context, method), setting.declaration());
			assignments.add(() -> set(setting.declaration().variable(), value));
		}
		return () -> assignments.forEach(Runnable::run);
	}

	/**
	 * Parse the settings of a method.
	 * @param scoped the method's annotation
	 * @param method the method
	 * @return the settings
	 * @throws InvalidDeclarationException if one of them cannot be right
	 */
	List<Setting> parse(ContextScoped scoped, Method method) {
		return Arrays.stream(scoped.set()).map((annotation) -> parse(annotation, method)).toList();
	}

	private Setting parse(ContextSetting annotation, Method method) {
		String place = "@ContextSetting of " + method.getDeclaringClass().getName() + "#" + method.getName();
		ContextVariableRegistry.Declaration declaration = this.variables.get().find(annotation.variable());
		if (declaration == null) {
			throw new InvalidDeclarationException(
					place + " names the variable '" + annotation.variable() + "', which is not declared",
					"Use one of " + this.variables.get().names()
							+ ", or declare it with @ContextVariable in a bean's class.");
		}
		if (annotation.value().isBlank()) {
			throw new InvalidDeclarationException(
					place + " has an empty expression for '" + annotation.variable() + "'",
					"Give it a value, such as \"'text'\", \"null\" or \"#p0\".");
		}
		SpelExpression expression = parseExpression(place, annotation.value());
		Map<String, Integer> arguments = argumentsOf(method);
		requireKnownNames(place, expression, arguments.keySet());
		requireConvertible(place, expression, declaration, method, arguments);
		return new Setting(place, declaration, expression);
	}

	private static SpelExpression parseExpression(String place, String expression) {
		try {
			return PARSER.parseRaw(expression);
		}
		catch (RuntimeException | StackOverflowError ex) {
			// Not always a ParseException: Spring's tokenizer runs out of "0e", for one,
			// and its parser descends once for each bracket.
			String reason = (ex instanceof ParseException parse) ? parse.getSimpleMessage() : ex.toString();
			throw new InvalidDeclarationException(
					place + " has the expression \"" + expression + "\", which cannot be parsed: " + reason,
					"Correct the expression.");
		}
	}

	private static Map<String, Integer> argumentsOf(Method method) {
		Map<String, Integer> arguments = new HashMap<>();
		@Nullable String @Nullable [] names = NAMES.getParameterNames(method);
		// The continuation of a suspending function is none to Spring.
		int count = method.getParameterCount() - (AsyncReturnValues.isSuspending(method) ? 1 : 0);
		for (int i = 0; i < count; i++) {
			arguments.put("#p" + i, i);
			arguments.put("#a" + i, i);
			if (names != null) {
				arguments.put("#" + names[i], i);
			}
		}
		return arguments;
	}

	// An unknown name would read as null, silently.
	private static void requireKnownNames(String place, SpelExpression expression, Set<String> arguments) {
		Set<String> known = new TreeSet<>(arguments);
		known.addAll(Set.of("#root", "#this"));
		// No recursion: of "1+1+…", the parser makes a node within a node without one.
		Deque<SpelNode> nodes = new ArrayDeque<>(List.of(expression.getAST()));
		while (!nodes.isEmpty()) {
			SpelNode node = nodes.pop();
			if (node instanceof VariableReference && !known.contains(node.toStringAST())) {
				throw new InvalidDeclarationException(
						place + " has the expression \"" + expression.getExpressionString() + "\", which names "
								+ node.toStringAST(),
						"Name one of the method's arguments (compiled with '-parameters') or its position: " + known
								+ ".");
			}
			for (int i = 0; i < node.getChildCount(); i++) {
				nodes.push(node.getChild(i));
			}
		}
	}

	// As far as the expression tells: the type of a property is known once there is a
	// value.
	private void requireConvertible(String place, SpelExpression expression,
			ContextVariableRegistry.Declaration declaration, Method method, Map<String, Integer> arguments) {
		SpelNode root = expression.getAST();
		boolean possible = true;
		if (root instanceof Literal literal) {
			possible = isConvertible(literal.getLiteralValue().getValue(), declaration);
		}
		else if (root instanceof VariableReference && arguments.containsKey(root.toStringAST())) {
			Class<?> type = method.getParameterTypes()[arguments.get(root.toStringAST())];
			possible = this.conversion.isPossible(type, declaration);
		}
		if (!possible) {
			throw new InvalidDeclarationException(
					place + " has the expression \"" + expression.getExpressionString()
							+ "\", whose value cannot be converted to " + declaration.type() + ", the type of "
							+ declaration.declaredBy(),
					"Give it a value of that type, or register a Converter with the application's ConversionService.");
		}
	}

	private boolean isConvertible(@Nullable Object value, ContextVariableRegistry.Declaration declaration) {
		try {
			this.conversion.convert(value, declaration);
			return true;
		}
		catch (IllegalStateException ex) {
			return false;
		}
	}

	@SuppressWarnings({ "unchecked", "NullAway" }) // null is a value
	private static void set(ContextVar<?> variable, @Nullable Object value) {
		((ContextVar<@Nullable Object>) variable).set(value);
	}

	record Setting(String place, ContextVariableRegistry.Declaration declaration, SpelExpression expression) {

		private @Nullable Object evaluate(EvaluationContext context, Method method) {
			try {
				return this.expression.getValue(context);
			}
			catch (RuntimeException ex) {
				if (!this.declaration.sensitive() || isOwn(ex, method)) {
					throw ex;
				}
				// Without the cause: its message may show what the value is made of.
				throw new IllegalStateException(this.place + " has the expression \""
						+ this.expression.getExpressionString() + "\", which failed with " + ex.getClass().getName()
						+ "; the variable '" + this.declaration.name() + "' is sensitive, so no more is shown");
			}
		}

		// The application's own exceptions say what it wants to. Those of the JDK, of
		// Spring and of other libraries show what they have failed with.
		private static boolean isOwn(Throwable failure, Method method) {
			String application = locationOf(method.getDeclaringClass());
			Deque<Throwable> left = new ArrayDeque<>(List.of(failure));
			Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
			while (!left.isEmpty()) {
				Throwable next = left.pop();
				if (application == null || !application.equals(locationOf(next.getClass()))) {
					return false;
				}
				if (seen.add(next)) {
					left.addAll(List.of(next.getSuppressed()));
					Optional.ofNullable(next.getCause()).ifPresent(left::add);
				}
			}
			return true;
		}

		// The jar or directory.
		private static @Nullable String locationOf(Class<?> type) {
			CodeSource source = type.getProtectionDomain().getCodeSource();
			return (source != null && source.getLocation() != null) ? source.getLocation().toString() : null;
		}

	}

}
