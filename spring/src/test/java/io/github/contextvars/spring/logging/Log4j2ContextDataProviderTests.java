package io.github.contextvars.spring.logging;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.ThreadContext;
import org.apache.logging.log4j.core.Appender;
import org.apache.logging.log4j.core.Filter;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.appender.AsyncAppender;
import org.apache.logging.log4j.core.async.AsyncLogger;
import org.apache.logging.log4j.core.async.AsyncLoggerConfig;
import org.apache.logging.log4j.core.async.AsyncLoggerContext;
import org.apache.logging.log4j.core.config.AppenderRef;
import org.apache.logging.log4j.core.config.DefaultConfiguration;
import org.apache.logging.log4j.core.config.LoggerConfig;
import org.apache.logging.log4j.core.config.Property;
import org.apache.logging.log4j.core.config.builder.api.ConfigurationBuilderFactory;
import org.apache.logging.log4j.core.filter.ThreadContextMapFilter;
import org.apache.logging.log4j.core.util.KeyValuePair;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.slf4j.MDC;
import org.springframework.core.ResolvableType;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.testsupport.Hostile;

import static org.assertj.core.api.Assertions.assertThat;

@EnabledIfSystemProperty(named = "contextvars.tests.log4j2", matches = "true",
		disabledReason = "needs the class path of the build's 'log4j2' execution")
class Log4j2ContextDataProviderTests {

	private static final ContextVar<Object> TENANT = ContextVar.of("tenant", "public");

	private static final ContextVar<String> TICKET = ContextVar.of("ticket");

	private static final ContextVariableRegistry VARIABLES = new ContextVariableRegistry(
			List.of(declaration(TENANT, false, true), declaration(TICKET, true, false)));

	private final Recorder recorder = new Recorder();

	private LoggerContext loggerContext = new LoggerContext("test");

	private LoggedVariableProvider variables = LoggedVariableProvider.install(VARIABLES);

	@BeforeEach
	void start() {
		this.recorder.start();
	}

	@AfterEach
	void stop() {
		this.recorder.mayGoOn.countDown();
		this.loggerContext.stop();
		this.variables.close();
		ThreadContext.clearAll();
	}

	@Test
	void eventHasWhatIsSetWhenItIsLogged() {
		Logger logger = logger(this.recorder);
		this.recorder.mayGoOn.countDown();

		logger.info("before");
		new Context().run(() -> {
			TENANT.set("acme");
			TICKET.set("secret");
			logger.info("acme");
			new Context().run(() -> logger.info("inner"));
			TENANT.set("globex");
			logger.info("globex");
			this.variables.close();
			logger.info("closed");
		});

		assertThat(this.recorder.data).containsExactly(Map.of(), Map.of("tenant", "acme"), Map.of(),
				Map.of("tenant", "globex"), Map.of());
	}

	@Test
	void ownEntriesWinAndSurvive() {
		Logger logger = logger(this.recorder);
		this.recorder.mayGoOn.countDown();

		MDC.put("request", "7");
		new Context().run(() -> {
			TENANT.set("acme");
			logger.info("both");
			ThreadContext.put("tenant", "own");
			logger.info("own");
		});

		assertThat(this.recorder.data).containsExactly(Map.of("request", "7", "tenant", "acme"),
				Map.of("request", "7", "tenant", "own"));
		assertThat(ThreadContext.getContext()).isEqualTo(Map.of("request", "7", "tenant", "own"));
	}

	@Test
	void contextMapHoldsOwnEntriesOnly() {
		new Context().run(() -> {
			TENANT.set("acme");
			logger(this.recorder);

			assertThat(ThreadContext.getContext()).isEmpty();
			assertThat(MDC.getCopyOfContextMap()).isNullOrEmpty();
		});
	}

	@Test
	void valuesPrintOnOneLineWhateverTheyAre() {
		Logger logger = logger(this.recorder);
		this.recorder.mayGoOn.countDown();

		new Context().run(() -> {
			TENANT.set("a\r\nb");
			logger.info("control characters");
			TENANT.set(new Hostile());
			logger.info("hostile");
			TENANT.set("x".repeat(1000));
			logger.info("long");
			TENANT.set(null);
			logger.info("null");
		});

		assertThat(this.recorder.data).extracting((data) -> data.get("tenant"))
			.containsExactly("a\\u000d\\u000ab", Hostile.class.getName(), "x".repeat(256), "null");
	}

	@Test
	void youngestApplicationWinsWhicheverClosesFirst() {
		ContextVar<String> other = ContextVar.of("tenant");
		LoggedVariableProvider young = LoggedVariableProvider
			.install(new ContextVariableRegistry(List.of(declaration(other, false, true))));
		Logger logger = logger(this.recorder);
		this.recorder.mayGoOn.countDown();

		new Context().run(() -> {
			TENANT.set("old");
			logger.info("old");
			other.set("young");
			logger.info("young");
			this.variables.close();
			logger.info("young");
			young.close();
			logger.info("none");
		});

		assertThat(this.recorder.data).containsExactly(Map.of("tenant", "old"), Map.of("tenant", "young"),
				Map.of("tenant", "young"), Map.of());
	}

