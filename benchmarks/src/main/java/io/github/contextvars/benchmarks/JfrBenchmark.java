package io.github.contextvars.benchmarks;

import jdk.jfr.Recording;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.jfr.ContextJfrConfiguration;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkConfiguration;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * Benchmark of a unit of work with two observed variables that does nothing: without
 * events, with events and no recording, after a recording, and while one is made in
 * memory.
 */
@State(Scope.Thread)
public class JfrBenchmark extends Timed {

	@Param({ "off", "idle", "stopped", "recording" })
	private String events;

	private AnnotationConfigApplicationContext application;

	private Recording recording;

	private WorkRegistry registry;

	private UnitOfWork unit;

	@Setup(Level.Trial)
	public void setUp() {
		this.application = new AnnotationConfigApplicationContext(Variables.class,
				this.events.equals("off") ? WorkConfiguration.class : ContextJfrConfiguration.class);
		this.registry = this.application.getBean(WorkRegistry.class);
		this.unit = this.registry.create(UnitOfWork.Kind.REQUEST, () -> "GET /notes");
		this.unit.context().run(() -> {
			Variables.TENANT.set("acme");
			Variables.USER.set("ada");
		});
		if (this.events.equals("stopped") || this.events.equals("recording")) {
			this.recording = new Recording();
			this.recording.setToDisk(false);
			this.recording.enable("io.github.contextvars.Work");
			this.recording.start();
			unit();
		}
		if (this.events.equals("stopped")) {
			this.recording.stop();
		}
	}

	@TearDown(Level.Trial)
	public void tearDown() {
		if (this.recording != null) {
			this.recording.close();
		}
		this.application.close();
	}

	@Benchmark
	public void unit() {
		this.registry.run(this.unit, () -> {
		});
	}

	@Benchmark
	public void scope() {
		try (Context.Scope scope = this.registry.enter(this.unit)) {
			// Does nothing.
		}
	}

	static class Variables {

		@ContextVariable(observed = true)
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		@ContextVariable(observed = true)
		static final ContextVar<String> USER = ContextVar.of("user");

	}

}
