package io.github.contextvars.spring.logging;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.read.ListAppender;
import com.jayway.jsonpath.JsonPath;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;
import org.slf4j.helpers.BasicMDCAdapter;
import org.slf4j.helpers.NOPLoggerFactory;
import org.springframework.boot.logging.logback.StructuredLogEncoder;
import org.springframework.core.ResolvableType;
import org.springframework.core.env.Environment;
import org.springframework.mock.env.MockEnvironment;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.testsupport.Hostile;

import static org.assertj.core.api.Assertions.assertThat;

class LogbackMdcInstallerTests {

	private static final ContextVar<Object> TENANT = ContextVar.of("tenant", "public");

	private static final ContextVar<String> TICKET = ContextVar.of("ticket");

	private static final ContextVariableRegistry VARIABLES = new ContextVariableRegistry(
			List.of(declaration(TENANT, false, true), declaration(TICKET, true, false)));

	private final LoggerContext loggerContext = new LoggerContext();

	private final LogbackMDCAdapter mdc = new LogbackMDCAdapter();

	private final Logger logger = this.loggerContext.getLogger("test");

	private final List<Application> applications = new ArrayList<>();

	@BeforeEach
	void start() {
		this.loggerContext.setMDCAdapter(this.mdc);
		this.loggerContext.start();
	}

	@AfterEach
	void stop() {
		this.applications.forEach(Application::close);
		this.loggerContext.stop();
		assertThat(this.mdc.getPropertyMap()).isNullOrEmpty();
	}

	@Test
	void eventHasWhatIsSetWhenItIsLogged() {
		Recorder recorder = attach(new Recorder());

		install(VARIABLES);
		this.logger.info("before");
		new Context().run(() -> {
			TENANT.set("acme");
			TICKET.set("secret");
			this.logger.info("acme");
			new Context().run(() -> this.logger.info("inner"));
			TENANT.set("globex");
			this.logger.info("globex");
		});
		this.logger.info("after");

		assertThat(recorder.list).extracting(ILoggingEvent::getMDCPropertyMap)
			.containsExactly(Map.of(), Map.of("tenant", "acme"), Map.of(), Map.of("tenant", "globex"), Map.of());
	}

	@Test
	void ownEntriesWinAndSurvive() {
		Recorder recorder = attach(new Recorder());

		install(VARIABLES);
		this.mdc.put("request", "7");
		new Context().run(() -> {
			TENANT.set("acme");
			this.logger.info("both");
			this.loggerContext.getMDCAdapter().put("tenant", "own");
			this.logger.info("own");
		});
		this.logger.info("after");

		assertThat(recorder.list).extracting(ILoggingEvent::getMDCPropertyMap)
			.containsExactly(Map.of("request", "7", "tenant", "acme"), Map.of("request", "7", "tenant", "own"),
					Map.of("request", "7", "tenant", "own"));
		assertThat(this.mdc.getPropertyMap()).isEqualTo(Map.of("request", "7", "tenant", "own"));
		this.mdc.clear();
	}

	@Test
	void copiesOfTheMdcHoldOwnEntriesOnly() {
		install(VARIABLES);

		new Context().run(() -> {
			TENANT.set("acme");
			LogbackMDCAdapter adapter = (LogbackMDCAdapter) this.loggerContext.getMDCAdapter();
			assertThat(adapter.getCopyOfContextMap()).isNull();
			assertThat(adapter.getKeys()).isNull();
			adapter.setContextMap(Map.of("request", "7"));
			assertThat(adapter.getKeys()).containsExactly("request");
			assertThat(adapter.getCopyOfContextMap()).isEqualTo(Map.of("request", "7"));
			assertThat(adapter.get("tenant")).isNull();
			assertThat(adapter.get("request")).isEqualTo("7");
			adapter.remove("request");
			assertThat(this.mdc.get("request")).isNull();
			adapter.pushByKey("stack", "one");
			assertThat(this.mdc.getCopyOfDequeByKey("stack")).containsExactly("one");
			assertThat(adapter.getCopyOfDequeByKey("stack")).containsExactly("one");
			assertThat(adapter.popByKey("stack")).isEqualTo("one");
			adapter.pushByKey("stack", "two");
			adapter.clearDequeByKey("stack");
			assertThat(this.mdc.getCopyOfDequeByKey("stack")).isEmpty();
			adapter.put("request", "8");
			assertThat(this.mdc.get("request")).isEqualTo("8");
			adapter.clear();
			assertThat(this.mdc.getPropertyMap()).isNullOrEmpty();
		});
	}

