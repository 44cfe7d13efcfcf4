package io.github.contextvars.spring.registry;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.core.ResolvableType;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.work.RunningApplications;

/**
 * Registry of the context variables that an application has declared, by name. Immutable;
 * may be used on any thread.
 *
 * @since 0.1.0
 * @see io.github.contextvars.spring.annotation.ContextVariable
 */
public final class ContextVariableRegistry implements AutoCloseable {

	private final Map<String, Declaration> declarations = new LinkedHashMap<>();

	/**
	 * Create a registry.
	 * @param declarations the declarations
	 * @throws InvalidDeclarationException if two variables have the same name, or one is
	 * sensitive and yet logged, observed or sent, or two have the same header
	 */
	public ContextVariableRegistry(Collection<Declaration> declarations) {
		for (Declaration declaration : declarations) {
			declaration.check();
			for (Declaration known : this.declarations.values()) {
				if (!known.header().isEmpty() && known.header().equalsIgnoreCase(declaration.header())) {
					throw new InvalidDeclarationException(
							"Two context variables have the header '" + declaration.header() + "': "
									+ known.declaredBy() + " and " + declaration.declaredBy(),
							"Give one of them another header.");
				}
			}
			Declaration other = this.declarations.putIfAbsent(declaration.name(), declaration);
			if (other != null) {
				throw new InvalidDeclarationException(
						"Two context variables are named '" + declaration.name() + "': " + other.declaredBy() + " and "
								+ declaration.declaredBy(),
						"Rename one of them, or declare the variable once and refer to it.");
			}
		}
	}

	/**
	 * Create a registry of what is annotated with {@link ContextVariable} in the beans of
	 * a factory, and of what its parent has declared under other names.
	 * @param beanFactory the bean factory; only beans that hold a variable are created
	 * @return a new registry, which is known in the whole of the JVM until it is closed
	 * @throws InvalidDeclarationException if a declaration is invalid
	 */
	public static ContextVariableRegistry of(ConfigurableListableBeanFactory beanFactory) {
		ContextVariableRegistry variables = new ContextVariableRegistry(
				new ContextVariableScanner(beanFactory).declarations());
		BeanFactory parent = beanFactory.getParentBeanFactory();
		if (parent != null) {
			parent.getBeanProvider(ContextVariableRegistry.class)
				.ifUnique((inherited) -> inherited.declarations.forEach(variables.declarations::putIfAbsent));
		}
		RunningApplications.add(ContextVariableRegistry.class, variables);
		return variables;
	}

	/**
	 * List all declarations.
	 * @return the declarations, in the order of the beans
	 */
	public List<Declaration> all() {
		return new ArrayList<>(this.declarations.values());
	}

	/**
	 * List the names of all declared variables.
	 * @return the names, in the order of the beans
	 */
	public List<String> names() {
		return new ArrayList<>(this.declarations.keySet());
	}

	/**
	 * Find the variable of a name.
	 * @param name the variable's name
	 * @return its declaration, or {@code null} if none is declared
	 */
	public @Nullable Declaration find(String name) {
		return this.declarations.get(name);
	}

	/**
	 * Return whether the values of a variable must never be shown.
	 * @param variable the variable, declared or not
	 * @return whether it, or another of its name, is declared sensitive here, or it is
	 * declared sensitive by another application context of this JVM
	 */
	public boolean isSensitive(ContextVar<?> variable) {
		Declaration declaration = find(variable.name());
		return (declaration != null && declaration.sensitive())
				|| RunningApplications.list(ContextVariableRegistry.class)
					.stream()
					.anyMatch((running) -> running.declaresSensitive(variable));
	}

	private boolean declaresSensitive(ContextVar<?> variable) {
		Declaration declaration = find(variable.name());
		return declaration != null && declaration.sensitive() && declaration.variable().equals(variable);
	}

	/**
	 * Unregister this registry: its sensitive declarations no longer affect other
	 * application contexts.
	 */
	@Override
	public void close() {
		RunningApplications.remove(ContextVariableRegistry.class, this);
	}

	/**
	 * Return the variable of a name.
	 * @param name the variable's name
	 * @return its declaration
	 * @throws IllegalStateException if none is declared
	 */
	public Declaration require(String name) {
		Declaration declaration = find(name);
		if (declaration == null) {
			throw new IllegalStateException("No context variable '" + name + "' is declared, only " + names()
					+ "; annotate it with @ContextVariable in a bean's class");
		}
		return declaration;
	}

