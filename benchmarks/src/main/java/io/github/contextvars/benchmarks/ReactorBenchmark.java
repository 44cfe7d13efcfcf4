package io.github.contextvars.benchmarks;

import java.util.ArrayList;
import java.util.List;

import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ContextSnapshot;
import io.micrometer.context.ContextSnapshotFactory;
import io.micrometer.context.ThreadLocalAccessor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.scheduler.Schedulers;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.threadlocal.ContextThreadLocalAccessor;

/**
 * Benchmark of Reactor's automatic mode: what a signal costs that enters the values of
 * its subscription and reads one of them, and what a task costs that a scheduler is
 * given. Beside the library's accessor, as many plain {@link ThreadLocal}s, each with an
 * accessor of its own.
 */
@State(Scope.Thread)
public class ReactorBenchmark extends Timed {

	private static final int SIGNALS = 100;

	@Param({ "contextVars", "threadLocals" })
	private String means;

	@Param({ "1", "10" })
	private int variables;

	private final ContextRegistry registry = ContextRegistry.getInstance();

	private final List<ThreadLocal<String>> threadLocals = new ArrayList<>();

	private ContextVar<String> last;

	private Context.Scope scope;

	private ContextSnapshot snapshot;

	private boolean plain;

	@Setup(Level.Trial)
	public void setUp() {
		// Those of other libraries are services, too.
		List.copyOf(this.registry.getThreadLocalAccessors())
			.forEach((accessor) -> this.registry.removeThreadLocalAccessor(accessor.key()));
		this.plain = this.means.equals("threadLocals");
		this.scope = new Context().enter();
		if (!this.plain) {
			this.registry.registerThreadLocalAccessor(new ContextThreadLocalAccessor());
		}
		for (int i = 0; i < this.variables; i++) {
			ThreadLocal<String> threadLocal = new ThreadLocal<>();
			this.threadLocals.add(threadLocal);
			this.last = ContextVar.of("variable " + i);
			if (this.plain) {
				this.registry.registerThreadLocalAccessor("thread local " + i, threadLocal);
				threadLocal.set("value");
			}
			else {
				this.last.set("value");
			}
		}
		this.snapshot = ContextSnapshotFactory.builder().build().captureAll();
		Hooks.enableAutomaticContextPropagation();
	}

	@TearDown(Level.Trial)
	public void tearDown() {
		Hooks.disableAutomaticContextPropagation();
		for (ThreadLocalAccessor<?> accessor : List.copyOf(this.registry.getThreadLocalAccessors())) {
			this.registry.removeThreadLocalAccessor(accessor.key());
		}
		this.registry.loadThreadLocalAccessors();
		this.threadLocals.forEach(ThreadLocal::remove);
		this.scope.close();
	}

	private String read() {
		return this.plain ? this.threadLocals.get(this.variables - 1).get() : this.last.get();
	}

	@Benchmark
	@OperationsPerInvocation(SIGNALS)
	public String signal() {
		return Flux.range(0, SIGNALS).map((ignored) -> read()).contextWrite(this.snapshot::updateContext).blockLast();
	}

	@Benchmark
	public void scheduledTask() {
		Schedulers.onSchedule(this::read).run();
	}

}
