package io.github.contextvars.demo;

import java.util.Set;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Configuration properties that name the tenants of this service.
 *
 * @param names the names of the tenants
 */
@ConfigurationProperties("notebook.tenants")
record Tenants(Set<String> names) {

	private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,31}");

	/**
	 * Check that a client has sent the name of a tenant.
	 * @param source the header or parameter that contains the name
	 * @param name the name that the client has sent
	 * @return the name
	 * @throws ProblemException with status 400 if the name is missing or malformed, and
	 * with status 404 if no tenant has this name
	 */
	String require(String source, @Nullable String name) {
		if (name == null) {
			throw ProblemException.badRequest(source + " is missing: it names the tenant");
		}
		if (!NAME.matcher(name).matches()) {
			throw ProblemException.badRequest(source + " must match " + NAME);
		}
		if (!this.names.contains(name)) {
			throw ProblemException.notFound(source + " names an unknown tenant: '" + name + "'");
		}
		return name;
	}

}
