package io.github.contextvars.spring.testing;

import java.util.List;
import java.util.Set;

import org.springframework.boot.autoconfigure.AutoConfigurationImportFilter;
import org.springframework.boot.autoconfigure.AutoConfigurationMetadata;
import org.springframework.context.EnvironmentAware;
import org.springframework.core.env.Environment;

/**
 * {@link AutoConfigurationImportFilter} that leaves out the frameworks that a test does
 * not name in its property {@code tests.frameworks}: all of them are on the class path of
 * all tests.
 */
public final class FrameworkFilter implements AutoConfigurationImportFilter, EnvironmentAware {

	private static final List<String> FRAMEWORKS = List.of("kafka", "amqp", "artemis", "jms", "websocket",
			"integration", "quartz", "batch", "graphql", "grpc", "data.redis", "session", "jetty", "hibernate", "jpa",
			"data.jpa", "netty", "sql.init", "modulith", "cloud", "cloud.autoconfigure", "resilience4j", "security",
			"ai", "rsocket");

	private Environment environment;

	@Override
	public void setEnvironment(Environment environment) {
		this.environment = environment;
	}

	@Override
	public boolean[] match(String[] autoConfigurations, AutoConfigurationMetadata metadata) {
		Set<String> named = Set.of(this.environment.getProperty("tests.frameworks", String[].class, new String[0]));
		boolean[] matches = new boolean[autoConfigurations.length];
		for (int i = 0; i < matches.length; i++) {
			String type = autoConfigurations[i];
			matches[i] = type == null || FRAMEWORKS.stream()
				.noneMatch((framework) -> belongsTo(type, framework) && !named.contains(framework));
		}
		return matches;
	}

	private static boolean belongsTo(String type, String framework) {
		return type.startsWith("org.springframework.boot." + framework + ".")
				|| type.startsWith("org.springframework." + framework + ".")
				|| type.startsWith("io.github." + framework + ".")
				|| (framework.equals("security") && type.contains(".security."));
	}

}
