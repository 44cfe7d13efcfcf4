package io.github.contextvars.benchmarks;

import java.io.IOException;
import java.util.stream.IntStream;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.springframework.web.filter.OncePerRequestFilter;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.web.servlet.ContextFilter;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * Benchmark of the servlet filter alone, around a chain that does nothing or sets ten
 * variables.
 */
@State(Scope.Thread)
public class FilterBenchmark extends Timed {

	private final ContextVar<?>[] variables = IntStream.range(0, 10)
		.mapToObj((i) -> ContextVar.<Object>of("variable " + i))
		.toArray(ContextVar<?>[]::new);

	private final FakeRequest request = new FakeRequest();

	private final ContextFilter untracked = new ContextFilter(WorkRegistry.nonTracking());

	private final ContextFilter tracked = new ContextFilter(WorkRegistry.tracking());

	private final OncePerRequestFilter passingOn = new OncePerRequestFilter() {

		@Override
		protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
				throws ServletException, IOException {
			chain.doFilter(request, response);
		}

	};

	private Object seen;

	private final FilterChain nothing = (request, response) -> this.seen = request;

	private final FilterChain setting = (request, response) -> {
		for (ContextVar<?> variable : this.variables) {
			set(variable);
		}
		this.seen = request;
	};

	// What the fakes cost.
	@Benchmark
	public Object noFilter() throws ServletException, IOException {
		this.request.recycle();
		this.nothing.doFilter(this.request, null);
		return this.seen;
	}

	// What Spring's base class of once-only filters costs.
	@Benchmark
	public Object filterThatPassesOn() throws ServletException, IOException {
		return filter(this.passingOn, this.nothing);
	}

	@Benchmark
	public Object untracked() throws ServletException, IOException {
		return filter(this.untracked, this.nothing);
	}

	@Benchmark
	public Object tracked() throws ServletException, IOException {
		return filter(this.tracked, this.nothing);
	}

	@Benchmark
	public Object trackedWithTenVariables() throws ServletException, IOException {
		return filter(this.tracked, this.setting);
	}

	private Object filter(OncePerRequestFilter filter, FilterChain chain) throws ServletException, IOException {
		this.request.recycle();
		filter.doFilter(this.request, FakeRequest.RESPONSE, chain);
		return this.seen;
	}

	@SuppressWarnings("unchecked")
	private static void set(ContextVar<?> variable) {
		((ContextVar<Object>) variable).set("value");
	}

}
