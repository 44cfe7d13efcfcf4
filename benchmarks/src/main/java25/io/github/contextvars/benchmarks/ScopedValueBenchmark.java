package io.github.contextvars.benchmarks;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/**
 * Benchmark of {@link ScopedValue}, which binds values only around a callback: many
 * operations share one binding of all variables. Without structured concurrency it
 * captures nothing.
 */
@State(Scope.Thread)
public class ScopedValueBenchmark extends Timed {

	private static final int OPERATIONS = 10_000;

	private static final Runnable NOTHING = () -> {
	};

	/** How many variables there are. */
	@Param({ "1", "10", "100", "1000" })
	public int variables;

	private ScopedValue<Object>[] values;

	private ScopedValue.Carrier bindings;

	private int last;

	/**
	 * Declare the variables.
	 */
	@Setup
	@SuppressWarnings({ "unchecked", "rawtypes" })
	public void declare() {
		this.values = new ScopedValue[this.variables];
		for (int i = 0; i < this.variables; i++) {
			this.values[i] = ScopedValue.newInstance();
			Object value = "value " + i;
			this.bindings = (this.bindings != null) ? this.bindings.where(this.values[i], value)
					: ScopedValue.where(this.values[i], value);
		}
	}

	@Benchmark
	@OperationsPerInvocation(OPERATIONS)
	public void read(Blackhole blackhole) {
		this.bindings.run(() -> {
			for (int i = 0; i < OPERATIONS; i++) {
				blackhole.consume(this.values[next()].get());
			}
		});
	}

	@Benchmark
	@OperationsPerInvocation(OPERATIONS)
	public void set() {
		this.bindings.run(() -> {
			for (int i = 0; i < OPERATIONS; i++) {
				ScopedValue.where(this.values[next()], "another value").run(NOTHING);
			}
		});
	}

	private int next() {
		int next = this.last + 1;
		if (next >= this.variables) {
			next = 0;
		}
		this.last = next;
		return next;
	}

}
