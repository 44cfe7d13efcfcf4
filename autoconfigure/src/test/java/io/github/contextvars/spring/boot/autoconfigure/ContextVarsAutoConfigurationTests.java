package io.github.contextvars.spring.boot.autoconfigure;

import java.io.InputStream;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;

import com.jayway.jsonpath.JsonPath;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.springframework.aop.Advisor;
import org.springframework.boot.actuate.endpoint.Show;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

import io.github.contextvars.Context;
import io.github.contextvars.spring.boot.actuate.ContextVarsEndpoint;
import io.github.contextvars.spring.boot.actuate.ContextVarsEndpointWebExtension;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.scoped.ContextScopedAdvisor;
import io.github.contextvars.spring.task.ContextAsyncBeanPostProcessor;
import io.github.contextvars.spring.task.ContextTaskDecorator;
import io.github.contextvars.spring.task.ExecutorPropagationReport;
import io.github.contextvars.spring.web.servlet.ContextFilter;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Each condition and each replaceable bean of the auto-configurations.
 */
class ContextVarsAutoConfigurationTests {

	private static final AutoConfigurations ALL = AutoConfigurations.of(ContextVarsAutoConfiguration.class,
			ContextVarsEndpointAutoConfiguration.class, ContextVarsWebAutoConfiguration.class,
			ContextVarsTaskAutoConfiguration.class, ContextVarsScopedAutoConfiguration.class,
			ContextVarsMetricsAutoConfiguration.class, ContextVarsLoggingAutoConfiguration.class,
			ContextVarsStartupAutoConfiguration.class);

	private static final String EXPOSED = "management.endpoints.web.exposure.include=contextvars";

	private final ApplicationContextRunner runner = new ApplicationContextRunner().withConfiguration(ALL);

	private final WebApplicationContextRunner webRunner = new WebApplicationContextRunner().withConfiguration(ALL);

	private static boolean tracks(WorkRegistry live) {
		return new Context().call(() -> {
			UnitOfWork work = live.begin(UnitOfWork.Kind.TASK, () -> "test", null, new Context());
			return live.call(work, () -> live.list().contains(work));
		});
	}

	@Nested
	class Shared {

		@Test
		void variablesAreReplacedByBeanOfTheType() {
			ContextVarsAutoConfigurationTests.this.runner
				.withBean("mine", ContextVariableRegistry.class, () -> new ContextVariableRegistry(List.of()))
				.run((context) -> assertThat(context).getBean(ContextVariableRegistry.class)
					.isSameAs(context.getBean("mine")));
		}

		@Test
		void liveContextsAreReplacedByBeanOfTheType() {
			ContextVarsAutoConfigurationTests.this.webRunner.withPropertyValues(EXPOSED)
				.withBean("mine", WorkRegistry.class, WorkRegistry::tracked)
				.run((context) -> assertThat(context).getBean(WorkRegistry.class).isSameAs(context.getBean("mine")));
		}

		@Test
		void childContextSharesWhatRunsOnly() {
			WebApplicationContextRunner runner = ContextVarsAutoConfigurationTests.this.webRunner;

			runner.run((parent) -> runner.withParent(parent).run((child) -> {
				assertThat(List.of("contextVariables", "contextScopedAdvisor", "contextExecutorPostProcessor",
						"executorCoverage", "contextValuePrecedence", "contextValueCheck", "contextStartupReport",
						"loggedVariables", "logbackEvents"))
					.allMatch(child::containsLocalBean);
				assertThat(child.getBean(WorkRegistry.class)).isSameAs(parent.getBean(WorkRegistry.class));
			}));
		}

		@Test
		void nothingIsTrackedWithoutEndpoint() {
			ContextVarsAutoConfigurationTests.this.runner
				.run((context) -> assertThat(tracks(context.getBean(WorkRegistry.class))).isFalse());
		}

		@Test
		void nothingIsTrackedWithoutActuator() {
			ContextVarsAutoConfigurationTests.this.runner.withClassLoader(new FilteredClassLoader(Endpoint.class))
				.run((context) -> assertThat(tracks(context.getBean(WorkRegistry.class))).isFalse());
		}

		@Test
		void everythingElseWorksWithoutActuator() {
			new WebApplicationContextRunner()
				.withConfiguration(AutoConfigurations.of(ContextVarsAutoConfiguration.class,
						ContextVarsWebAutoConfiguration.class, ContextVarsTaskAutoConfiguration.class,
						ContextVarsScopedAutoConfiguration.class, ContextVarsStartupAutoConfiguration.class))
				.withClassLoader(new FilteredClassLoader("org.springframework.boot.actuate"))
				.run((context) -> assertThat(context).hasNotFailed()
					.hasSingleBean(ContextTaskDecorator.class)
					.hasSingleBean(ContextScopedAdvisor.class)
					.hasBean("contextFilterRegistration"));
		}

	}

