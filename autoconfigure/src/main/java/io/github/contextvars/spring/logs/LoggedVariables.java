package io.github.contextvars.spring.logs;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

import io.github.contextvars.spring.declare.ContextVariables;

/**
 * Offers the values of an application's logged variables to log events, until it is
 * closed. Where there are several applications, events carry the variables of all of
 * them; of two that share a name, that of the youngest application counts.
 * <p>
 * Log4j2's events ask by themselves, Logback's after {@link LogbackEvents} was installed.
 */
public final class LoggedVariables implements AutoCloseable {

	// Log4j2 makes its provider before there is any application, and keeps it.
	private static final List<LoggedVariables> APPLICATIONS = new CopyOnWriteArrayList<>();

	private final List<ContextVariables.Declaration> declarations;

	private LoggedVariables(ContextVariables variables) {
		this.declarations = variables.all().stream().filter(ContextVariables.Declaration::logged).toList();
	}

	/**
	 * Offer logged variables from now on.
	 * @param variables the declared variables
	 * @return what takes them back when it is closed
	 */
	public static LoggedVariables install(ContextVariables variables) {
		LoggedVariables logged = new LoggedVariables(variables);
		if (!logged.isEmpty()) {
			APPLICATIONS.add(logged);
		}
		return logged;
	}

	/**
	 * Print what is set in the current context. Never throws.
	 * @param taken tells the names under which nothing is to be printed
	 * @return lines by name: a new map, or an empty one that cannot be changed
	 */
	static Map<String, String> current(Predicate<String> taken) {
		Map<String, String> lines = Map.of();
		for (LoggedVariables application : APPLICATIONS) {
			for (ContextVariables.Declaration declaration : application.declarations) {
				String line = taken.test(declaration.name()) ? null : declaration.currentLine();
				if (line != null) {
					lines = lines.isEmpty() ? new HashMap<>() : lines;
					lines.put(declaration.name(), line);
				}
			}
		}
		return lines;
	}

	boolean isEmpty() {
		return this.declarations.isEmpty();
	}

	@Override
	public void close() {
		APPLICATIONS.remove(this);
	}

}
