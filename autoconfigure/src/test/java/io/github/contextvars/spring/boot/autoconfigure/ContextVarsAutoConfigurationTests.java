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
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.boot.web.servlet.ServletContextInitializerBeans;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

import io.github.contextvars.Context;
import io.github.contextvars.spring.boot.actuate.ContextVarsEndpoint;
import io.github.contextvars.spring.boot.actuate.ContextVarsEndpointWebExtension;
import io.github.contextvars.spring.resilience.ContextResilienceConfiguration;
import io.github.contextvars.spring.rpc.ContextGrpcConfiguration;
import io.github.contextvars.spring.task.ContextTaskDecorator;
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
			ContextVarsObservationAutoConfiguration.class, ContextVarsLoggingAutoConfiguration.class,
			ContextVarsJfrAutoConfiguration.class, ContextVarsMessagingAutoConfiguration.class,
			ContextVarsRedisAutoConfiguration.class, ContextVarsResilienceAutoConfiguration.class,
			ContextVarsGrpcAutoConfiguration.class, ContextVarsRSocketAutoConfiguration.class,
			ContextVarsStartupAutoConfiguration.class);

	private static final String EXPOSED = "management.endpoints.web.exposure.include=contextvars";

	private final ApplicationContextRunner runner = new ApplicationContextRunner().withConfiguration(ALL);

	private final WebApplicationContextRunner webRunner = new WebApplicationContextRunner().withConfiguration(ALL);

	private static boolean tracks(WorkRegistry live) {
		return new Context().call(() -> {
			UnitOfWork work = live.create(UnitOfWork.Kind.TASK, () -> "test", null, new Context());
			return live.call(work, () -> live.list().contains(work));
		});
	}

	@Test
	void beanNamesBeginWithContextVars() {
		this.webRunner.withPropertyValues(EXPOSED)
			.run((context) -> assertThat(context.getBeanDefinitionNames()).filteredOn((name) -> {
				BeanDefinition definition = context.getBeanFactory().getMergedBeanDefinition(name);
				return definition instanceof RootBeanDefinition root && root.getResolvedFactoryMethod() != null
						&& root.getResolvedFactoryMethod()
							.getDeclaringClass()
							.getName()
							.startsWith("io.github.contextvars.spring.");
			}).isNotEmpty().allMatch((name) -> name.startsWith("contextVars")));
	}

	@Nested
	class Shared {

		@Test
		void childContextSharesWorkRegistryOnly() {
			WebApplicationContextRunner runner = ContextVarsAutoConfigurationTests.this.webRunner;

			runner.run((parent) -> runner.withParent(parent).run((child) -> {
				assertThat(List.of("contextVarsVariableRegistry", "contextVarsScopedAdvisor",
						"contextVarsExecutorBeanPostProcessor", "contextVarsResolverBeanPostProcessor",
						"contextVarsFromContextValidator", "contextVarsStartupLogger",
						"contextVarsLoggedVariableProvider", "contextVarsLogbackMdcInstaller"))
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
					.hasBean("contextVarsScopedAdvisor")
					.hasBean("contextVarsFilterRegistration"));
		}

	}

	@Nested
	class Web {

		@Test
		void filterComesFirstAndServesAllDispatches() {
			ContextVarsAutoConfigurationTests.this.webRunner.run((context) -> {
				FilterRegistrationBean<?> registration = context.getBean("contextVarsFilterRegistration",
						FilterRegistrationBean.class);
				assertThat(registration.getFilter()).isInstanceOf(ContextFilter.class);
				assertThat(registration.getOrder()).isEqualTo(Ordered.HIGHEST_PRECEDENCE);
				assertThat(registration.determineDispatcherTypes()).isEqualTo(EnumSet.allOf(DispatcherType.class));
				assertThat(registration.isAsyncSupported()).isTrue();
			});
		}

		@Test
		void filterComesBeforeOthersOfItsOrder() {
			ContextVarsAutoConfigurationTests.this.webRunner.withUserConfiguration(FirstFilters.class)
				.run((context) -> assertThat(namesOfFilters(context)).containsExactly("contextVarsFilterRegistration",
						"aFilter", "zFilter"));
		}

		@Test
		void orderIsConfigurable() {
			ContextVarsAutoConfigurationTests.this.webRunner.withUserConfiguration(FirstFilters.class)
				.withPropertyValues("contextvars.web.order=-5")
				.run((context) -> {
					assertThat(
							context.getBean("contextVarsFilterRegistration", FilterRegistrationBean.class).getOrder())
						.isEqualTo(-5);
					assertThat(namesOfFilters(context)).containsExactly("aFilter", "zFilter",
							"contextVarsFilterRegistration");
				});
		}

		// In the order in which Boot registers them with the container.
		private static List<String> namesOfFilters(ListableBeanFactory beans) {
			Map<String, ?> registrations = beans.getBeansOfType(FilterRegistrationBean.class);
			return new ServletContextInitializerBeans(beans).stream()
				.flatMap((initializer) -> registrations.entrySet()
					.stream()
					.filter((registration) -> registration.getValue() == initializer))
				.map(Map.Entry::getKey)
				.toList();
		}

		@Test
		void filterCanBeSwitchedOff() {
			ContextVarsAutoConfigurationTests.this.webRunner.withPropertyValues("contextvars.web.enabled=false")
				.run((context) -> assertThat(context).doesNotHaveBean(FilterRegistrationBean.class)
					.hasBean("contextVarsWebMvcConfigurer"));
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
					.doesNotHaveBean("contextVarsWebMvcConfigurer"));
		}

		@Test
		void filterBacksOffWithoutServletApi() {
			ContextVarsAutoConfigurationTests.this.runner.withClassLoader(new FilteredClassLoader(Filter.class))
				.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean("contextVarsFilterRegistration"));
		}

		@Test
		void filterNeedsNoSpringMvc() {
			ContextVarsAutoConfigurationTests.this.webRunner
				.withClassLoader(new FilteredClassLoader(WebMvcConfigurer.class))
				.run((context) -> assertThat(context).hasNotFailed()
					.hasBean("contextVarsFilterRegistration")
					.doesNotHaveBean("contextVarsWebMvcConfigurer"));
		}

	}

	@Nested
	class Task {

		@Test
		void decoratorIsThere() {
			ContextVarsAutoConfigurationTests.this.runner
				.run((context) -> assertThat(context).hasSingleBean(ContextTaskDecorator.class)
					.hasBean("contextVarsTaskDecorator")
					.hasBean("contextVarsAsyncBeanPostProcessor"));
		}

		@Test
		void decoratorCanBeSwitchedOff() {
			ContextVarsAutoConfigurationTests.this.runner.withPropertyValues("contextvars.task.enabled=false")
				.run((context) -> assertThat(context).doesNotHaveBean(ContextTaskDecorator.class)
					.doesNotHaveBean("contextVarsAsyncBeanPostProcessor"));
		}

	}

	@Nested
	class Scoped {

		@Test
		void advisorIsThere() {
			ContextVarsAutoConfigurationTests.this.runner
				.run((context) -> assertThat(context).hasBean("contextVarsScopedAdvisor"));
		}

		@Test
		void advisorCanBeSwitchedOff() {
			ContextVarsAutoConfigurationTests.this.runner.withPropertyValues("contextvars.scoped.enabled=false")
				.run((context) -> assertThat(context).doesNotHaveBean("contextVarsScopedAdvisor"));
		}

	}

	@Nested
	class Messaging {

		private static final String[] POST_PROCESSORS = { "contextVarsKafkaBeanPostProcessor",
				"contextVarsRabbitBeanPostProcessor", "contextVarsJmsBeanPostProcessor" };

		@Test
		void postProcessorsAreThere() {
			ContextVarsAutoConfigurationTests.this.runner
				.run((context) -> assertThat(context.getBeanDefinitionNames()).contains(POST_PROCESSORS));
		}

		@Test
		void postProcessorsCanBeSwitchedOffAndParametersAreStillBound() {
			ContextVarsAutoConfigurationTests.this.runner.withPropertyValues("contextvars.messaging.enabled=false")
				.run((context) -> assertThat(context.getBeanDefinitionNames()).doesNotContain(POST_PROCESSORS)
					.contains("contextVarsKafkaListenerConfigurer", "contextVarsRabbitListenerConfigurer",
							"contextVarsJmsListenerConfigurer"));
		}

		@Test
		void frameworksThatAreAbsentCostNothing() {
			ContextVarsAutoConfigurationTests.this.runner
				.withClassLoader(new FilteredClassLoader("org.springframework.kafka", "org.springframework.amqp",
						"org.springframework.jms"))
				.run((context) -> assertThat(context.getBeanDefinitionNames()).doesNotContain(POST_PROCESSORS));
		}

	}

	@Nested
	class Resilience {

		private static final String[] POST_PROCESSORS = { "contextVarsBulkheadBeanPostProcessor",
				"contextVarsTimerBeanPostProcessor", "contextVarsCircuitBreakerBeanPostProcessor" };

		@Test
		void postProcessorsAreThere() {
			ContextVarsAutoConfigurationTests.this.runner
				.run((context) -> assertThat(context.getBeanDefinitionNames()).contains(POST_PROCESSORS));
		}

		@Test
		void postProcessorsCanBeSwitchedOff() {
			ContextVarsAutoConfigurationTests.this.runner.withPropertyValues("contextvars.task.enabled=false")
				.run((context) -> assertThat(context.getBeanDefinitionNames()).doesNotContain(POST_PROCESSORS));
		}

		@Test
		void circuitBreakersAreOptional() {
			ContextVarsAutoConfigurationTests.this.runner
				.withClassLoader(new FilteredClassLoader("org.springframework.cloud"))
				.run((context) -> assertThat(context).hasNotFailed()
					.hasBean("contextVarsBulkheadBeanPostProcessor")
					.doesNotHaveBean("contextVarsCircuitBreakerBeanPostProcessor"));
		}

		@Test
		void bulkheadsAndAspectsAreOptional() {
			ContextVarsAutoConfigurationTests.this.runner
				.withClassLoader(
						new FilteredClassLoader("io.github.resilience4j.bulkhead", "io.github.resilience4j.spring6"))
				.run((context) -> assertThat(context).hasNotFailed()
					.hasBean("contextVarsTimerBeanPostProcessor")
					.hasBean("contextVarsCircuitBreakerBeanPostProcessor")
					.doesNotHaveBean("contextVarsBulkheadBeanPostProcessor"));
		}

		@Test
		void configurationNeedsNoResilience4j() {
			new ApplicationContextRunner().withUserConfiguration(ContextResilienceConfiguration.class)
				.withClassLoader(new FilteredClassLoader("io.github.resilience4j", "org.springframework.cloud"))
				.run((context) -> assertThat(context.getBeanDefinitionNames()).doesNotContain(POST_PROCESSORS));
		}

	}

	@Nested
	class Rpc {

		@Test
		void customizerIsThere() {
			ContextVarsAutoConfigurationTests.this.runner
				.run((context) -> assertThat(context).hasBean("contextVarsServerBuilderCustomizer"));
		}

		@Test
		void customizerCanBeSwitchedOff() {
			ContextVarsAutoConfigurationTests.this.runner.withPropertyValues("contextvars.rpc.enabled=false")
				.run((context) -> assertThat(context).doesNotHaveBean("contextVarsServerBuilderCustomizer"));
		}

		@Test
		void customizerIsNotThereWithoutGrpc() {
			ContextVarsAutoConfigurationTests.this.runner
				.withClassLoader(new FilteredClassLoader("org.springframework.grpc", "io.grpc"))
				.run((context) -> assertThat(context).hasNotFailed()
					.doesNotHaveBean("contextVarsServerBuilderCustomizer"));
		}

		@Test
		void customizerOfRSocketServersNeedsTheirLibrary() {
			ContextVarsAutoConfigurationTests.this.runner
				.run((context) -> assertThat(context).hasBean("contextVarsRSocketServerCustomizer"));
			ContextVarsAutoConfigurationTests.this.runner.withClassLoader(new FilteredClassLoader("io.rsocket"))
				.run((context) -> assertThat(context).hasNotFailed()
					.doesNotHaveBean("contextVarsRSocketServerCustomizer"));
		}

		@Test
		void configurationNeedsNoGrpc() {
			new ApplicationContextRunner().withUserConfiguration(ContextGrpcConfiguration.class)
				.withClassLoader(new FilteredClassLoader("org.springframework.grpc", "io.grpc"))
				.run((context) -> assertThat(context).hasNotFailed()
					.doesNotHaveBean("contextVarsServerBuilderCustomizer"));
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
				.containsExactlyInAnyOrder("contextvars.fill", "contextvars.remote.format", "contextvars.remote.parent",
						"contextvars.remote.receive", "contextvars.remote.receive-from", "contextvars.remote.send",
						"contextvars.remote.send-to", "contextvars.web.enabled", "contextvars.web.order",
						"contextvars.task.enabled", "contextvars.task.exclude", "contextvars.thread-locals",
						"contextvars.messaging.enabled", "contextvars.outside-context.set",
						"contextvars.outside-context.get", "contextvars.rpc.enabled", "contextvars.scoped.enabled",
						"contextvars.jfr.enabled", "contextvars.logging.enabled", "contextvars.metrics.enabled",
						"management.endpoint.contextvars.access", "management.endpoint.contextvars.cache.time-to-live",
						"management.endpoint.contextvars.show-values", "management.endpoint.contextvars.roles");
			assertThat(properties)
				.allSatisfy((property) -> assertThat((String) property.get("description")).matches("[A-Z].*\\.")
					.satisfies((text) -> assertThat(Arrays.asList("The", "A")).doesNotContain(text.split(" ")[0])));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class FirstFilters {

		@Bean
		FilterRegistrationBean<Filter> aFilter() {
			return first();
		}

		@Bean
		FilterRegistrationBean<Filter> zFilter() {
			return first();
		}

		private static FilterRegistrationBean<Filter> first() {
			FilterRegistrationBean<Filter> registration = new FilterRegistrationBean<>(
					(request, response, chain) -> chain.doFilter(request, response));
			registration.setOrder(Ordered.HIGHEST_PRECEDENCE);
			return registration;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class UsersRegistration {

		@Bean
		FilterRegistrationBean<ContextFilter> usersRegistration() {
			return new FilterRegistrationBean<>(new ContextFilter(WorkRegistry.nonTracking()));
		}

	}

}