	/**
	 * One declared variable.
	 *
	 * @param variable the variable
	 * @param declaredBy the field or method, such as {@code com.acme.Shop#TENANT}
	 * @param declaredType the declared type of the values, if there is one
	 * @param description what the variable is for
	 * @param sensitive whether values must never be shown
	 * @param logged whether values are added to log events
	 * @param observed whether values are added to observations
	 * @param header the header that holds values which cross processes; empty if none do
	 */
	public record Declaration(ContextVar<?> variable, String declaredBy, ResolvableType declaredType,
			String description, boolean sensitive, boolean logged, boolean observed, String header) {

		// What HTTP and gRPC permit. The latter sends bytes in a header that ends in
		// -bin.
		private static final Pattern HEADER = Pattern.compile("(?!.*-bin$)[A-Za-z0-9][A-Za-z0-9._-]*",
				Pattern.CASE_INSENSITIVE);

		private static final Set<String> OTHERS = Set.of("authorization", "baggage", "connection", "content-length",
				"content-type", "cookie", "expect", "host", "keep-alive", "proxy-authorization", "set-cookie", "te",
				"traceparent", "tracestate", "trailer", "transfer-encoding", "upgrade", "x-contextvars-unit");

		private static final Object UNSET = new Object();

		/**
		 * Return the variable's name.
		 * @return the name
		 */
		public String name() {
			return this.variable.name();
		}

		/**
		 * Return the declared type of the values.
		 * @return the type as text, {@code java.lang.Object} if it is not known
		 */
		public String type() {
			return (this.declaredType.resolve() != null) ? this.declaredType.toString() : Object.class.getName();
		}

		/**
		 * Return the class that all values are of.
		 * @return the class, or {@code null} if the declaration leaves it open, by a
		 * wildcard say
		 */
		public @Nullable Class<?> valueType() {
			Type type = this.declaredType.getType();
			return (type instanceof Class<?> || type instanceof ParameterizedType) ? this.declaredType.resolve() : null;
		}

		/**
		 * Print the value that the variable was set to in the current context. Calls no
		 * code of the value, and never throws.
		 * @return one line of text, see {@link ValueFormatter#line}, or {@code null} if
		 * the variable was not set or is sensitive
		 */
		public @Nullable String currentLine() {
			return lineIn(Context.copyOfCurrent());
		}

		/**
		 * Print the value that the variable has in a context, as {@link #currentLine}
		 * does for the current one.
		 * @param context the context
		 * @return one line of text, or {@code null} if the variable has no value there or
		 * is sensitive
		 */
		public @Nullable String lineIn(Context context) {
			Object value = valueIn(context, UNSET);
			return (value != UNSET && !this.sensitive) ? ValueFormatter.line(value) : null;
		}

		/**
		 * Return the value that the variable was set to in the current context.
		 * @return the value, or {@code null} if the variable was not set
		 */
		public @Nullable Object currentValue() {
			return valueIn(Context.copyOfCurrent(), null);
		}

		// No read of the variable: outside any context it is not warned of.
		@SuppressWarnings("unchecked") // what is given comes back as it went in
		private @Nullable Object valueIn(Context context, @Nullable Object unset) {
			return context.getOrDefault((ContextVar<@Nullable Object>) this.variable, unset);
		}

		private void check() {
			if (!this.header.isEmpty() && (!HEADER.matcher(this.header).matches()
					|| OTHERS.contains(this.header.toLowerCase(Locale.ROOT)))) {
				throw new InvalidDeclarationException(
						"Context variable '" + name() + "' is declared with the header '" + this.header
								+ "', which is not the name of a header for values: " + this.declaredBy,
						"Use a name such as X-Tenant.");
			}
			if (this.sensitive && !this.header.isEmpty()) {
				throw new InvalidDeclarationException(
						"Context variable '" + name() + "' is declared sensitive and has a header: " + this.declaredBy,
						"Remove one of the two: a sensitive value never leaves the process.");
			}
			if (this.sensitive && (this.logged || this.observed)) {
				throw new InvalidDeclarationException(
						"Context variable '" + name() + "' is declared sensitive and "
								+ (this.logged ? "logged" : "observed") + ": " + this.declaredBy,
						"Remove one of the two: a sensitive value is never shown.");
			}
		}

		/**
		 * Return whether the variable can be read where it was not set.
		 * @return whether it has a default
		 */
		public boolean hasDefault() {
			return new Context().call(() -> {
				try {
					this.variable.get();
					return true;
				}
				catch (NoSuchElementException ex) {
					return false;
				}
			});
		}

	}

}
