package io.github.contextvars.spring.rpc;

import java.util.function.Consumer;
import java.util.function.Supplier;

import io.rsocket.Payload;
import io.rsocket.RSocket;
import io.rsocket.SocketAcceptor;
import io.rsocket.plugins.InterceptorRegistry;
import io.rsocket.plugins.RSocketInterceptor;
import io.rsocket.plugins.SocketAcceptorInterceptor;
import io.rsocket.util.RSocketProxy;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;
import reactor.util.context.Context;

import io.github.contextvars.spring.threadlocal.ReactorContextVars;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.spring.work.WorkSnapshot;

/**
 * Interceptors that begin a fresh context for the set-up of each RSocket connection and
 * for each of its requests, around all interceptors before them. Signals run in copies of
 * that context in Reactor's automatic mode only.
 * <p>
 * {@link ContextRSocketConfiguration} makes a bean of it, and Spring Boot's servers and
 * requesters get it. Give it to any other {@link io.rsocket.core.RSocketServer} as the
 * last of its interceptors: {@code server.interceptors(contextRSocketInterceptors)}.
 *
 * @since 0.1.0
 */
public final class ContextRSocketInterceptors implements Consumer<InterceptorRegistry> {

	private final WorkRegistry workRegistry;

	private volatile boolean applied;

	/**
	 * Create interceptors.
	 * @param workRegistry enters the contexts
	 */
	public ContextRSocketInterceptors(WorkRegistry workRegistry) {
		this.workRegistry = workRegistry;
	}

	@Override
	public void accept(InterceptorRegistry registry) {
		SocketAcceptorInterceptor connections = this::around;
		RSocketInterceptor requests = Requests::new;
		registry.forSocketAcceptor(connections).forResponder(requests);
		this.applied = true;
	}

	/**
	 * Return whether a server or a connector has been given the interceptors.
	 * @return whether {@link #accept} was called
	 */
	boolean isApplied() {
		return this.applied;
	}

	private SocketAcceptor around(SocketAcceptor acceptor) {
		return (setup, requester) -> mono("set-up", () -> acceptor.accept(setup, requester));
	}

	private <T> Mono<T> mono(String name, Supplier<Mono<T>> handling) {
		return Mono.defer(() -> {
			Call call = new Call(name);
			return Mono.defer(handling).contextWrite(call::writeTo).doFinally(call);
		});
	}

	private <T> Flux<T> flux(String name, Supplier<Flux<T>> handling) {
		return Flux.defer(() -> {
			Call call = new Call(name);
			return Flux.defer(handling).contextWrite(call::writeTo).doFinally(call);
		});
	}

	/**
	 * One request, which a running subscription refers to, and the registry only weakly.
	 */
	private final class Call implements Consumer<SignalType> {

		private final UnitOfWork unit;

		private final WorkSnapshot snapshot;

		private Call(String name) {
			WorkRegistry registry = ContextRSocketInterceptors.this.workRegistry;
			this.unit = registry.create(UnitOfWork.Kind.CALL, () -> "RSocket " + name);
			this.snapshot = registry.follow(this.unit, UnitOfWork.Kind.TASK);
			registry.awaitCompletion(this.unit, this, (result) -> false);
		}

		Context writeTo(Context context) {
			return ReactorContextVars.write(context, this.snapshot);
		}

		@Override
		public void accept(SignalType signal) {
			ContextRSocketInterceptors.this.workRegistry.complete(this.unit);
		}

	}

	/**
	 * The requests of one connection.
	 */
	private final class Requests extends RSocketProxy {

		private Requests(RSocket responder) {
			super(responder);
		}

		@Override
		public Mono<Void> fireAndForget(Payload payload) {
			return mono("fire-and-forget", () -> super.fireAndForget(payload));
		}

		@Override
		public Mono<Payload> requestResponse(Payload payload) {
			return mono("request-response", () -> super.requestResponse(payload));
		}

		@Override
		public Flux<Payload> requestStream(Payload payload) {
			return flux("request-stream", () -> super.requestStream(payload));
		}

		@Override
		public Flux<Payload> requestChannel(Publisher<Payload> payloads) {
			return flux("request-channel", () -> super.requestChannel(payloads));
		}

		@Override
		public Mono<Void> metadataPush(Payload payload) {
			return mono("metadata-push", () -> super.metadataPush(payload));
		}

	}

}
