package io.github.contextvars.spring.remote;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.BeanUtils;

import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.registry.InvalidDeclarationException;

/**
 * The variables that cross processes, checked on startup.
 */
final class RemoteVariables {

	static final String BAGGAGE = "baggage";

	/**
	 * The header or member of baggage that holds the id of the sending unit of work.
	 */
	static final String UNIT = "X-Contextvars-Unit";

	private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

	private RemoteVariables() {
	}

	/**
	 * Find the variables of a property.
	 * @param property the property that names them
	 * @param names the names
	 * @param format how values are written
	 * @param variables the declared variables
	 * @return the variables and their names on the wire
	 * @throws InvalidDeclarationException if one of them must not or cannot cross
	 */
	static List<RemoteVariable> of(String property, Collection<String> names, ContextRemoteConfiguration.Format format,
			ContextVariableRegistry variables) {
		List<RemoteVariable> found = new ArrayList<>();
		for (String name : names) {
			ContextVariableRegistry.Declaration declaration = variables.find(name);
			if (declaration == null) {
				throw new InvalidDeclarationException(
						"'" + property + "' names the context variable '" + name + "', which is not declared",
						"Use one of " + variables.names() + ", or declare it with @ContextVariable in a bean's class.");
			}
			check(!declaration.sensitive(),
					"'" + property + "' names the context variable '" + name + "', which is declared sensitive: "
							+ declaration.declaredBy(),
					"Remove it from the property: a sensitive value never leaves the process, and never enters it.");
			boolean baggage = format == ContextRemoteConfiguration.Format.BAGGAGE;
			String wire = baggage ? name : declaration.header();
			check(baggage || !wire.isEmpty(), "'" + property + "' names the context variable '" + name
					+ "', which has no header: " + declaration.declaredBy(),
					"Declare it with @ContextVariable(header = \"X-Name\").");
			check(!wire.equalsIgnoreCase(UNIT),
					"'" + property + "' names the context variable '" + name
							+ "', and this is the name of the sending unit of work",
					"Give the variable another name, or use 'contextvars.remote.format=headers'.");
			check(TOKEN.matcher(wire).matches(),
					"'" + property + "' names the context variable '" + name + "', and a member of baggage cannot have"
							+ " this name",
					"Give the variable a name of letters, digits and '-', '.' or '_', or use 'contextvars.remote.format"
							+ "=headers'.");
			Class<?> type = declaration.valueType();
			check(type == null || type == Object.class || BeanUtils.isSimpleValueType(type),
					"'" + property + "' names the context variable '" + name + "', whose type " + declaration.type()
							+ " has no text",
					"Send a variable of a simple type, such as String, a number, an enum or UUID.");
			found.add(new RemoteVariable(declaration, wire));
		}
		return found;
	}

	private static void check(boolean right, String description, String action) {
		if (!right) {
			throw new InvalidDeclarationException(description, action);
		}
	}

	/**
	 * Return the name of a header in a message of JMS, whose names are identifiers of
	 * Java. What replaces hyphens is what OpenTelemetry's instrumentation uses.
	 * @param header the name
	 * @return the property's name
	 */
	static String toProperty(String header) {
		return header.replace("-", "__dash__");
	}

	/**
	 * Check that names can be those of properties in messages of JMS.
	 * @param property the property that names the variables
	 * @param variables the variables
	 */
	static void checkProperties(String property, List<RemoteVariable> variables) {
		for (RemoteVariable variable : variables) {
			String name = toProperty(variable.wireName());
			check(Character.isJavaIdentifierStart(name.charAt(0))
					&& name.chars().allMatch(Character::isJavaIdentifierPart),
					"'" + property + "' includes JMS, and the header '" + variable.wireName()
							+ "' of the context variable '" + variable.declaration().name()
							+ "' cannot be the name of a property",
					"Use a header of letters, digits, '-' and '_'.");
		}
	}

	/**
	 * Find the tokens of transports in a list.
	 * @param names names of transports and others
	 * @param known the tokens that the list may have
	 * @return a copy with the others
	 */
	static List<String> withoutTransports(Collection<String> names, Set<String> known) {
		return names.stream().filter((name) -> !known.contains(name)).toList();
	}

	/**
	 * Return the value of the current context as it is sent.
	 * @param variable the variable
	 * @return the encoded value, an empty text if it cannot be sent, or {@code null} if
	 * there is none
	 */
	static @Nullable String encodedValue(RemoteVariable variable) {
		Object value = variable.declaration().currentValue();
		if (value == null) {
			return null;
		}
		if (!BeanUtils.isSimpleValueType(value.getClass())) {
			return "";
		}
		try {
			String encoded = RemoteValues
				.encode((value instanceof Enum<?> constant) ? constant.name() : value.toString());
			return (encoded != null) ? encoded : "";
		}
		catch (RuntimeException ex) {
			// A value of the application's own type, whose text fails.
			return "";
		}
	}

	/**
	 * One variable that crosses.
	 *
	 * @param declaration the variable
	 * @param wireName the name of its header or member
	 */
	record RemoteVariable(ContextVariableRegistry.Declaration declaration, String wireName) {

	}

}
