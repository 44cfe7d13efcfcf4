package io.github.contextvars.spring.jfr;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import com.sun.management.ThreadMXBean;
import jdk.jfr.ValueDescriptor;
import jdk.jfr.consumer.RecordedEvent;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.GenericApplicationContext;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.Token;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsJfrAutoConfiguration;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.testsupport.TestJvm;
import io.github.contextvars.testsupport.TestThreads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assumptions.assumeThat;

class WorkEventsTests {

	private static final String FIELD = "jfr_tenant";

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(
				AutoConfigurations.of(ContextVarsAutoConfiguration.class, ContextVarsJfrAutoConfiguration.class))
		.withUserConfiguration(Variables.class);

	@Test
	void unitOfWorkIsAnEventWithItsKindOriginAndValues() {
		this.runner.run((context) -> {
			try (FlightRecording recording = FlightRecording.start()) {
				context.getBean(WorkRegistry.class).run(unitOfAcme(context), () -> {
				});

				List<RecordedEvent> events = recording.stopAndReadWork(FIELD);
				assertThat(events).hasSize(1);
				RecordedEvent event = events.get(0);
				assertThat(event.getString("kind")).isEqualTo("task");
				assertThat(event.getString("origin")).isEqualTo("Test.unit");
				assertThat(event.getString(FIELD)).isEqualTo("acme");
				assertThat(event.getString("_case")).isNull();
				assertThat(event.hasField("unobserved")).isFalse();
				assertThat(event.getThread().getJavaThreadId()).isEqualTo(Thread.currentThread().getId());
				assertThat(event.getStackTrace()).isNull();
			}
		});
	}

	@Test
	void scopeOfUnitOfWorkIsAnEventUntilItIsClosedByItsThread() {
		this.runner.run((context) -> {
			try (FlightRecording recording = FlightRecording.start()) {
				Context.Scope scope = context.getBean(WorkRegistry.class).enter(unitOfAcme(context));
				TestThreads.run(() -> assertThat(catchClosing(scope)).isInstanceOf(IllegalStateException.class));
				probe("acme");
				scope.close();
				scope.close();

				assertProbesMatch(recording.stop(), 1, 1);
			}
		});
	}

	@Test
	void valuesAreThoseThatTheUnitHasInTheEnd() {
		this.runner.run((context) -> {
			try (FlightRecording recording = FlightRecording.start()) {
				WorkRegistry registry = context.getBean(WorkRegistry.class);
				registry.run(unit(context), () -> {
					probe("globex");
					Variables.TENANT.set("acme");
					Variables.TENANT.set("globex");
				});
				registry.run(unit(context), () -> {
					try (Token<String> token = Variables.TENANT.set("acme")) {
						probe(null);
					}
				});

				assertProbesMatch(recording.stop(), 2, 2);
			}
		});
	}

	@Test
	void contextInsideAUnitOfWorkIsNotTheUnits() {
		this.runner.run((context) -> {
			try (FlightRecording recording = FlightRecording.start()) {
				context.getBean(WorkRegistry.class).run(unitOfAcme(context), () -> {
					new Context().run(() -> Variables.TENANT.set("of another context"));
					probe("acme");
				});

				assertProbesMatch(recording.stop(), 1, 1);
			}
		});
	}

	@Test
	void unitInsideAUnitIsAnEventInsideItsEvent() {
		this.runner.run((context) -> {
			try (FlightRecording recording = FlightRecording.start()) {
				WorkRegistry registry = context.getBean(WorkRegistry.class);
				registry.run(unitOfAcme(context), () -> {
					registry.run(registry.createScoped(() -> "Test.scoped", false), () -> {
						Variables.TENANT.set("globex");
						Probe.commit("scoped", "globex");
					});
					probe("acme");
				});

				Path file = recording.stop();
				List<RecordedEvent> events = FlightRecording.readWork(file, FIELD);
				assertThat(events).extracting((event) -> event.getString("kind"), (event) -> event.getString(FIELD))
					.containsExactly(tuple("task", "acme"), tuple("scoped", "globex"));
				assertThat(FlightRecording.isInside(events.get(1), events.get(0))).isTrue();
				assertProbesMatch(file, 2, 2);
			}
		});
	}

	@Test
	void scopesThatAreNotClosedEndWithTheUnitAround() {
		this.runner.run((context) -> {
			try (FlightRecording recording = FlightRecording.start()) {
				WorkRegistry registry = context.getBean(WorkRegistry.class);
				registry.run(unitOfAcme(context), () -> registry.enter(unit(context)));
				registry.run(unit(context), () -> {
					Variables.TENANT.set("globex");
					probe("globex");
				});

				assertProbesMatch(recording.stop(), 1, 2);
			}
		});
	}

