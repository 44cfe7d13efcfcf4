package io.github.contextvars.spring.logging;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.work.RunningApplications;

/**
 * Provider of the values of an application's logged variables to log events, until it is
 * closed. If several applications run in one JVM, events get the variables of all of
 * them, except those that any of them declares sensitive. Of two that share a name, that
 * of the most recently started application is taken.
 * <p>
 * Log4j2's events ask on their own, Logback's once {@link LogbackMdcInstaller} has
 * installed the adapter.
 */
final class LoggedVariableProvider implements AutoCloseable {

	// Log4j2 creates its provider before there is any application, and keeps it.
	private static volatile List<ContextVariableRegistry.Declaration> offered = List.of();

	private final List<ContextVariableRegistry.Declaration> declarations;

	private LoggedVariableProvider(ContextVariableRegistry variables) {
		this.declarations = variables.all()
			.stream()
			.filter((declaration) -> declaration.logged() || declaration.sensitive())
			.toList();
	}

	/**
	 * Offer logged variables from now on.
	 * @param variables the declared variables
	 * @return the provider, which withdraws them when it is closed
	 */
	static LoggedVariableProvider install(ContextVariableRegistry variables) {
		LoggedVariableProvider provider = new LoggedVariableProvider(variables);
		synchronized (LoggedVariableProvider.class) {
			RunningApplications.add(LoggedVariableProvider.class, provider);
			offer();
		}
		return provider;
	}

	private static void offer() {
		Set<ContextVar<?>> done = new HashSet<>();
		List<ContextVariableRegistry.Declaration> declarations = RunningApplications.list(LoggedVariableProvider.class)
			.stream()
			.flatMap((application) -> application.declarations.stream())
			.toList();
		declarations.stream()
			.filter(ContextVariableRegistry.Declaration::sensitive)
			.forEach((declaration) -> done.add(declaration.variable()));
		offered = declarations.stream()
			.filter((declaration) -> declaration.logged() && done.add(declaration.variable()))
			.toList();
	}

	/**
	 * Print what is set in the current context. Never throws.
	 * @param taken tells the names under which nothing is to be printed
	 * @return lines by name: a new map, or an empty one that cannot be changed
	 */
	static Map<String, String> current(Predicate<String> taken) {
		Map<String, String> lines = Map.of();
		for (ContextVariableRegistry.Declaration declaration : offered) {
			String name = declaration.name();
			String line = (lines.containsKey(name) || taken.test(name)) ? null : declaration.currentLine();
			if (line != null) {
				lines = lines.isEmpty() ? new HashMap<>() : lines;
				lines.put(name, line);
			}
		}
		return lines;
	}

	/**
	 * Print one value, as {@link #current(Predicate)} does.
	 * @param name the variable's name
	 * @return one line of text, or {@code null} if there is no such entry
	 */
	static @Nullable String current(String name) {
		for (ContextVariableRegistry.Declaration declaration : offered) {
			String line = declaration.name().equals(name) ? declaration.currentLine() : null;
			if (line != null) {
				return line;
			}
		}
		return null;
	}

	boolean isEmpty() {
		return this.declarations.stream().noneMatch(ContextVariableRegistry.Declaration::logged);
	}

	@Override
	public void close() {
		synchronized (LoggedVariableProvider.class) {
			RunningApplications.remove(LoggedVariableProvider.class, this);
			offer();
		}
	}

}
