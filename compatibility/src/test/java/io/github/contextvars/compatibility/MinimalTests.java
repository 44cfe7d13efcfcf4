package io.github.contextvars.compatibility;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.util.ClassUtils;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An application whose only other starter is that of Spring MVC.
 */
@Tag("minimal")
class MinimalTests {

	@Test
	void optionalLibrariesAreNotThere() {
		assertThat(Set.of("io.rsocket.core.RSocketServer", "reactor.core.publisher.Mono",
				"org.springframework.security.core.Authentication", "org.springframework.kafka.core.KafkaTemplate",
				"org.springframework.messaging.Message", "org.springframework.boot.actuate.endpoint.annotation.Endpoint",
				"graphql.GraphQL"))
			.noneMatch((type) -> ClassUtils.isPresent(type, null));
	}

	@Test
	void valuesReachTheTaskOfTheirRequest() {
		try (ConfigurableApplicationContext application = new SpringApplication(Application.class)
			.run("--server.port=0", "--contextvars.fill.tenant.header=X-Tenant")) {
			Client client = new Client(
					application.getEnvironment().getRequiredProperty("local.server.port", Integer.class));

			assertThat(client.getOfEachTenant("/async"))
				.isEqualTo(Map.of("acme", Set.of("acme"), "globex", Set.of("globex"), "", Set.of("-")));
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableAsync
	@Import({ Tasks.class, Controller.class })
	static class Application {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant", "-");

	}

	static class Tasks {

		@Async
		public CompletableFuture<String> tenant() {
			return CompletableFuture.completedFuture(Application.TENANT.get());
		}

	}

	@RestController
	static class Controller {

		private final Tasks tasks;

		Controller(Tasks tasks) {
			this.tasks = tasks;
		}

		@GetMapping("/async")
		CompletableFuture<String> async() {
			return this.tasks.tenant();
		}

	}

}