	@Test
	void valuesOfThreadsAreNotMixed() {
		this.runner.run((context) -> {
			try (FlightRecording recording = FlightRecording.start()) {
				WorkRegistry registry = context.getBean(WorkRegistry.class);
				List<String> tenants = List.of("acme", "globex", "initech", "umbrella");
				CountDownLatch ready = new CountDownLatch(tenants.size());
				List<Thread> threads = new ArrayList<>();
				for (String tenant : tenants) {
					Thread thread = new Thread(() -> {
						ready.countDown();
						await(ready);
						for (int i = 0; i < 200; i++) {
							registry.run(unit(context), () -> {
								Variables.TENANT.set(tenant);
								probe(tenant);
							});
						}
					});
					threads.add(thread);
					thread.start();
				}
				for (Thread thread : threads) {
					thread.join();
				}

				assertProbesMatch(recording.stop(), 800, 800);
			}
		});
	}

	@Test
	void valueThatFailsToPrintShowsAsItsType() {
		this.runner.run((context) -> {
			try (FlightRecording recording = FlightRecording.start()) {
				List<Object> read = new ArrayList<>();
				context.getBean(WorkRegistry.class).run(unit(context), () -> {
					Variables.CASE.set(new Hostile());
					read.add(Variables.CASE.get());
				});

				assertThat(read).hasSize(1);
				assertThat(recording.stopAndReadWork(FIELD)).extracting((event) -> event.getString("_case"))
					.containsExactly(Hostile.class.getName());
			}
		});
	}

	@Test
	void originThatFailsToPrintLosesTheEventOnly() {
		this.runner.run((context) -> {
			try (FlightRecording recording = FlightRecording.start()) {
				WorkRegistry registry = context.getBean(WorkRegistry.class);
				List<String> done = new ArrayList<>();
				registry.run(registry.create(UnitOfWork.Kind.TASK, () -> {
					throw new IllegalStateException("no origin");
				}), () -> done.add("first"));
				registry.run(unitOfAcme(context), () -> done.add("second"));

				assertThat(done).containsExactly("first", "second");
				assertThat(recording.stopAndReadWork(FIELD)).hasSize(1);
			}
		});
	}

	@Test
	void variableThatAnotherApplicationDeclaresSensitiveHasNoField() {
		this.runner.run((context) -> {
			try (FlightRecording recording = FlightRecording.start()) {
				WorkRegistry registry = context.getBean(WorkRegistry.class);
				try (GenericApplicationContext other = new GenericApplicationContext()) {
					other.registerBean(ContextVariableRegistry.class,
							() -> ContextVariableRegistry.of(other.getBeanFactory()));
					other.registerBean(Discreet.class);
					other.refresh();
					registry.run(unitOfAcme(context), () -> {
					});
				}
				registry.run(unitOfAcme(context), () -> {
				});

				assertThat(FlightRecording.read(recording.stop(), FlightRecording.WORK)
					.stream()
					.filter((event) -> event.hasField("_case"))
					.map((event) -> event.hasField(FIELD))).containsExactly(false, true);
			}
		});
	}

	@Test
	void fieldsHaveTheNamesOfVariablesAsLabels() {
		this.runner.run((context) -> {
			try (FlightRecording recording = FlightRecording.start()) {
				context.getBean(WorkRegistry.class).run(unitOfAcme(context), () -> {
				});

				List<ValueDescriptor> fields = recording.stopAndReadWork(FIELD).get(0).getFields();
				assertThat(fields).filteredOn((field) -> field.getName().startsWith("_"))
					.extracting(ValueDescriptor::getName, ValueDescriptor::getLabel)
					.containsExactlyInAnyOrder(tuple("_case", "case"), tuple("_origin", "origin"),
							tuple("_1st_value", "1st-value"), tuple("__1st_value", "1st.value"));
			}
		});
	}

	@Test
	void valuesAreContextualSinceJava25() {
		this.runner.run((context) -> {
			try (FlightRecording recording = FlightRecording.start()) {
				context.getBean(WorkRegistry.class).run(unitOfAcme(context), () -> {
				});

				List<ValueDescriptor> fields = recording.stopAndReadWork(FIELD).get(0).getFields();
				assertThat(fields)
					.filteredOn((field) -> field.getAnnotationElements()
						.stream()
						.anyMatch((annotation) -> annotation.getTypeName().equals("jdk.jfr.Contextual")))
					.extracting(ValueDescriptor::getName)
					.isEqualTo(isJava25() ? List.of("origin", FIELD, "_case", "_origin", "_1st_value", "__1st_value")
							: List.of());
			}
		});
	}