	@Test
	void singleValueIsWhatEventsHave() {
		Log4j2ContextDataProvider provider = new Log4j2ContextDataProvider();

		new Context().run(() -> {
			TICKET.set("secret");
			assertThat(provider.getValue("tenant")).isNull();
			TENANT.set("acme");
			assertThat(provider.getValue("tenant")).isEqualTo("acme");
			assertThat(provider.getValue("ticket")).isNull();
			assertThat(provider.getValue("other")).isNull();
			ThreadContext.put("tenant", "own");
			assertThat(provider.getValue("tenant")).isNull();
		});
	}

	@Test
	void filterSeesValues() {
		Logger logger = logger(this.recorder);
		logger.addFilter(ThreadContextMapFilter.createFilter(new KeyValuePair[] { new KeyValuePair("tenant", "acme") },
				"and", Filter.Result.ACCEPT, Filter.Result.DENY));
		this.recorder.mayGoOn.countDown();

		new Context().run(() -> {
			TENANT.set("globex");
			logger.info("globex");
			TENANT.set("acme");
			logger.info("acme");
		});

		assertThat(this.recorder.data).containsExactly(Map.of("tenant", "acme"));
	}

	@Test
	void asynchronousAppenderSeesValuesOfTheThreadThatLogged() {
		Logger logger = logger(this.recorder);
		this.loggerContext.getConfiguration().addAppender(this.recorder);
		AsyncAppender async = AsyncAppender.newBuilder()
			.setName("async")
			.setConfiguration(this.loggerContext.getConfiguration())
			.setAppenderRefs(new AppenderRef[] { AppenderRef.createAppenderRef("recorder", null, null) })
			.build();
		async.start();
		logger.removeAppender(this.recorder);
		logger.addAppender(async);

		logTwice(logger);
		async.stop();

		assertThat(this.recorder.threads).doesNotContain(Thread.currentThread());
		assertThat(this.recorder.data).containsExactly(Map.of("tenant", "acme"), Map.of("tenant", "globex"));
	}

	@Test
	void asynchronousLoggerSeesValuesOfTheThreadThatLogged() {
		this.loggerContext = new AsyncLoggerContext("test");
		Logger logger = logger(this.recorder);

		logTwice(logger);
		this.loggerContext.stop();

		assertThat(logger).isInstanceOf(AsyncLogger.class);
		assertThat(this.recorder.threads).doesNotContain(Thread.currentThread());
		assertThat(this.recorder.data).containsExactly(Map.of("tenant", "acme"), Map.of("tenant", "globex"));
	}

	@Test
	void configuredAsynchronousLoggerSeesValuesOfTheThreadThatLogged() {
		DefaultConfiguration configuration = new DefaultConfiguration();
		LoggerConfig async = AsyncLoggerConfig.newAsyncBuilder()
			.withConfig(configuration)
			.withLoggerName("test")
			.withLevel(Level.INFO)
			.withProperties(new Property[0])
			.withRefs(new AppenderRef[0])
			.build();
		async.addAppender(this.recorder, null, null);
		configuration.addLogger("test", async);
		this.loggerContext.start(configuration);

		logTwice(this.loggerContext.getLogger("test"));
		this.loggerContext.stop();

		assertThat(this.recorder.threads).doesNotContain(Thread.currentThread());
		assertThat(this.recorder.data).containsExactly(Map.of("tenant", "acme"), Map.of("tenant", "globex"));
	}

	// The appender waits until the values are gone.
	private void logTwice(Logger logger) {
		new Context().run(() -> {
			TENANT.set("acme");
			logger.info("acme");
			TENANT.set("globex");
			logger.info("globex");
		});
		this.variables.close();
		this.recorder.mayGoOn.countDown();
	}

	private Logger logger(Appender appender) {
		this.loggerContext.start(ConfigurationBuilderFactory.newConfigurationBuilder().build(false));
		Logger logger = this.loggerContext.getLogger("test");
		logger.setAdditive(false);
		logger.setLevel(Level.INFO);
		logger.addAppender(appender);
		return logger;
	}

	private static ContextVariableRegistry.Declaration declaration(ContextVar<?> variable, boolean sensitive,
			boolean logged) {
		return new ContextVariableRegistry.Declaration(variable, "Test#" + variable.name(),
				ResolvableType.forClass(String.class), "", sensitive, logged, false, "");
	}

	private static final class Recorder extends AbstractAppender {

		private final CountDownLatch mayGoOn = new CountDownLatch(1);

		private final List<Map<String, String>> data = new ArrayList<>();

		private final List<Thread> threads = new ArrayList<>();

		private Recorder() {
			super("recorder", null, null, false, Property.EMPTY_ARRAY);
		}

		@Override
		public void append(LogEvent event) {
			try {
				this.mayGoOn.await();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
			this.data.add(event.getContextData().toMap());
			this.threads.add(Thread.currentThread());
		}

	}

}
