package io.github.contextvars.spring.boot.startup;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

import org.junit.jupiter.api.Test;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.CommandLineRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.context.event.ApplicationStartedEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.event.EventListener;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsStartupAutoConfiguration;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.WorkConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.tuple;

class ContextStartupConfigurationTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "none");

	private static final List<String> SEEN = new CopyOnWriteArrayList<>();

	private static final Map<String, String> KINDS = new ConcurrentHashMap<>();

	@Test
	void eachRunnerAndReadyListenerBeginsWithAnEmptyContext() {
		try (ConfigurableApplicationContext context = start(Application.class)) {
			assertThat(SEEN).containsExactlyInAnyOrder("lambda: none", "class: none", "commandLine: none",
					"annotated: none", "annotatedByClass: none", "listenerClass: none", "listenerLambda: none");
			assertThat(Context.depth()).isZero();
			assertThat(KINDS.get("class")).isEqualTo("runner Seeder.run");
			assertThat(KINDS.get("annotated")).isEqualTo("runner Listeners.annotated");
		}
	}

	@Test
	void runnersKeepTheirOrder() {
		try (ConfigurableApplicationContext context = start(Application.class)) {
			assertThat(SEEN.stream().filter((seen) -> !seen.startsWith("annotated") && !seen.startsWith("listener")))
				.containsExactly("class: none", "lambda: none", "commandLine: none");
		}
	}

	@Test
	void runnersAreReported() {
		try (ConfigurableApplicationContext context = start(Application.class, FinalRunner.class)) {
			assertThat(context.getBean("contextVarsRunnerPropagation", PropagationSource.class).entries())
				.extracting(PropagationSource.Entry::name, PropagationSource.Entry::propagates)
				.containsExactlyInAnyOrder(tuple("lambda", true), tuple(Seeder.class.getName(), true),
						tuple("commandLine", true), tuple("contextStartupConfigurationTests.FinalRunner", false));
		}
	}

	@Test
	void runnerThatCannotBeProxiedIsRejectedWhenItSets() {
		assertThatIllegalStateException().isThrownBy(() -> start(Application.class, FinalSetter.class))
			.withMessageContaining("'tenant' is set by thread")
			.withMessageContaining("FinalSetter.run");
		assertThat(Context.depth()).isZero();
	}

	@Test
	void configurationClassMayBeARunner() {
		try (ConfigurableApplicationContext context = start(RunningApplication.class)) {
			assertThat(SEEN).contains("configuration: none");
		}
	}

	@Test
	void failingRunnerLeavesNoContext() {
		assertThatIllegalStateException().isThrownBy(() -> start(Application.class, FailingRunner.class))
			.withMessageContaining("planned");
		assertThat(Context.depth()).isZero();
	}

	@Test
	void otherEventsOfTheSameListenerAreNotEntered() {
		try (ConfigurableApplicationContext context = start(Application.class)) {
			assertThat(KINDS.get("started")).isEqualTo("outside");
		}
	}

	private static ConfigurableApplicationContext start(Class<?>... sources) {
		SEEN.clear();
		KINDS.clear();
		SpringApplication application = new SpringApplication(sources);
		application.setWebApplicationType(WebApplicationType.NONE);
		return application.run("--spring.main.banner-mode=off", "--contextvars.outside-context.get=allow");
	}

	private static void see(String place) {
		SEEN.add(place + ": " + TENANT.get());
		TENANT.set(place);
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ ContextVarsAutoConfiguration.class, ContextVarsStartupAutoConfiguration.class,
			AopAutoConfiguration.class })
	@Import({ Seeder.class, Listeners.class, ListenerClass.class })
	static class Application {

		@Bean
		WorkConfiguration.Tracking tracking() {
			return new WorkConfiguration.Tracking();
		}

		@Bean
		@Order(1)
		ApplicationRunner lambda() {
			return (arguments) -> see("lambda");
		}

		@Bean
		@Order(2)
		CommandLineRunner commandLine() {
			return (arguments) -> see("commandLine");
		}

		@Bean
		ApplicationListener<ApplicationReadyEvent> listenerLambda() {
			return (event) -> see("listenerLambda");
		}

	}

	@Configuration
	@Import(Application.class)
	static class RunningApplication implements CommandLineRunner {

		@Bean
		String text() {
			return "text";
		}

		@Override
		public void run(String... arguments) {
			assertThat(text()).isSameAs(text());
			see("configuration");
		}

	}

	@Order(Ordered.HIGHEST_PRECEDENCE)
	static class Seeder implements ApplicationRunner {

		private final WorkRegistry registry;

		Seeder(WorkRegistry registry) {
			this.registry = registry;
		}

		@Override
		public void run(ApplicationArguments arguments) {
			KINDS.put("class", this.registry.current().kind() + " " + this.registry.current().origin());
			see("class");
		}

	}

	static class Listeners {

		private final WorkRegistry registry;

		Listeners(WorkRegistry registry) {
			this.registry = registry;
		}

		@EventListener
		void annotated(ApplicationReadyEvent event) {
			KINDS.put("annotated", this.registry.current().kind() + " " + this.registry.current().origin());
			see("annotated");
		}

		@EventListener({ ApplicationStartedEvent.class, ApplicationReadyEvent.class })
		void annotatedByClass() {
			if (this.registry.current() == null) {
				KINDS.put("started", (Context.depth() == 0) ? "outside" : "inside");
				return;
			}
			see("annotatedByClass");
		}

	}

	static class ListenerClass implements ApplicationListener<ApplicationReadyEvent> {

		@Override
		public void onApplicationEvent(ApplicationReadyEvent event) {
			see("listenerClass");
		}

	}

	static final class FinalRunner implements ApplicationRunner {

		@Override
		public void run(ApplicationArguments arguments) {
		}

	}

	static final class FinalSetter implements ApplicationRunner {

		@Override
		public void run(ApplicationArguments arguments) {
			TENANT.set("final");
		}

	}

	static class FailingRunner implements ApplicationRunner {

		@Override
		public void run(ApplicationArguments arguments) {
			TENANT.set("failing");
			throw new IllegalStateException("planned");
		}

	}

}
