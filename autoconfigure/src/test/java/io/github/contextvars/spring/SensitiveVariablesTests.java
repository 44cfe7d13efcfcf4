package io.github.contextvars.spring;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import javax.management.MBeanOperationInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import com.jayway.jsonpath.JsonPath;
import io.micrometer.context.ContextSnapshotFactory;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import jakarta.servlet.Filter;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

import io.github.contextvars.Context;
import io.github.contextvars.ContextExecutors;
import io.github.contextvars.ContextVar;
import io.github.contextvars.Token;
import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.annotation.ContextSetting;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.annotation.FromContext;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.registry.OutsideContextPolicy;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Looks everywhere for the value of a sensitive variable, in an application that holds
 * it, shows all that it may show, and runs into every mistake that the library reports.
 * The same search finds the value in each of the places once it is let out there.
 */
class SensitiveVariablesTests {

	private static final String SECRET = "hunter2";

	private static final ContextVar<String> TICKET = ContextVar.of("ticket");

	// Where its default is a secret.
	private static final ContextVar<String> SPARE = ContextVar.of("spare", SECRET);

	private static final ContextVar<String> UNSET = ContextVar.of("unset");

	private final Map<Place, List<String>> texts = new EnumMap<>(Place.class);

	SensitiveVariablesTests() {
		Arrays.stream(Place.values()).forEach((place) -> this.texts.put(place, new CopyOnWriteArrayList<>()));
	}

	@Test
	void sensitiveValueIsNowhere() throws Exception {
		search(Guarded.class);

		assertThat(this.texts).allSatisfy((place, found) -> assertThat(found).as(place.name()).isNotEmpty());
		assertThat(leaks()).isEmpty();
	}

	@Test
	void valueThatIsLetOutIsFoundInEachPlace() throws Exception {
		search(Leaking.class);

		assertThat(leaks()).containsOnlyKeys(Place.values());
		assertThat(leaks().get(Place.LOG)).anyMatch((line) -> line.contains("ticket=hunter2"))
			.anyMatch((line) -> line.contains("Arguments: [hunter2]"));
	}

	private Map<Place, List<String>> leaks() {
		return this.texts.entrySet()
			.stream()
			.map((entry) -> Map.entry(entry.getKey(),
					entry.getValue().stream().filter((text) -> text.contains(SECRET)).toList()))
			.filter((entry) -> !entry.getValue().isEmpty())
			.collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
	}

	private void search(Class<?> configuration) throws Exception {
		Appender appender = new Appender(this.texts.get(Place.LOG));
		try (appender;
				WebApp app = WebApp.start(configuration, "spring.jmx.enabled=true",
						"management.endpoints.jmx.exposure.include=*", "management.endpoints.web.exposure.include=*",
						"management.endpoints.web.exposure.exclude=heapdump",
						"management.endpoint.contextvars.show-values=always",
						"management.endpoint.env.show-values=always", "spring.web.error.include-message=always",
						"spring.web.error.include-exception=true", "spring.web.error.include-stacktrace=always")) {
			appender.attach();
			Vault vault = app.bean(Vault.class);
			CompletableFuture<String> request = CompletableFuture.supplyAsync(() -> app.get("/open").body());
			assertThat(vault.open.await(30, TimeUnit.SECONDS)).isTrue();
			try {
				searchEndpoints(app);
				searchMBeans();
			}
			finally {
				vault.close.countDown();
			}
			assertThat(request.join()).isEqualTo("closed");
			app.assertClean();
			searchFailures(app, configuration == Leaking.class);
			app.assertClean();
			app.bean(MeterRegistry.class)
				.getMeters()
				.forEach((meter) -> note(Place.METER, meter.getId() + " " + meter.getId().getDescription()));
			this.texts.get(Place.OBSERVATION).addAll(app.bean(Recorder.class).observed);
		}
	}

	private void searchEndpoints(WebApp app) {
		Map<String, Map<String, Object>> links = JsonPath.read(app.get("/actuator").body(), "$._links");
		assertThat(links).containsKeys("contextvars", "contextvars-variable").doesNotContainKey("heapdump");
		links.forEach((name, link) -> {
			if (!link.get("templated").equals(true)) {
				note(Place.HTTP, app.get(URI.create((String) link.get("href")).getPath()).body());
			}
		});
		for (String variable : List.of("ticket", "spare", "unset")) {
			note(Place.HTTP, app.get("/actuator/contextvars/" + variable).body());
		}
		List<String> meters = JsonPath.read(app.get("/actuator/metrics").body(), "$.names");
		meters.forEach((meter) -> note(Place.HTTP, app.get("/actuator/metrics/" + meter).body()));
	}

