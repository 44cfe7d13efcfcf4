package io.github.contextvars.spring.threadlocal;

import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.reactor.autoconfigure.ReactorAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import reactor.core.publisher.Hooks;

import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.work.PropagationSource;

import static org.assertj.core.api.Assertions.assertThat;

class ContextReactorConfigurationTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ContextVarsAutoConfiguration.class, ReactorAutoConfiguration.class));

	@BeforeEach
	@AfterEach
	void disable() {
		Hooks.disableAutomaticContextPropagation();
	}

	@Test
	void operatorsPropagateInAutomaticMode() {
		this.runner.withPropertyValues("spring.reactor.context-propagation=auto").run((context) -> {
			assertThat(entries(context)).singleElement().satisfies((entry) -> assertThat(entry.propagates()).isTrue());

			Hooks.disableAutomaticContextPropagation();
			assertThat(entries(context)).singleElement().satisfies((entry) -> assertThat(entry.propagates()).isFalse());
		});
	}

	@Test
	void propertyIsNamedWhereAutomaticModeIsOff() {
		this.runner.run((context) -> assertThat(entries(context)).singleElement().satisfies((entry) -> {
			assertThat(entry.reason()).isEqualTo("Reactor's automatic context propagation is off");
			assertThat(entry.remedy()).isEqualTo("Set spring.reactor.context-propagation=auto.");
		}));
	}

	@Test
	void moduleIsNamedWhereThePropertyHasNoEffect() {
		this.runner.withClassLoader(new FilteredClassLoader("org.springframework.boot.reactor"))
			.run((context) -> assertThat(entries(context)).singleElement()
				.satisfies((entry) -> assertThat(entry.remedy()).contains("Hooks.enableAutomaticContextPropagation()",
						"spring-boot-reactor")));
	}

	@Test
	void libraryIsNamedWhereItIsMissing() {
		this.runner.withClassLoader(new FilteredClassLoader("io.micrometer.context"))
			.withPropertyValues("spring.reactor.context-propagation=auto")
			.run((context) -> assertThat(entries(context)).singleElement()
				.satisfies((entry) -> assertThat(entry.reason())
					.isEqualTo("io.micrometer:context-propagation is not on the class path")));
	}

	@Test
	void nothingIsReportedWithoutReactor() {
		this.runner.withClassLoader(new FilteredClassLoader("reactor.core", "org.springframework.boot.reactor"))
			.run((context) -> assertThat(entries(context)).isEmpty());
	}

	private static Stream<PropagationSource.Entry> entries(ApplicationContext context) {
		return context.getBeanProvider(PropagationSource.class)
			.stream()
			.flatMap(PropagationSource::entries)
			.filter((entry) -> entry.category().equals("reactor"));
	}

}
