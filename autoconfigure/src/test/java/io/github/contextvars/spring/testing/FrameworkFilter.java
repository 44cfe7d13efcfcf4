package io.github.contextvars.spring.testing;

import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

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
			"ai", "rsocket", "jdbc");

	private Environment environment;

	@Override
	public void setEnvironment(Environment environment) {
		this.environment = environment;
	}

	@Override
	public boolean[] match(String[] autoConfigurations, AutoConfigurationMetadata metadata) {
		Set<String> named = Set.of(this.environment.getProperty("tests.frameworks", String[].class, new String[0]));
		List<String> left = FRAMEWORKS.stream()
			.filter((framework) -> !named.contains(framework))
			.flatMap((framework) -> Stream.of("org.springframework.boot.", "org.springframework.", "io.github.")
				.map((owner) -> owner + framework + "."))
			.toList();
		boolean security = named.contains("security");
		boolean[] matches = new boolean[autoConfigurations.length];
		for (int i = 0; i < matches.length; i++) {
			String type = autoConfigurations[i];
			matches[i] = type == null
					|| (left.stream().noneMatch(type::startsWith) && (security || !type.contains(".security.")));
		}
		return matches;
	}

}