	@Test
	void toolOfJava25PrintsValuesBesideTheEventsInside() {
		assumeThat(isJava25()).isTrue();
		this.runner.run((context) -> {
			try (FlightRecording recording = FlightRecording.start("jdk.JavaMonitorWait")) {
				Object monitor = new Object();
				context.getBean(WorkRegistry.class).run(unitOfAcme(context), () -> {
					synchronized (monitor) {
						waitFor(monitor);
					}
				});

				Process tool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "jfr").toString(),
						"print", "--events", "jdk.JavaMonitorWait", recording.stop().toString())
					.redirectErrorStream(true)
					.start();
				String printed = new String(tool.getInputStream().readAllBytes());
				assertThat(tool.waitFor()).as(printed).isZero();
				assertThat(printed).contains("Context: Work.origin = \"Test.unit\"",
						"Context: Work." + FIELD + " = \"acme\"");
			}
		});
	}

	@Test
	void unitThatRunsWhenRecordingStartsIsNotRecorded() {
		this.runner.run((context) -> {
			WorkRegistry registry = context.getBean(WorkRegistry.class);
			List<RecordedEvent> events = new ArrayList<>();
			registry.run(unitOfAcme(context), () -> {
				try (FlightRecording recording = FlightRecording.start()) {
					registry.run(unit(context), () -> {
					});
					Variables.TENANT.set("globex");
					events.addAll(recording.stopAndReadWork(FIELD));
				}
				catch (IOException ex) {
					throw new UncheckedIOException(ex);
				}
			});

			assertThat(events).hasSize(1);
		});
	}

	@Test
	void unitWithoutRecordingAllocatesNothingMore() throws Exception {
		try (FlightRecording recording = FlightRecording.start()) {
			recording.stop();
		}
		List<Long> allocated = new ArrayList<>();
		for (String enabled : List.of("false", "true")) {
			this.runner.withPropertyValues("contextvars.jfr.enabled=" + enabled)
				.run((context) -> allocated.add(bytesOfAUnit(context)));
		}
		this.runner.run((context) -> {
			try (FlightRecording recording = FlightRecording.start()) {
				allocated.add(bytesOfAUnit(context));
			}
		});

		assertThat(allocated.get(1)).isEqualTo(allocated.get(0));
		assertThat(allocated.get(2)).isGreaterThan(allocated.get(0));
	}

	@Test
	void eventsCanBeSwitchedOff() {
		this.runner.withPropertyValues("contextvars.jfr.enabled=false").run((context) -> {
			try (FlightRecording recording = FlightRecording.start()) {
				context.getBean(WorkRegistry.class).run(unitOfAcme(context), () -> {
				});

				assertThat(recording.stopAndReadWork(FIELD)).isEmpty();
			}
		});
	}

	@Test
	void applicationStartsWithoutTheClassesOfFlightRecorder() {
		this.runner.withClassLoader(new FilteredClassLoader("jdk.jfr"))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean("contextVarsWorkEvents"));
	}

	@Test
	void applicationRunsInARuntimeWithoutFlightRecorder() throws Exception {
		String output = TestJvm.runBehind(Path.of("target", "test-classes"), WithoutFlightRecorder.class,
				new String[] { "--limit-modules", "java.se,jdk.unsupported" });

		assertThat(output).contains("jfr: false", "tenant: acme");
	}

	private static long bytesOfAUnit(ApplicationContext context) {
		WorkRegistry registry = context.getBean(WorkRegistry.class);
		ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
		UnitOfWork unit = unitOfAcme(context);
		long least = Long.MAX_VALUE;
		for (int i = 0; i < 500; i++) {
			long before = threads.getCurrentThreadAllocatedBytes();
			registry.enter(unit).close();
			least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
		}
		return least;
	}

	private static boolean isJava25() {
		return Runtime.version().feature() >= 25;
	}

	private static UnitOfWork unit(ApplicationContext context) {
		return context.getBean(WorkRegistry.class).create(UnitOfWork.Kind.TASK, () -> "Test.unit");
	}

	private static UnitOfWork unitOfAcme(ApplicationContext context) {
		UnitOfWork unit = unit(context);
		unit.context().run(() -> Variables.TENANT.set("acme"));
		return unit;
	}

	private static Throwable catchClosing(Context.Scope scope) {
		return catchThrowable(scope::close);
	}

	private static void await(CountDownLatch latch) {
		try {
			assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static void waitFor(Object monitor) {
		try {
			monitor.wait(1);
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static void probe(String expected) {
		Probe.commit("task", expected);
	}

	private static void assertProbesMatch(Path file, int probes, int events) throws IOException {
		assertThat(Probe.assertMatch(file, FIELD)).hasSize(events);
		assertThat(Probe.read(file)).hasSize(probes);
	}

	@Configuration(proxyBeanMethods = false)
	static class Variables {

		@ContextVariable(observed = true)
		static final ContextVar<String> TENANT = ContextVar.of(FIELD, "public");

		@ContextVariable(observed = true)
		static final ContextVar<Object> CASE = ContextVar.of("case");

		@ContextVariable(observed = true)
		static final ContextVar<Object> ORIGIN = ContextVar.of("origin");

		@ContextVariable(observed = true)
		static final ContextVar<Object> FIRST = ContextVar.of("1st-value");

		@ContextVariable(observed = true)
		static final ContextVar<Object> SAME = ContextVar.of("1st.value");

		@ContextVariable
		static final ContextVar<String> UNOBSERVED = ContextVar.of("unobserved");

	}

	static final class Discreet {

		@ContextVariable(sensitive = true)
		static final ContextVar<String> TENANT = Variables.TENANT;

	}

	private static final class Hostile {

		@Override
		public String toString() {
			throw new IllegalStateException("not to be called");
		}

	}

}
