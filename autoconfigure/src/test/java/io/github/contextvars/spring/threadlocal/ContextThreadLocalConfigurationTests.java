package io.github.contextvars.spring.threadlocal;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ThreadLocalAccessor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.SyncTaskExecutor;
import org.springframework.core.task.TaskDecorator;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.concurrent.DelegatingSecurityContextExecutor;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.core.context.SecurityContextImpl;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsLoggingAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsTaskAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsThreadLocalAutoConfiguration;
import io.github.contextvars.spring.registry.InvalidDeclarationException;
import io.github.contextvars.spring.work.ThreadLocalPropagation;

import static org.assertj.core.api.Assertions.assertThat;

class ContextThreadLocalConfigurationTests {

	private static final ThreadLocal<String> VALUE = new ThreadLocal<>();

	private Runnable detaching = () -> {
	};

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ContextVarsAutoConfiguration.class,
				ContextVarsTaskAutoConfiguration.class, ContextVarsLoggingAutoConfiguration.class,
				ContextVarsThreadLocalAutoConfiguration.class, TaskExecutionAutoConfiguration.class));

	@AfterEach
	void clear() {
		this.detaching.run();
		SecurityContextHolder.clearContext();
		VALUE.remove();
		MDC.clear();
		ContextRegistry.getInstance().removeThreadLocalAccessor("com.acme.failing");
	}

	@Test
	void nothingPropagatesByDefault() {
		this.runner.run((context) -> assertThat(context).doesNotHaveBean(ThreadLocalPropagation.class));
		this.runner.withPropertyValues("contextvars.thread-locals=")
			.run((context) -> assertThat(context).doesNotHaveBean(ThreadLocalPropagation.class));
	}

	@Test
	void namesMayBeListed() {
		this.runner.withPropertyValues("contextvars.thread-locals[0]=mdc", "contextvars.thread-locals[1]=locale")
			.run((context) -> assertThat(context).hasSingleBean(ThreadLocalPropagation.class));
	}

	@Test
	void unknownNameFailsOnStartup() {
		this.runner.withPropertyValues("contextvars.thread-locals=mdc,mcd")
			.run((context) -> assertThat(context.getStartupFailure()).isInstanceOf(InvalidDeclarationException.class)
				.hasMessageContaining("'mcd'"));
	}

	@Test
	void missingLibraryFailsOnStartup() {
		this.runner.withClassLoader(new FilteredClassLoader(ContextRegistry.class))
			.withPropertyValues("contextvars.thread-locals=mdc")
			.run((context) -> assertThat(context.getStartupFailure()).rootCause()
				.isInstanceOf(InvalidDeclarationException.class)
				.hasMessageContaining("context propagation is not on the class path"));
	}

	@Test
	void failingAccessorIsReportedOnce() {
		ListAppender<ILoggingEvent> appender = attach(AccessorPropagation.class.getName());
		ContextRegistry.getInstance().registerThreadLocalAccessor(new FailingAccessor());

		this.runner.withPropertyValues("contextvars.thread-locals=mdc,com.acme.failing").run((context) -> {
			MDC.put("user", "alice");
			for (int i = 0; i < 3; i++) {
				assertThat(CompletableFuture.supplyAsync(() -> MDC.get("user"),
						context.getBean("applicationTaskExecutor", Executor.class)))
					.succeedsWithin(Duration.ofSeconds(20))
					.isEqualTo("alice");
			}
		});

		assertThat(appender.list).singleElement()
			.extracting(ILoggingEvent::getFormattedMessage)
			.asString()
			.contains(FailingAccessor.class.getName(), "'contextvars.thread-locals'");
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void whatOtherMechanismsPropagateTooArrivesOnce(boolean propagateContext) {
		ContextRegistry.getInstance().registerThreadLocalAccessor("com.acme.failing", VALUE);
		TaskDecorator users = (task) -> {
			String value = VALUE.get();
			return () -> {
				VALUE.set(value);
				try {
					task.run();
				}
				finally {
					VALUE.remove();
				}
			};
		};
		this.runner.withBean("users", TaskDecorator.class, () -> users)
			.withPropertyValues("contextvars.thread-locals=*",
					"spring.task.execution.propagate-context=" + propagateContext)
			.run((context) -> {
				Executor executor = context.getBean("applicationTaskExecutor", Executor.class);
				SecurityContextHolder.setContext(new SecurityContextImpl(new TestingAuthenticationToken("alice", "")));
				MDC.put("user", "alice");
				VALUE.set("alice");
				for (int i = 0; i < 10; i++) {
					assertThat(CompletableFuture.supplyAsync(ContextThreadLocalConfigurationTests::read,
							new DelegatingSecurityContextExecutor(executor)))
						.succeedsWithin(Duration.ofSeconds(20))
						.isEqualTo("alice alice alice");
					assertThat(CompletableFuture.supplyAsync(() -> {
						String seen = read();
						SecurityContextHolder.getContext()
							.setAuthentication(new TestingAuthenticationToken("mallory", ""));
						return seen;
					}, executor)).succeedsWithin(Duration.ofSeconds(20)).isEqualTo("alice alice alice");
				}
				assertThat(read()).isEqualTo("alice alice alice");
			});
	}

	private static String read() {
		return SecurityContextHolder.getContext().getAuthentication().getName() + " " + MDC.get("user") + " "
				+ VALUE.get();
	}

	@Test
	void loggedVariablesAreShownInsteadOfPropagatedEntries() {
		Logger logger = (Logger) LoggerFactory.getLogger("logged");
		ListAppender<ILoggingEvent> appender = attach("logged");
		this.runner.withUserConfiguration(Variables.class)
			.withPropertyValues("contextvars.thread-locals=mdc")
			.run((context) -> new Context().run(() -> {
				Variables.TENANT.set("acme");
				MDC.put("tenant", "of the filter");
				MDC.put("user", "alice");
				logger.info("here");
				context.getBean("syncExecutor", Executor.class).execute(() -> {
					Variables.TENANT.set("globex");
					logger.info("there");
				});
				logger.info("here again");
			}));

		assertThat(appender.list).extracting((event) -> event.getMDCPropertyMap().get("tenant"))
			.containsExactly("of the filter", "globex", "of the filter");
		assertThat(appender.list).extracting((event) -> event.getMDCPropertyMap().get("user")).containsOnly("alice");
	}

	// At a level of its own: applications of other tests may have switched loggers off.
	private ListAppender<ILoggingEvent> attach(String name) {
		Logger logger = (Logger) LoggerFactory.getLogger(name);
		Level level = logger.getLevel();
		ListAppender<ILoggingEvent> appender = new ListAppender<>();
		appender.start();
		logger.addAppender(appender);
		logger.setLevel(Level.INFO);
		this.detaching = () -> {
			logger.detachAppender(appender);
			logger.setLevel(level);
		};
		return appender;
	}

	@Configuration(proxyBeanMethods = false)
	static class Variables {

		@ContextVariable(logged = true)
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		@Bean
		SyncTaskExecutor syncExecutor() {
			return new SyncTaskExecutor();
		}

	}

	private static final class FailingAccessor implements ThreadLocalAccessor<String> {

		@Override
		public Object key() {
			return "com.acme.failing";
		}

		@Override
		public String getValue() {
			throw new IllegalStateException("seeded");
		}

		@Override
		public void setValue(String value) {
			throw new IllegalStateException("seeded");
		}

		@Override
		public void setValue() {
			throw new IllegalStateException("seeded");
		}

	}

}
