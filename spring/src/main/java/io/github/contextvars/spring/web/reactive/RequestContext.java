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

	RequestContext(WorkRegistry workRegistry, UnitOfWork unit) {
		this.workRegistry = workRegistry;
		this.unit = unit;
		this.snapshot = workRegistry.follow(unit, UnitOfWork.Kind.TASK);
	}

	static @Nullable RequestContext find(ContextView context) {
		return context.getOrDefault(RequestContext.class, null);
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

	// Fill what the operators behind run in: this context, unless a filter has replaced
	// it in theirs.
	Context fill(Context context, Runnable operation) {
		WorkSnapshot current = ReactorContextVars.snapshotOf(context);
		if (current == this.snapshot) {
			fill(operation);
			return context;
		}
		return ReactorContextVars.write(context, current.after(operation));
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
		response.getHeaders().addAll(problem.headers());
		DataBuffer body = response.bufferFactory().wrap(problem.body());
		return response.writeWith(Mono.just(body));
	}

}
