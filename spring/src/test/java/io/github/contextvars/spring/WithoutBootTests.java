package io.github.contextvars.spring;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.mock.web.MockServletContext;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.request.MockMvcRequestBuilders;
import org.springframework.test.web.servlet.result.MockMvcResultMatchers;
import org.springframework.test.web.servlet.setup.DefaultMockMvcBuilder;
import org.springframework.test.web.servlet.setup.MockMvcBuilders;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.support.AnnotationConfigWebApplicationContext;
import org.springframework.web.reactive.config.EnableWebFlux;
import org.springframework.web.server.adapter.WebHttpHandlerBuilder;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.annotation.ContextSetting;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.fill.ContextFillConfiguration;
import io.github.contextvars.spring.jfr.ContextJfrConfiguration;
import io.github.contextvars.spring.logging.ContextLoggingConfiguration;
import io.github.contextvars.spring.messaging.ContextMessagingConfiguration;
import io.github.contextvars.spring.observation.ContextObservationConfiguration;
import io.github.contextvars.spring.registry.ContextVariableConfiguration;
import io.github.contextvars.spring.scoped.ContextScopedConfiguration;
import io.github.contextvars.spring.task.ContextTaskConfiguration;
import io.github.contextvars.spring.web.reactive.ContextWebFluxConfiguration;
import io.github.contextvars.spring.web.servlet.ContextFilter;
import io.github.contextvars.spring.web.servlet.ContextWebConfiguration;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * An application without Spring Boot, on whose class path there is no class of it.
 */
class WithoutBootTests {

	@Test
	void bootIsNotOnTheClassPath() {
		assertThatExceptionOfType(ClassNotFoundException.class)
			.isThrownBy(() -> Class.forName("org.springframework.boot.SpringApplication"));
	}

	@Test
	void importedConfigurationsPropagateScopeAndBind() throws Exception {
		try (AnnotationConfigWebApplicationContext context = new AnnotationConfigWebApplicationContext()) {
			context.setServletContext(new MockServletContext());
			context.register(Application.class);
			context.refresh();
			MockMvc mvc = MockMvcBuilders.webAppContextSetup(context)
				.<DefaultMockMvcBuilder>addFilters(new ContextFilter(context.getBean(WorkRegistry.class)))
				.build();

			new Context().run(() -> {
				Application.TENANT.set("acme");
				assertThat(context.getBean(Mail.class).send().join()).isEqualTo("acme");
				assertThat(
						CompletableFuture.supplyAsync(Application.TENANT::get, context.getBean("pool", Executor.class))
							.join())
					.isEqualTo("acme");
				assertThat(CompletableFuture
					.supplyAsync(Application.TENANT::get, context.getBean("excluded", Executor.class))
					.join()).isEqualTo("none");
				context.getBean(Mail.class).sendAs("globex");
				assertThat(Application.TENANT.get()).isEqualTo("acme");
			});
			mvc.perform(MockMvcRequestBuilders.get("/tenant"))
				.andExpect(MockMvcResultMatchers.content().string("none"));
			assertThatIllegalStateException().isThrownBy(() -> Application.TENANT.set("careless"))
				.withMessageContaining("outside any context");
		}
	}

	@Test
	void beansOfOptionalLibrariesAreThere() {
		try (AnnotationConfigWebApplicationContext context = new AnnotationConfigWebApplicationContext()) {
			context.setServletContext(new MockServletContext());
			context.register(Application.class);
			context.refresh();
			SimpleMeterRegistry meters = new SimpleMeterRegistry();
			context.getBean(MeterBinder.class).bindTo(meters);
			WorkRegistry registry = context.getBean(WorkRegistry.class);
			registry.run(registry.create(UnitOfWork.Kind.TASK, () -> "test"), () -> {
			});

			assertThat(meters.get("contextvars.contexts.entered").tag("kind", "task").functionCounter().count())
				.isEqualTo(1);
			assertThat(context.getBeansOfType(PropagationSource.class).values())
				.flatExtracting((source) -> source.entries().toList())
				.extracting(PropagationSource.Entry::name)
				.contains("pool", "excluded", "@Async methods", "@ContextScoped methods");
		}
	}

	@Test
	void unitOfWorkIsAnEventOfFlightRecorder(@TempDir Path directory) throws Exception {
		Path file = directory.resolve("work.jfr");
		try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext(
				ContextJfrConfiguration.class); Recording recording = new Recording()) {
			recording.enable("io.github.contextvars.Work");
			recording.start();
			WorkRegistry registry = context.getBean(WorkRegistry.class);
			registry.run(registry.create(UnitOfWork.Kind.TASK, () -> "without Boot"), () -> {
			});
			recording.stop();
			recording.dump(file);
		}

		assertThat(RecordingFile.readAllEvents(file)).extracting((event) -> event.getString("origin"))
			.contains("without Boot");
	}

	@Test
	void requestOfWebFluxHasAContext() {
		Hooks.enableAutomaticContextPropagation();
		try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext(
				ReactiveApplication.class)) {
			HttpHandler handler = WebHttpHandlerBuilder.applicationContext(context).build();
			for (String tenant : List.of("acme", "globex")) {
				MockServerHttpResponse response = new MockServerHttpResponse();
				handler.handle(MockServerHttpRequest.get("/tenant").header("X-Tenant", tenant).build(), response)
					.block();
				assertThat(response.getBodyAsString().block()).isEqualTo(tenant + " " + tenant);
			}
			assertThat(Context.depth()).isZero();
		}
		finally {
			Hooks.disableAutomaticContextPropagation();
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableWebFlux
	@Import({ ContextWebFluxConfiguration.class, ReactiveController.class })
	static class ReactiveApplication {

		@Bean
		ContextFillConfiguration.Settings fill() {
			return new ContextFillConfiguration.Settings(Map.of("tenant", new ContextFillConfiguration.Variable(null,
					false, "X-Tenant", ContextFillConfiguration.Variable.DEFAULT_PATTERN, true)));
		}

	}

	@RestController
	static class ReactiveController {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		@GetMapping("/tenant")
		Mono<String> tenant(@FromContext String tenant) {
			return Mono.just(tenant + " ").publishOn(Schedulers.boundedElastic()).map((text) -> text + TENANT.get());
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAsync
	@EnableWebMvc
	@Import({ ContextVariableConfiguration.class, ContextTaskConfiguration.class, ContextScopedConfiguration.class,
			ContextMessagingConfiguration.class, ContextWebConfiguration.class, ContextLoggingConfiguration.class,
			ContextObservationConfiguration.class, ContextJfrConfiguration.class, Mail.class, TenantController.class })
	static class Application {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant", "none");

		@Bean
		ContextTaskConfiguration.Settings taskSettings() {
			return new ContextTaskConfiguration.Settings(Set.of("excluded"));
		}

		@Bean
		ExecutorService pool() {
			return Executors.newSingleThreadExecutor();
		}

		@Bean
		ExecutorService excluded() {
			return Executors.newSingleThreadExecutor();
		}

	}

	static class Mail {

		@Async("pool")
		CompletableFuture<String> send() {
			return CompletableFuture.completedFuture(Application.TENANT.get());
		}

		@ContextScoped(set = @ContextSetting(variable = "tenant", value = "#tenant"))
		void sendAs(String tenant) {
			assertThat(Application.TENANT.get()).isEqualTo(tenant);
		}

	}

	@RestController
	static class TenantController {

		@GetMapping("/tenant")
		String tenant(@FromContext("tenant") String tenant) {
			return tenant;
		}

	}

}
