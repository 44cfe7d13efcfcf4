package io.github.contextvars.benchmarks;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;

/**
 * Benchmark of a read inside a context, with and without a handler for reads outside any.
 */
@State(Scope.Thread)
public class WatchedReadBenchmark extends Timed {

	private static final ContextVar<String> VARIABLE = ContextVar.of("variable");

	@Param({ "false", "true" })
	private boolean watched;

	private Context.Scope scope;

	@Setup(Level.Trial)
	public void setUp() {
		Context.onGetOutside(this.watched ? (variable) -> {
			throw new IllegalStateException("outside any context");
		} : null);
		this.scope = new Context().enter();
		VARIABLE.set("value");
	}

	@TearDown(Level.Trial)
	public void tearDown() {
		this.scope.close();
		Context.onGetOutside(null);
	}

	@Benchmark
	public String read() {
		return VARIABLE.get();
	}

}
