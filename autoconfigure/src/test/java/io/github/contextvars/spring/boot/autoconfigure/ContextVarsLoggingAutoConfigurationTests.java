package io.github.contextvars.spring.boot.autoconfigure;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.boot.LazyInitializationBeanFactoryPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;

import static org.assertj.core.api.Assertions.assertThat;

class ContextVarsLoggingAutoConfigurationTests {

	private final LoggerContext loggerContext = (LoggerContext) LoggerFactory.getILoggerFactory();

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(
				AutoConfigurations.of(ContextVarsAutoConfiguration.class, ContextVarsLoggingAutoConfiguration.class))
		.withUserConfiguration(Variables.class);

	@Test
	void eventsHaveLoggedVariablesUntilTheApplicationCloses() {
		assertThat(this.loggerContext.getMDCAdapter()).isSameAs(MDC.getMDCAdapter());

		this.runner.run((context) -> {
			assertThat(logAsAcme().getMDCPropertyMap()).containsEntry("tenant", "acme").containsEntry("own", "entry");
			assertThat(this.loggerContext.getMDCAdapter()).isNotSameAs(MDC.getMDCAdapter());
		});

		assertThat(logAsAcme().getMDCPropertyMap()).containsOnlyKeys("own");
		assertThat(this.loggerContext.getMDCAdapter()).isSameAs(MDC.getMDCAdapter());
	}

	@Test
	void eventsHaveLoggedVariablesOfLazyApplicationToo() {
		this.runner
			.withInitializer(
					(context) -> context.addBeanFactoryPostProcessor(new LazyInitializationBeanFactoryPostProcessor()))
			.run((context) -> assertThat(logAsAcme().getMDCPropertyMap()).containsEntry("tenant", "acme"));
	}

	@Test
	void loggingCanBeSwitchedOff() {
		this.runner.withPropertyValues("contextvars.logging.enabled=false").run((context) -> {
			assertThat(context).doesNotHaveBean("contextVarsLoggedVariableProvider")
				.doesNotHaveBean("contextVarsLogbackMdcInstaller");
			assertThat(logAsAcme().getMDCPropertyMap()).containsOnlyKeys("own");
		});
	}

	@Test
	void logbackIsLeftAloneWhereItIsMissing() {
		this.runner.withClassLoader(new FilteredClassLoader("ch.qos.logback"))
			.run((context) -> assertThat(context).hasNotFailed()
				.hasBean("contextVarsLoggedVariableProvider")
				.doesNotHaveBean("contextVarsLogbackMdcInstaller"));
	}

	private ILoggingEvent logAsAcme() {
		ListAppender<ILoggingEvent> appender = new ListAppender<>() {

			@Override
			protected void append(ILoggingEvent event) {
				event.prepareForDeferredProcessing();
				super.append(event);
			}

		};
		appender.start();
		this.loggerContext.getLogger("test").addAppender(appender);
		try (MDC.MDCCloseable own = MDC.putCloseable("own", "entry")) {
			new Context().run(() -> {
				Variables.TENANT.set("acme");
				LoggerFactory.getLogger("test").info("logged");
			});
		}
		finally {
			this.loggerContext.getLogger("test").detachAppender(appender);
		}
		return appender.list.get(0);
	}

	@Configuration(proxyBeanMethods = false)
	static class Variables {

		@ContextVariable(logged = true)
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

	}

}
