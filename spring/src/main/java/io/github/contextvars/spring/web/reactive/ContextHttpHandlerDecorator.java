package io.github.contextvars.spring.web.reactive;

import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.springframework.core.Ordered;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.HttpHandlerDecoratorFactory;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;

import io.github.contextvars.spring.fill.FilledValues;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

/**
 * {@link HttpHandlerDecoratorFactory} that begins a context for each request, around all
 * filters and error handlers. Signals run in copies of it, in Reactor's automatic mode. A
 * request that has a context already keeps it.
 *
 * @since 0.1.0
 * @see ContextWebFluxConfiguration
 */
public final class ContextHttpHandlerDecorator implements HttpHandlerDecoratorFactory, Ordered {

	private final WorkRegistry workRegistry;

	private final @Nullable BiConsumer<ServerHttpRequest, FilledValues> filler;

	/**
	 * Create a decorator that leaves contexts empty, for a server whose requests are not
	 * the application's.
	 * @param workRegistry enters the contexts
	 */
	public ContextHttpHandlerDecorator(WorkRegistry workRegistry) {
		this(workRegistry, null);
	}

	ContextHttpHandlerDecorator(WorkRegistry workRegistry,
			@Nullable BiConsumer<ServerHttpRequest, FilledValues> filler) {
		this.workRegistry = workRegistry;
		this.filler = filler;
	}

	// The first one is the outermost.
	@Override
	public int getOrder() {
		return Ordered.HIGHEST_PRECEDENCE;
	}

	@Override
	public HttpHandler apply(HttpHandler handler) {
		return (request, response) -> Mono.deferContextual((context) -> (RequestContext.find(context) != null)
				? handler.handle(request, response) : begin(handler, request, response));
	}

	private Mono<Void> begin(HttpHandler handler, ServerHttpRequest request, ServerHttpResponse response) {
		UnitOfWork unit = this.workRegistry.create(UnitOfWork.Kind.REQUEST, originOf(request));
		BiConsumer<ServerHttpRequest, FilledValues> present = this.filler;
		RequestContext context = new RequestContext(this.workRegistry, unit, present != null);
		Mono<Void> handling;
		try {
			if (present != null) {
				context.fill(() -> present.accept(request, context.filled()));
			}
			handling = Mono.defer(() -> handler.handle(request, response));
		}
		catch (RuntimeException ex) {
			handling = RequestContext.answer(ex, response);
		}
		// A running subscription refers to this, and the registry only weakly.
		Consumer<SignalType> completion = (signal) -> this.workRegistry.complete(unit);
		this.workRegistry.awaitCompletion(unit, completion, (result) -> false);
		return handling.contextWrite(context::writeTo).doFinally(completion);
	}

	private static Supplier<String> originOf(ServerHttpRequest request) {
		String method = request.getMethod().name();
		String path = request.getURI().getRawPath();
		// Path parameters may hold a session id.
		return () -> method + " " + path.replaceAll(";[^/]*", "");
	}

}