	@Nested
	class Web {

		@Test
		void filterComesFirstAndServesAllDispatches() {
			ContextVarsAutoConfigurationTests.this.webRunner.run((context) -> {
				FilterRegistrationBean<?> registration = context.getBean("contextFilterRegistration",
						FilterRegistrationBean.class);
				assertThat(registration.getFilter()).isInstanceOf(ContextFilter.class);
				assertThat(registration.getOrder()).isEqualTo(Ordered.HIGHEST_PRECEDENCE);
				assertThat(registration.determineDispatcherTypes()).isEqualTo(EnumSet.allOf(DispatcherType.class));
				assertThat(registration.isAsyncSupported()).isTrue();
			});
		}

		@Test
		void orderIsConfigurable() {
			ContextVarsAutoConfigurationTests.this.webRunner.withPropertyValues("contextvars.web.order=-5")
				.run((context) -> assertThat(context.getBean(FilterRegistrationBean.class).getOrder()).isEqualTo(-5));
		}

		@Test
		void filterCanBeSwitchedOff() {
			ContextVarsAutoConfigurationTests.this.webRunner.withPropertyValues("contextvars.web.enabled=false")
				.run((context) -> assertThat(context).doesNotHaveBean(FilterRegistrationBean.class)
					.hasBean("contextWebMvcConfigurer"));
		}

		@Test
		void filterIsReplacedByRegistrationOfTheType() {
			ContextVarsAutoConfigurationTests.this.webRunner.withUserConfiguration(UsersRegistration.class)
				.run((context) -> assertThat(context).hasSingleBean(FilterRegistrationBean.class)
					.hasBean("usersRegistration"));
		}

		@Test
		void filterIsForServletApplicationsOnly() {
			ContextVarsAutoConfigurationTests.this.runner
				.run((context) -> assertThat(context).doesNotHaveBean(FilterRegistrationBean.class)
					.doesNotHaveBean("contextWebMvcConfigurer"));
		}

		@Test
		void filterBacksOffWithoutServletApi() {
			ContextVarsAutoConfigurationTests.this.runner.withClassLoader(new FilteredClassLoader(Filter.class))
				.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean("contextFilterRegistration"));
		}