	private void searchMBeans() throws Exception {
		MBeanServer server = ManagementFactory.getPlatformMBeanServer();
		for (ObjectName name : server.queryNames(new ObjectName("org.springframework.boot:type=Endpoint,*"), null)) {
			for (MBeanOperationInfo operation : server.getMBeanInfo(name).getOperations()) {
				if (operation.getImpact() == MBeanOperationInfo.INFO && operation.getSignature().length == 0) {
					note(Place.JMX, server.invoke(name, operation.getName(), new Object[0], new String[0]));
				}
			}
		}
		ObjectName endpoint = new ObjectName("org.springframework.boot:type=Endpoint,name=Contextvars");
		for (String variable : List.of("ticket", "spare", "unset")) {
			note(Place.JMX, server.invoke(endpoint, "contextVar", new Object[] { variable },
					new String[] { String.class.getName() }));
		}
	}

	private void searchFailures(WebApp app, boolean leaking) {
		new Context().run(() -> {
			Token<String> token = TICKET.set(SECRET);
			Token<String> second = TICKET.set(SECRET);
			Context copy = Context.copyOfCurrent();
			for (Object printed : List.of(TICKET, token, second, copy, ContextExecutors.wrap(Runnable::run),
					copy.wrap(() -> {
					}), app.bean(ContextVariableRegistry.class), app.bean(ContextVariableRegistry.class).all(),
					app.bean(WorkRegistry.class), app.bean(WorkRegistry.class).list(),
					ContextSnapshotFactory.builder().build().captureAll(), leaking ? SECRET : "")) {
				note(Place.TEXT, printed);
			}
		});
		new Context().run(() -> {
			Token<String> token = TICKET.set(SECRET);
			fail(() -> UNSET.get());
			fail(() -> Context.copyOfCurrent().getOrThrow(UNSET));
			fail(SensitiveVariablesTests::readAsNumber);
			fail(() -> Context.copyOfCurrent().put(TICKET, SECRET));
			fail(() -> new Context().run(() -> TICKET.reset(token)));
			fail(() -> SPARE.reset(token));
			fail(() -> {
				TICKET.reset(token);
				TICKET.reset(token);
			});
			fail(() -> {
				Context context = Context.copyOfCurrent();
				context.run(() -> context.run(() -> {
				}));
			});
			Context.Scope scope = Context.copyOfCurrent().enter();
			fail(() -> CompletableFuture.runAsync(scope::close).join());
			scope.close();
			// The report of a forgotten scope is a log line.
			new Context().run(() -> {
				TICKET.set(SECRET);
				Context.copyOfCurrent().enter();
			});
			fail(() -> app.bean(Clerk.class).issue(SECRET));
		});
		fail(SensitiveVariablesTests::setOutsideAnyContext);
		fail(() -> start(TwoTickets.class));
		fail(() -> start(LoggedTicket.class));
		if (leaking) {
			fail(() -> {
				throw new IllegalStateException("It is " + SECRET);
			});
			app.get("/argument");
		}
		note(Place.FAILURE, app.get("/number").body());
		note(Place.FAILURE, app.get("/fail").body());
	}

	@SuppressWarnings("unchecked")
	private static void readAsNumber() {
		int number = ((ContextVar<Integer>) (ContextVar<?>) TICKET).get();
		assertThat(number).isZero();
	}

	private static void setOutsideAnyContext() {
		try (OutsideContextPolicy policy = OutsideContextPolicy.install(new ContextVariableRegistry(List.of()),
				OutsideContextPolicy.Mode.REJECT, OutsideContextPolicy.Mode.ALLOW)) {
			CompletableFuture.runAsync(() -> TICKET.set(SECRET)).join();
		}
	}

	private static void start(Class<?> configuration) {
		new AnnotationConfigApplicationContext(ContextVarsAutoConfiguration.class, configuration).close();
	}

	private void fail(Runnable mistake) {
		StringWriter text = new StringWriter();
		try {
			mistake.run();
			text.append("It did not fail, and holds ").append(SECRET);
		}
		catch (RuntimeException ex) {
			ex.printStackTrace(new PrintWriter(text, true));
		}
		note(Place.FAILURE, text);
	}

	private void note(Place place, Object text) {
		this.texts.get(place).add(Objects.toString(text));
	}

	private enum Place {

		HTTP, JMX, LOG, METER, OBSERVATION, FAILURE, TEXT

	}

	@Configuration(proxyBeanMethods = false)
	@Import(Application.class)
	static class Guarded {

		@Bean
		@ContextVariable(description = "What the client showed at the door", sensitive = true)
		ContextVar<String> ticket() {
			return TICKET;
		}

		@Bean
		@ContextVariable(sensitive = true)
		ContextVar<String> spare() {
			return SPARE;
		}

