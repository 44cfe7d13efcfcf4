package io.github.contextvars.benchmarks;

import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Locale;
import java.util.Set;

import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ContextSnapshot;
import io.micrometer.context.ContextSnapshotFactory;
import io.micrometer.context.ThreadLocalAccessor;
import io.micrometer.context.integration.Slf4jThreadLocalAccessor;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import jakarta.servlet.http.HttpServletRequestWrapper;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.slf4j.MDC;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.i18n.LocaleContextHolder;
import org.springframework.context.i18n.LocaleContextThreadLocalAccessor;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.core.context.SecurityContextHolderThreadLocalAccessor;
import org.springframework.security.core.context.SecurityContextImpl;
import org.springframework.web.context.request.RequestAttributesThreadLocalAccessor;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;

import io.github.contextvars.spring.threadlocal.ContextThreadLocalConfiguration;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.spring.work.WorkSnapshot;

/**
 * Benchmark of the two halves of a hand-over with the {@link ThreadLocal}s that are
 * named: the submitter captures them, and a worker that has none runs an empty task with
 * them. Beside it, Micrometer's snapshot of the same {@link ThreadLocal}s.
 */
@State(Scope.Thread)
public class ThreadLocalBenchmark extends Timed {

	private static final Runnable NOTHING = () -> {
	};

	private static final List<String> ATTRIBUTES = List.of("a", "b", "c", "d", "e");

	@Param({ "none", "mdc", "five" })
	private String threadLocals;

	private AnnotationConfigApplicationContext application;

	private WorkRegistry registry;

	private ContextSnapshotFactory snapshots;

	private WorkSnapshot captured;

	private ContextSnapshot capturedByMicrometer;

	private Observation.Scope observation;

	@Setup(Level.Trial)
	public void setUp(BenchmarkParams parameters) {
		Set<String> names = switch (this.threadLocals) {
			case "none" -> Set.of();
			case "five" -> Set.of("security", "mdc", "locale", "observation", "request");
			default -> Set.of(this.threadLocals);
		};
		this.snapshots = ContextSnapshotFactory.builder().contextRegistry(registryOf(names)).clearMissing(true).build();
		this.application = new AnnotationConfigApplicationContext();
		if (!names.isEmpty()) {
			this.application.registerBean(ContextThreadLocalConfiguration.Settings.class,
					() -> new ContextThreadLocalConfiguration.Settings(names));
			this.application.register(ContextThreadLocalConfiguration.class);
		}
		else {
			this.application.registerBean(WorkRegistry.class, () -> WorkRegistry.nonTracking());
		}
		this.application.refresh();
		this.registry = this.application.getBean(WorkRegistry.class);
		SecurityContextHolder.setContext(new SecurityContextImpl(new TestingAuthenticationToken("user", "")));
		MDC.put("user", "alice");
		MDC.put("tenant", "acme");
		MDC.put("order", "42");
		LocaleContextHolder.setLocale(Locale.GERMAN);
		RequestContextHolder.setRequestAttributes(new ServletRequestAttributes(new Request()));
		ObservationRegistry observations = ObservationRegistry.create();
		observations.observationConfig().observationHandler((ObservationHandler<Observation.Context>) (any) -> true);
		this.observation = Observation.start("request", observations).openScope();
		this.captured = capture();
		this.capturedByMicrometer = captureMicrometer();
		if (parameters.getBenchmark().contains(".run")) {
			clear();
		}
	}

	@TearDown(Level.Trial)
	public void tearDown() {
		clear();
		this.application.close();
	}

	private void clear() {
		this.observation.close();
		RequestContextHolder.resetRequestAttributes();
		LocaleContextHolder.resetLocaleContext();
		MDC.clear();
		SecurityContextHolder.clearContext();
	}

	private static ContextRegistry registryOf(Set<String> names) {
		ContextRegistry registry = new ContextRegistry();
		for (ThreadLocalAccessor<?> accessor : List.of(new SecurityContextHolderThreadLocalAccessor(),
				new Slf4jThreadLocalAccessor(), new LocaleContextThreadLocalAccessor(),
				new ObservationThreadLocalAccessor(ObservationRegistry.create()),
				new RequestAttributesThreadLocalAccessor())) {
			String name = accessor.getClass().getSimpleName().toLowerCase(Locale.ROOT);
			if (names.stream().anyMatch((one) -> name.startsWith(one.equals("mdc") ? "slf4j" : one))) {
				registry.registerThreadLocalAccessor(accessor);
			}
		}
		return registry;
	}

	@Benchmark
	public WorkSnapshot capture() {
		return this.registry.capture(UnitOfWork.Kind.TASK, () -> "task");
	}

	@Benchmark
	public ContextSnapshot captureMicrometer() {
		return this.snapshots.captureAll();
	}

	@Benchmark
	public void run() {
		this.captured.run(NOTHING);
	}

	@Benchmark
	public void runMicrometer() {
		try (ContextSnapshot.Scope scope = this.capturedByMicrometer.setThreadLocals()) {
			NOTHING.run();
		}
	}

	// A request with five attributes.
	private static final class Request extends HttpServletRequestWrapper {

		private Request() {
			super(new FakeRequest());
		}

		@Override
		public Object getAttribute(String name) {
			return ATTRIBUTES.contains(name) ? name : null;
		}

		@Override
		public Enumeration<String> getAttributeNames() {
			return Collections.enumeration(ATTRIBUTES);
		}

	}

}
