package io.github.contextvars.spring.docs;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.event.ContextRefreshedEvent;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.registry.ContextVariableConfiguration;
import io.github.contextvars.spring.registry.OutsideContextPolicy;
import io.github.contextvars.spring.scoped.ContextScopedConfiguration;
import io.github.contextvars.spring.task.ContextTaskConfiguration;
import io.github.contextvars.spring.web.servlet.ContextFilter;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * The example of docs/reference/without-boot.md. The module {@code spring} tests it
 * without Spring Boot on the class path.
 */
class WithoutBootExamplesTests {

	@Test
	void importedConfigurationsPropagate() {
		try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext(
				ApplicationConfiguration.class, Filters.class, Mail.class)) {
			new Context().run(() -> {
				Mail.TENANT.set("acme");
				assertThat(context.getBean(Mail.class).send().join()).isEqualTo("acme");
				ExecutorService legacyPool = context.getBean("legacyPool", ExecutorService.class);
				assertThatThrownBy(() -> legacyPool.submit(() -> Mail.TENANT.get()).get(10, TimeUnit.SECONDS))
					.hasCauseInstanceOf(IllegalStateException.class);
			});
			assertThat(context.getBean(ContextFilter.class)).isNotNull();
		}
	}

	// tag::without-boot[]
	@Configuration(proxyBeanMethods = false)
	@EnableAsync
	@Import({ ContextVariableConfiguration.class, ContextTaskConfiguration.class, ContextScopedConfiguration.class })
	static class ApplicationConfiguration {

		@Bean
		ContextTaskConfiguration.Settings taskSettings() {
			return new ContextTaskConfiguration.Settings(Set.of("legacyPool"));
		}

		@Bean
		ContextVariableConfiguration.Settings outsideContextSettings() {
			return new ContextVariableConfiguration.Settings(OutsideContextPolicy.Mode.REJECT,
					OutsideContextPolicy.Mode.REJECT, ContextRefreshedEvent.class);
		}

		@Bean
		ExecutorService legacyPool() {
			return Executors.newFixedThreadPool(2);
		}

	}
	// end::without-boot[]

	@Configuration(proxyBeanMethods = false)
	static class Filters {

		// tag::without-boot-filter[]
		@Bean
		ContextFilter contextFilter(WorkRegistry workRegistry) {
			return new ContextFilter(workRegistry);
		}
		// end::without-boot-filter[]

	}

	static class Mail {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant", "none");

		@Async
		CompletableFuture<String> send() {
			return CompletableFuture.completedFuture(TENANT.get());
		}

	}

}