	@Test
	void eventHasTheEntriesOfAnAdapterThatIsNotLogbacks() {
		BasicMDCAdapter basic = new BasicMDCAdapter();
		basic.put("request", "7");
		this.loggerContext.setMDCAdapter(basic);
		Recorder recorder = attach(new Recorder());

		install(VARIABLES);
		new Context().run(() -> {
			TENANT.set("acme");
			this.logger.info("both");
		});

		assertThat(recorder.list).extracting(ILoggingEvent::getMDCPropertyMap)
			.containsExactly(Map.of("request", "7", "tenant", "acme"));
	}

	@Test
	void asynchronousAppenderSeesValuesOfTheThreadThatLogged() throws Exception {
		CountDownLatch logged = new CountDownLatch(1);
		Recorder recorder = new Recorder() {

			@Override
			protected void append(ILoggingEvent event) {
				try {
					logged.await();
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
				}
				super.append(event);
			}

		};
		recorder.setContext(this.loggerContext);
		recorder.start();
		AsyncAppender async = new AsyncAppender();
		async.setContext(this.loggerContext);
		async.addAppender(recorder);
		attach(async);

		Application application = install(VARIABLES);
		new Context().run(() -> {
			TENANT.set("acme");
			this.logger.info("acme");
			TENANT.set("globex");
			this.logger.info("globex");
		});
		application.close();
		logged.countDown();
		async.stop();

		assertThat(recorder.list).extracting(ILoggingEvent::getMDCPropertyMap)
			.containsExactly(Map.of("tenant", "acme"), Map.of("tenant", "globex"));
	}

	@Test
	void patternAndStructuredLoggingShowValues() {
		PatternLayout layout = new PatternLayout();
		layout.setContext(this.loggerContext);
		layout.setPattern("[%X{tenant:-}] %m");
		layout.start();
		this.loggerContext.putObject(Environment.class.getName(), new MockEnvironment());
		StructuredLogEncoder ecs = encoder("ecs");
		StructuredLogEncoder logstash = encoder("logstash");
		AppenderBase<ILoggingEvent> appender = attach(new AppenderBase<>() {

			@Override
			protected void append(ILoggingEvent event) {
				assertThat(layout.doLayout(event)).isEqualTo("[a\\u000d\\u000ab] message");
				assertThat((String) JsonPath.read(text(ecs, event), "$.tenant")).isEqualTo("a\\u000d\\u000ab");
				assertThat((String) JsonPath.read(text(logstash, event), "$.tenant")).isEqualTo("a\\u000d\\u000ab");
				assertThat(text(ecs, event) + text(logstash, event)).doesNotContain("secret");
				event.prepareForDeferredProcessing();
				this.context.putObject("seen", event);
			}

		});

		install(VARIABLES);
		new Context().run(() -> {
			TENANT.set("a\r\nb");
			TICKET.set("secret");
			this.logger.info("message");
		});

		assertThat(appender.getContext().getObject("seen")).isNotNull();
	}

	@Test
	void hostileValueShowsAsItsType() {
		Recorder recorder = attach(new Recorder());

		install(VARIABLES);
		new Context().run(() -> {
			TENANT.set(new Hostile());
			this.logger.info("hostile");
			TENANT.set("x".repeat(1000));
			this.logger.info("long");
			TENANT.set(null);
			this.logger.info("null");
		});

		assertThat(recorder.list).extracting((event) -> event.getMDCPropertyMap().get("tenant"))
			.containsExactly(Hostile.class.getName(), "x".repeat(256), "null");
	}

