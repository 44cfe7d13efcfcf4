package io.github.contextvars.spring.web.reactive;

import org.jspecify.annotations.Nullable;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.server.reactive.ServerHttpResponse;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

import io.github.contextvars.spring.fill.FilledValues;
import io.github.contextvars.spring.threadlocal.ReactorContextVars;
import io.github.contextvars.spring.web.ProblemDetails;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.spring.work.WorkSnapshot;

/**
 * Context of one request, in Reactor's context of its exchange. Signals run in copies of
 * it, taken when they arrive. So no two threads ever need the same one, and what the
 * library sets in it later is seen by all signals after that, those of error handlers
 * included.
 */
final class RequestContext {

	private final WorkRegistry workRegistry;

	private final UnitOfWork unit;

	private final WorkSnapshot snapshot;

	private final FilledValues filled = new FilledValues();

	private final boolean ofApplication;

	RequestContext(WorkRegistry workRegistry, UnitOfWork unit, boolean ofApplication) {
		this.workRegistry = workRegistry;
		this.unit = unit;
		this.ofApplication = ofApplication;
		this.snapshot = workRegistry.follow(unit, UnitOfWork.Kind.TASK);
	}

	static @Nullable RequestContext find(ContextView context) {
		return context.getOrDefault(RequestContext.class, null);
	}

	// Return whether anything may fill this context: not on a management port.
	boolean isOfApplication() {
		return this.ofApplication;
	}

	FilledValues filled() {
		return this.filled;
	}

	Context writeTo(Context context) {
		return ReactorContextVars.write(context, this.snapshot).put(RequestContext.class, this);
	}

	void fill(Runnable operation) {
		this.workRegistry.run(this.unit, operation);
	}

	// Fill this context and, if a filter has replaced it, what the operators behind run
	// in: they see the changes, but for variables that the filter has set itself.
	Context fill(Context context, Runnable operation) {
		io.github.contextvars.Context before = this.unit.context().copy();
		fill(operation);
		WorkSnapshot current = ReactorContextVars.snapshotOf(context);
		return (current == this.snapshot) ? context
				: ReactorContextVars.write(context, current.withChanges(before, this.unit.context()));
	}

	/**
	 * Answer a request whose context could not be filled.
	 * @param failure what was thrown
	 * @param response the response
	 * @return the end of the response, or the failure if it is no fault of the caller
	 */
	static Mono<Void> answer(RuntimeException failure, ServerHttpResponse response) {
		ProblemDetails problem = ProblemDetails.of(failure);
		if (problem == null || !response.setStatusCode(HttpStatusCode.valueOf(problem.status()))) {
			return Mono.error(failure);
		}
		problem.headers().forEach(response.getHeaders()::addAll);
		DataBuffer body = response.bufferFactory().wrap(problem.body());
		return response.writeWith(Mono.just(body));
	}

}
