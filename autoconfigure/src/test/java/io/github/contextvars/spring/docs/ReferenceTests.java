package io.github.contextvars.spring.docs;

import java.io.InputStream;
import java.lang.reflect.Method;
import java.net.URL;
import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.annotation.ContextSetting;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.testsupport.DocumentationPage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The tables of the reference name all that there is, and nothing else.
 */
class ReferenceTests {

	private static final JsonMapper JSON = new JsonMapper();

	@Test
	void properties() throws Exception {
		Set<String> properties = new TreeSet<>();
		for (URL metadata : Collections
			.list(getClass().getClassLoader().getResources("META-INF/spring-configuration-metadata.json"))) {
			try (InputStream stream = metadata.openStream()) {
				for (JsonNode property : JSON.readTree(stream).path("properties")) {
					properties.add(property.path("name").asString());
				}
			}
		}
		properties.removeIf((name) -> !name.matches("(management\\.endpoint\\.)?contextvars\\..*"));

		assertThat(DocumentationPage.read("docs/reference/properties.md").find("(?m)^\\| `([-.\\w]+)` \\|"))
			.containsExactlyInAnyOrderElementsOf(properties);
	}

	@Test
	void meters() {
		try (WebApp app = WebApp.start(Application.class, "management.endpoints.web.exposure.include=contextvars",
				"contextvars.remote.receive=tenant")) {
			assertThat(DocumentationPage.read("docs/reference/observability.md")
				.find("(?m)^\\| `(contextvars[.\\w]+)` \\|"))
				.containsExactlyInAnyOrderElementsOf(app.bean(MeterRegistry.class)
					.getMeters()
					.stream()
					.map((meter) -> meter.getId().getName())
					.filter((name) -> name.startsWith("contextvars."))
					.collect(Collectors.toSet()));
		}
	}

	@ParameterizedTest
	@ValueSource(classes = { ContextVariable.class, FromContext.class, ContextScoped.class, ContextSetting.class })
	void annotations(Class<?> annotation) {
		assertThat(DocumentationPage.read("docs/reference/annotations.md")
			.section("## `@" + annotation.getSimpleName() + "`")
			.find("(?m)^\\| `([a-z]\\w*)` \\|")).containsExactlyInAnyOrderElementsOf(
					Stream.of(annotation.getDeclaredMethods()).map(Method::getName).toList());
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@ContextVariable(header = "X-Tenant")
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		@Bean
		MeterRegistry meterRegistry() {
			return new SimpleMeterRegistry();
		}

	}

}