		@Bean
		ContextVar<String> unset() {
			return UNSET;
		}

	}

	@Configuration(proxyBeanMethods = false)
	@Import(Application.class)
	static class Leaking {

		@Bean
		@ContextVariable(logged = true, observed = true)
		ContextVar<String> ticket() {
			return TICKET;
		}

		@Bean
		MeterBinder leak() {
			return (registry) -> registry.counter("leak", "ticket", SECRET);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class TwoTickets {

		@Bean
		@ContextVariable(sensitive = true)
		ContextVar<String> one() {
			return ContextVar.of("ticket", SECRET);
		}

		@Bean
		@ContextVariable(sensitive = true)
		ContextVar<String> two() {
			return ContextVar.of("ticket", SECRET);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class LoggedTicket {

		@Bean
		@ContextVariable(sensitive = true, logged = true)
		ContextVar<String> ticket() {
			return ContextVar.of("ticket", SECRET);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableAsync
	@Import({ Vault.class, Clerk.class, Recorder.class })
	static class Application {

		@Bean
		Filter door() {
			return (request, response, chain) -> {
				TICKET.set(SECRET);
				chain.doFilter(request, response);
			};
		}

	}

	@RestController
	static class Vault {

		private static final org.slf4j.Logger logger = LoggerFactory.getLogger("io.github.contextvars.Vault");

		private final CountDownLatch open = new CountDownLatch(1);

		private final CountDownLatch close = new CountDownLatch(1);

		private final Clerk clerk;

		private final ObservationRegistry observations;

		Vault(Clerk clerk, ObservationRegistry observations) {
			this.clerk = clerk;
			this.observations = observations;
		}

		@GetMapping("/open")
		CompletableFuture<String> open() {
			logger.info("Opening");
			Observation.createNotStarted("opening", this.observations).observe(() -> logger.debug("Observed"));
			return this.clerk.work(this);
		}

		@GetMapping("/number")
		void number(@FromContext("ticket") int number) {
		}

		@GetMapping("/argument")
		void argument(@FromContext("ticket") String ticket) {
		}

		@GetMapping("/fail")
		void fail() {
			throw new IllegalStateException("It is closed");
		}

	}

	static class Clerk {

		@Async
		@ContextScoped
		CompletableFuture<String> work(Vault vault) {
			Vault.logger.trace("Working");
			vault.open.countDown();
			try {
				assertThat(vault.close.await(30, TimeUnit.SECONDS)).isTrue();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
			return CompletableFuture.completedFuture("closed");
		}

		@ContextScoped(set = @ContextSetting(variable = "ticket", value = "T(Integer).parseInt(#p0)"))
		void issue(String ticket) {
		}

	}

	static class Recorder implements ObservationHandler<Observation.Context> {

		private final List<String> observed = new CopyOnWriteArrayList<>();

		@Override
		public void onStart(Observation.Context context) {
			this.observed.add(context.toString());
		}

		@Override
		public void onStop(Observation.Context context) {
			this.observed.add(context + " " + context.getAllKeyValues() + " " + context.getError());
		}

		@Override
		public boolean supportsContext(Observation.Context context) {
			return true;
		}

	}

	// All that is logged, with the traces of the library and of Spring MVC.
	private static final class Appender extends AppenderBase<ILoggingEvent> implements AutoCloseable {

		private static final List<String> TRACED = List.of("io.github.contextvars", "org.springframework.web");

		private final List<String> lines;

		private final Map<String, Boolean> additive = new ConcurrentHashMap<>();

		private Appender(List<String> lines) {
			this.lines = lines;
			start();
		}

		private void attach() {
			logger("ROOT").addAppender(this);
			TRACED.forEach((name) -> {
				Logger logger = logger(name);
				logger.setLevel(Level.TRACE);
				logger.setAdditive(false);
				logger.addAppender(this);
			});
		}

		@Override
		protected void append(ILoggingEvent event) {
			String trace = (event.getThrowableProxy() != null) ? ThrowableProxyUtil.asString(event.getThrowableProxy())
					: "";
			this.lines.add(event.getLoggerName() + " " + event.getFormattedMessage() + " "
					+ Arrays.toString(event.getArgumentArray()) + " " + event.getKeyValuePairs() + " "
					+ event.getMDCPropertyMap() + " " + trace);
		}

		@Override
		public void close() {
			logger("ROOT").detachAppender(this);
			TRACED.forEach((name) -> {
				Logger logger = logger(name);
				logger.setLevel(null);
				logger.setAdditive(true);
				logger.detachAppender(this);
			});
		}

		private static Logger logger(String name) {
			return (Logger) LoggerFactory.getLogger(name);
		}

	}

}