	@Test
	void closePutsBackWhatWasThereBefore() {
		Application application = install(VARIABLES);
		assertThat(this.loggerContext.getMDCAdapter()).isNotSameAs(this.mdc);

		application.close();
		application.close();

		assertThat(this.loggerContext.getMDCAdapter()).isSameAs(this.mdc);
		assertThat(this.loggerContext.getStatusManager().getCopyOfStatusList())
			.noneMatch((status) -> status.getMessage().contains("mdcAdapter"));
	}

	@Test
	void youngestApplicationWinsWhicheverClosesFirst() {
		ContextVar<String> other = ContextVar.of("tenant");
		ContextVariableRegistry others = new ContextVariableRegistry(List.of(declaration(other, false, true)));
		Recorder recorder = attach(new Recorder());
		Application old = install(VARIABLES);
		Application young = install(others);

		new Context().run(() -> {
			TENANT.set("old");
			this.logger.info("old");
			other.set("young");
			this.logger.info("young");
			old.close();
			this.logger.info("young");
			young.close();
			this.logger.info("none");
		});

		assertThat(recorder.list).extracting(ILoggingEvent::getMDCPropertyMap)
			.containsExactly(Map.of("tenant", "old"), Map.of("tenant", "young"), Map.of("tenant", "young"), Map.of());
		assertThat(this.loggerContext.getMDCAdapter()).isSameAs(this.mdc);
	}

	@Test
	void adapterOfSomebodyElseStaysWhenClosed() {
		Application application = install(VARIABLES);
		LogbackMDCAdapter another = new LogbackMDCAdapter();
		this.loggerContext.setMDCAdapter(another);

		application.close();

		assertThat(this.loggerContext.getMDCAdapter()).isSameAs(another);
	}

	@Test
	void nothingIsInstalledWithoutLoggedVariables() {
		install(new ContextVariableRegistry(List.of(declaration(TICKET, true, false))));

		assertThat(this.loggerContext.getMDCAdapter()).isSameAs(this.mdc);
	}

	@Test
	void nothingIsInstalledWhereLogbackIsNotInUse() {
		LogbackMdcInstaller.install(install(VARIABLES).variables(), new NOPLoggerFactory()).close();

		assertThat(MDC.getMDCAdapter()).isNotInstanceOf(ContextMdcAdapter.class);
	}

	private Application install(ContextVariableRegistry variables) {
		LoggedVariableProvider logged = LoggedVariableProvider.install(variables);
		Application application = new Application(logged, LogbackMdcInstaller.install(logged, this.loggerContext));
		this.applications.add(application);
		return application;
	}

	private StructuredLogEncoder encoder(String format) {
		StructuredLogEncoder encoder = new StructuredLogEncoder();
		encoder.setContext(this.loggerContext);
		encoder.setFormat(format);
		encoder.start();
		return encoder;
	}

	private <A extends Appender<ILoggingEvent>> A attach(A appender) {
		appender.setContext(this.loggerContext);
		appender.start();
		this.logger.addAppender(appender);
		return appender;
	}

	private static String text(StructuredLogEncoder encoder, ILoggingEvent event) {
		return new String(encoder.encode(event), StandardCharsets.UTF_8);
	}

	private static ContextVariableRegistry.Declaration declaration(ContextVar<?> variable, boolean sensitive,
			boolean logged) {
		return new ContextVariableRegistry.Declaration(variable, "Test#" + variable.name(),
				ResolvableType.forClass(String.class), "", sensitive, logged, false, "");
	}

	private record Application(LoggedVariableProvider variables, LogbackMdcInstaller events) implements AutoCloseable {

		@Override
		public void close() {
			this.events.close();
			this.variables.close();
		}

	}

	/** Asks at once, as an appender that writes does. */
	private static class Recorder extends ListAppender<ILoggingEvent> {

		@Override
		protected void append(ILoggingEvent event) {
			event.getMDCPropertyMap();
			super.append(event);
		}

	}

}
