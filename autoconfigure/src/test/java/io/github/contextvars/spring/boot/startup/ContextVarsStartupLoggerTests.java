package io.github.contextvars.spring.boot.startup;

import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import jakarta.jms.ConnectionFactory;
import jakarta.jms.MessageListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.LazyInitializationBeanFactoryPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.web.servlet.DelegatingFilterProxyRegistrationBean;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.env.Environment;
import org.springframework.jms.listener.DefaultMessageListenerContainer;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.scheduling.annotation.EnableScheduling;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsMessagingAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsScopedAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsStartupAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsTaskAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsWebAutoConfiguration;
import io.github.contextvars.spring.web.servlet.ContextFilter;
import io.github.contextvars.spring.work.PropagationSource;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;

@ExtendWith(OutputCaptureExtension.class)
class ContextVarsStartupLoggerTests {

	private static final AutoConfigurations ALL = AutoConfigurations.of(ContextVarsAutoConfiguration.class,
			ContextVarsWebAutoConfiguration.class, ContextVarsTaskAutoConfiguration.class,
			ContextVarsScopedAutoConfiguration.class, ContextVarsMessagingAutoConfiguration.class,
			ContextVarsStartupAutoConfiguration.class, AopAutoConfiguration.class);

	private final ApplicationContextRunner runner = new ApplicationContextRunner().withConfiguration(ALL)
		.withClassLoader(new FilteredClassLoader("reactor"));

	private final WebApplicationContextRunner webRunner = new WebApplicationContextRunner().withConfiguration(ALL)
		.withClassLoader(new FilteredClassLoader("reactor"));

	private static List<String> reports(CapturedOutput output) {
		return output.getOut()
			.lines()
			.filter((line) -> line.contains("ContextVarsStartupLogger"))
			.map((line) -> line.substring(line.indexOf("Context variables")))
			.toList();
	}

	@Test
	void reportNamesVariablesAndAllPaths(CapturedOutput output) {
		this.webRunner.withUserConfiguration(Variables.class, Everything.class)
			.withPropertyValues("contextvars.task.exclude=legacy")
			.run((context) -> assertThat(reports(output))
				.containsExactly("Context variables: tenant, user; propagated to: @ContextScoped methods, requests,"
						+ " @Async methods, @Scheduled methods, 1 listener, 1 runner,"
						+ " 1 of 2 executors (not legacy)"));
	}

	@Test
	void reportNamesNothingThatIsNotThere(CapturedOutput output) {
		this.runner.run((context) -> assertThat(reports(output))
			.containsExactly("Context variables: none; propagated to: @ContextScoped methods"));
	}

	@Test
	void reportNamesNothingThatIsSwitchedOff(CapturedOutput output) {
		this.webRunner.withUserConfiguration(Variables.class, Everything.class)
			.withPropertyValues("contextvars.web.enabled=false", "contextvars.task.enabled=false",
					"contextvars.scoped.enabled=false", "contextvars.messaging.enabled=false")
			.run((context) -> assertThat(reports(output))
				.containsExactly("Context variables: tenant, user; propagated to: 1 runner"));
	}

	@Test
	void reportNamesReactorThatDoesNotPropagate(CapturedOutput output) {
		new ApplicationContextRunner().withConfiguration(ALL)
			.run((context) -> assertThat(reports(output)).singleElement()
				.asString()
				.contains("0 of 1 reactor (not Reactor operators)"));
	}

	@Test
	void reportKnowsRegistrationOfTheApplication(CapturedOutput output) {
		this.webRunner.withUserConfiguration(OwnRegistration.class)
			.run((context) -> assertThat(reports(output)).singleElement().asString().contains("requests"));
	}

	@Test
	void reportKnowsThatRegistrationIsDisabled(CapturedOutput output) {
		this.webRunner.withUserConfiguration(OwnRegistration.class)
			.withPropertyValues("test.enabled=false")
			.run((context) -> assertThat(reports(output)).singleElement().asString().doesNotContain("requests"));
	}

	@Test
	void reportIsLoggedByLazyApplicationToo(CapturedOutput output) {
		this.runner
			.withInitializer(
					(context) -> context.addBeanFactoryPostProcessor(new LazyInitializationBeanFactoryPostProcessor()))
			.withUserConfiguration(Variables.class, Everything.class)
			.run((context) -> assertThat(reports(output)).singleElement()
				.asString()
				.startsWith("Context variables: tenant, user; ")
				.doesNotContain("executor"));
	}

	@Test
	void reportIsNotLoggedAgainForChildContext(CapturedOutput output) {
		this.runner.run((context) -> {
			try (GenericApplicationContext child = new GenericApplicationContext(context)) {
				child.refresh();
			}
			assertThat(reports(output)).hasSize(1);
		});
	}

	@Test
	void reportLeavesOtherRegistrationsAlone(CapturedOutput output) {
		this.runner.withUserConfiguration(OtherRegistrations.class).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(context.getBeanFactory().containsSingleton("lazyRegistration")).isFalse();
			assertThat(reports(output)).singleElement().asString().doesNotContain("requests");
		});
	}

	@Test
	void reportLeavesOutWhatFails(CapturedOutput output) {
		this.runner.withBean("failing", PropagationSource.class, () -> () -> {
			throw new IllegalStateException("planned");
		})
			.run((context) -> assertThat(reports(output))
				.containsExactly("Context variables: none; propagated to: @ContextScoped methods"));
	}

	@Test
	void reportNeedsNoWebClasses(CapturedOutput output) {
		this.runner.withClassLoader(new FilteredClassLoader("jakarta.servlet", "org.springframework.web", "reactor"))
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(reports(output)).hasSize(1);
			});
	}

	@Configuration(proxyBeanMethods = false)
	static class Variables {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		@ContextVariable(sensitive = true)
		static final ContextVar<String> USER = ContextVar.of("user");

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAsync
	@EnableScheduling
	static class Everything {

		@Bean
		ExecutorService pool() {
			return Executors.newSingleThreadExecutor();
		}

		@Bean
		Executor legacy() {
			return Runnable::run;
		}

		@Bean
		DefaultMessageListenerContainer listener() {
			DefaultMessageListenerContainer container = new DefaultMessageListenerContainer();
			container.setConnectionFactory(mock(ConnectionFactory.class));
			container.setDestinationName("orders");
			container.setMessageListener((MessageListener) (message) -> {
			});
			container.setAutoStartup(false);
			return container;
		}

		@Bean
		ApplicationRunner runner() {
			return (arguments) -> {
			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnRegistration {

		@Bean
		FilterRegistrationBean<ContextFilter> ownRegistration(Environment environment) {
			FilterRegistrationBean<ContextFilter> registration = new FilterRegistrationBean<>(
					new ContextFilter(WorkRegistry.nonTracking()));
			registration.setEnabled(environment.getProperty("test.enabled", Boolean.class, true));
			return registration;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OtherRegistrations {

		@Bean
		DelegatingFilterProxyRegistrationBean delegatingRegistration() {
			return new DelegatingFilterProxyRegistrationBean("filter");
		}

		@Bean
		@Lazy
		FilterRegistrationBean<ContextFilter> lazyRegistration() {
			return new FilterRegistrationBean<>(new ContextFilter(WorkRegistry.nonTracking()));
		}

	}

}