		@Test
		void filterNeedsNoSpringMvc() {
			ContextVarsAutoConfigurationTests.this.webRunner
				.withClassLoader(new FilteredClassLoader(WebMvcConfigurer.class))
				.run((context) -> assertThat(context).hasNotFailed()
					.hasBean("contextFilterRegistration")
					.doesNotHaveBean("contextWebMvcConfigurer"));
		}

	}

	@Nested
	class Task {

		@Test
		void decoratorIsThere() {
			ContextVarsAutoConfigurationTests.this.runner
				.run((context) -> assertThat(context).hasSingleBean(ContextTaskDecorator.class)
					.hasBean("contextTaskDecorator")
					.hasSingleBean(ContextAsyncBeanPostProcessor.class));
		}

		@Test
		void decoratorCanBeSwitchedOff() {
			ContextVarsAutoConfigurationTests.this.runner.withPropertyValues("contextvars.task.enabled=false")
				.run((context) -> assertThat(context).doesNotHaveBean(ContextTaskDecorator.class)
					.doesNotHaveBean(ContextAsyncBeanPostProcessor.class));
		}

		@Test
		void decoratorIsReplacedByBeanOfTheType() {
			ContextVarsAutoConfigurationTests.this.runner
				.withBean("mine", ContextTaskDecorator.class, () -> new ContextTaskDecorator(WorkRegistry.untracked()))
				.run((context) -> assertThat(context).hasSingleBean(ContextTaskDecorator.class).hasBean("mine"));
		}

		@Test
		void decoratorNeedsNoAop() {
			ContextVarsAutoConfigurationTests.this.runner.withClassLoader(new FilteredClassLoader(Advisor.class))
				.run((context) -> assertThat(context).hasNotFailed()
					.hasSingleBean(ContextTaskDecorator.class)
					.doesNotHaveBean("contextAsyncPostProcessor")
					.doesNotHaveBean("contextScopedAdvisor"));
		}

	}

	@Nested
	class Scoped {

		@Test
		void advisorIsThere() {
			ContextVarsAutoConfigurationTests.this.runner
				.run((context) -> assertThat(context).hasSingleBean(ContextScopedAdvisor.class));
		}

		@Test
		void advisorCanBeSwitchedOff() {
			ContextVarsAutoConfigurationTests.this.runner.withPropertyValues("contextvars.scoped.enabled=false")
				.run((context) -> assertThat(context).doesNotHaveBean(ContextScopedAdvisor.class));
		}

		@Test
		void advisorIsReplacedByBeanOfTheName() {
			ContextVarsAutoConfigurationTests.this.runner.withBean("contextScopedAdvisor", String.class, () -> "mine")
				.run((context) -> assertThat(context).doesNotHaveBean(ContextScopedAdvisor.class));
		}

	}

	@Nested
	class EndpointBeans {

		@Test
		void endpointIsNotThereUnlessExposed() {
			ContextVarsAutoConfigurationTests.this.webRunner
				.run((context) -> assertThat(context).doesNotHaveBean(ContextVarsEndpoint.class));
		}

		@Test
		void endpointIsThereWhenExposed() {
			ContextVarsAutoConfigurationTests.this.webRunner.withPropertyValues(EXPOSED).run((context) -> {
				assertThat(context).hasSingleBean(ContextVarsEndpoint.class)
					.hasSingleBean(ContextVarsEndpointWebExtension.class);
				assertThat(tracks(context.getBean(WorkRegistry.class))).isTrue();
			});
		}

		@Test
		void endpointNeedsNoWebApplication() {
			ContextVarsAutoConfigurationTests.this.runner
				.withPropertyValues("spring.jmx.enabled=true", "management.endpoints.jmx.exposure.include=contextvars")
				.run((context) -> assertThat(context).hasSingleBean(ContextVarsEndpoint.class)
					.doesNotHaveBean(ContextVarsEndpointWebExtension.class));
		}

		@Test
		void endpointIsNotThereWithoutAccess() {
			ContextVarsAutoConfigurationTests.this.webRunner
				.withPropertyValues(EXPOSED, "management.endpoint.contextvars.access=NONE")
				.run((context) -> assertThat(context).doesNotHaveBean(ContextVarsEndpoint.class));
		}

		@Test
		void endpointIsReplacedByBeanOfTheType() {
			ContextVarsAutoConfigurationTests.this.webRunner.withPropertyValues(EXPOSED)
				.withBean("mine", ContextVarsEndpoint.class,
						() -> new ContextVarsEndpoint(new ContextVariableRegistry(List.of()), WorkRegistry.untracked(),
								new ExecutorPropagationReport(), List.of(), Show.NEVER))
				.run((context) -> assertThat(context).hasSingleBean(ContextVarsEndpoint.class).hasBean("mine"));
		}

		@Test
		void endpointWithoutTrackingListsVariablesOnly() {
			ContextVarsAutoConfigurationTests.this.webRunner
				.withPropertyValues(EXPOSED, "contextvars.live.enabled=false")
				.run((context) -> {
					assertThat(tracks(context.getBean(WorkRegistry.class))).isFalse();
					assertThat(context.getBean(ContextVarsEndpoint.class).contextVars().contexts()).isEmpty();
				});
		}

	}

	@Nested
	class Metadata {

		@Test
		void describesEachPropertyThatIsHonouredAndNoOther() throws Exception {
			String json;
			try (InputStream input = ContextVarsProperties.class
				.getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
				json = new String(input.readAllBytes());
			}
			List<Map<String, Object>> properties = JsonPath.read(json, "$.properties");

			assertThat(properties).extracting((property) -> property.get("name"))
				.containsExactlyInAnyOrder("contextvars.web.enabled", "contextvars.web.order",
						"contextvars.task.enabled", "contextvars.task.executors", "contextvars.task.exclude",
						"contextvars.base-context", "contextvars.scoped.enabled", "contextvars.live.enabled",
						"contextvars.logs.enabled", "contextvars.metrics.enabled",
						"management.endpoint.contextvars.access", "management.endpoint.contextvars.cache.time-to-live",
						"management.endpoint.contextvars.show-values", "management.endpoint.contextvars.roles");
			assertThat(properties)
				.allSatisfy((property) -> assertThat((String) property.get("description")).matches("[A-Z].*\\.")
					.satisfies((text) -> assertThat(Arrays.asList("The", "A")).doesNotContain(text.split(" ")[0])));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class UsersRegistration {

		@Bean
		FilterRegistrationBean<ContextFilter> usersRegistration() {
			return new FilterRegistrationBean<>(new ContextFilter(WorkRegistry.untracked()));
		}

	}

}
