package io.github.contextvars.demo;

import java.util.Set;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * The tenants of this service.
 *
 * @param names their names
 */
@ConfigurationProperties("notebook.tenants")
record Tenants(Set<String> names) {

	private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,31}");

	/**
	 * Let through the name of a tenant, and nothing else that a client may send.
	 * @param source where the client put it
	 * @param name what the client put there
	 * @return the name
	 * @throws Rejection with status 400 without a name, and 404 if no tenant has it
	 */
	String require(String source, @Nullable String name) {
		if (name == null) {
			throw Rejection.badRequest(source + " is missing: it names the tenant");
		}
		if (!NAME.matcher(name).matches()) {
			throw Rejection.badRequest(source + " must match " + NAME);
		}
		if (!this.names.contains(name)) {
			throw Rejection.notFound(source + " names an unknown tenant: '" + name + "'");
		}
		return name;
	}

}
