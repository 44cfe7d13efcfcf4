package io.github.contextvars.spring.rpc;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

import io.rsocket.Payload;
import io.rsocket.RSocket;
import io.rsocket.SocketAcceptor;
import io.rsocket.plugins.InterceptorRegistry;
import io.rsocket.plugins.RSocketInterceptor;
import io.rsocket.plugins.SocketAcceptorInterceptor;
import io.rsocket.util.DefaultPayload;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

import io.github.contextvars.spring.threadlocal.ReactorContextVars;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

class ContextRSocketInterceptorsTests {

	private final WorkRegistry registry = WorkRegistry.tracking();

	private final ContextRSocketInterceptors interceptors = new ContextRSocketInterceptors(this.registry);

	private final Applied applied = new Applied();

	private final List<String> seen = new ArrayList<>();

	private final Payload payload = DefaultPayload.create("payload");

	@Test
	void requestsAreListedWhileTheyAreHandled() {
		assertThat(this.interceptors.isApplied()).isFalse();
		this.interceptors.accept(this.applied);
		assertThat(this.interceptors.isApplied()).isTrue();
		RSocket responder = this.applied.requests.apply(new Responder());

		responder.fireAndForget(this.payload).block();
		responder.requestResponse(this.payload).block();
		responder.requestStream(this.payload).blockLast();
		responder.requestChannel(Mono.just(this.payload)).blockLast();
		responder.metadataPush(this.payload).block();

		assertThat(this.seen).containsExactly("fireAndForget RSocket fire-and-forget",
				"requestResponse RSocket request-response", "requestStream RSocket request-stream",
				"requestChannel RSocket request-channel", "metadataPush RSocket metadata-push");
		assertThat(this.registry.list()).isEmpty();
	}

	@Test
	void requestThatIsSubscribedToTwiceIsTwoUnitsOfWork() {
		this.interceptors.accept(this.applied);
		Mono<Payload> response = this.applied.requests.apply(new Responder()).requestResponse(this.payload);
		assertThat(this.registry.list()).isEmpty();

		response.block();
		response.block();

		assertThat(this.seen).hasSize(2);
		assertThat(this.registry.list()).isEmpty();
	}

	@Test
	void setUpOfAConnectionIsListedWhileItIsAccepted() {
		this.interceptors.accept(this.applied);
		RSocket responder = new RSocket() {
		};
		SocketAcceptor acceptor = this.applied.connections
			.apply((setup, requester) -> Mono.deferContextual((context) -> {
				see("accept", context);
				return Mono.just(responder);
			}));

		assertThat(acceptor.accept(null, null).block()).isSameAs(responder);
		assertThat(this.seen).containsExactly("accept RSocket set-up");
		assertThat(this.registry.list()).isEmpty();
	}

	private void see(String request, ContextView context) {
		assertThat(ReactorContextVars.snapshotOf(Context.of(context))).isNotNull();
		assertThat(this.registry.list()).hasSize(1);
		this.seen.add(request + " " + this.registry.list().get(0).origin());
		assertThat(this.registry.list().get(0).kind()).isEqualTo(UnitOfWork.Kind.CALL);
	}

	private <T> Mono<T> mono(String request) {
		return Mono.deferContextual((context) -> {
			see(request, context);
			return Mono.empty();
		});
	}

	private final class Responder implements RSocket {

		@Override
		public Mono<Void> fireAndForget(Payload payload) {
			return mono("fireAndForget");
		}

		@Override
		public Mono<Payload> requestResponse(Payload payload) {
			return mono("requestResponse");
		}

		@Override
		public Flux<Payload> requestStream(Payload payload) {
			return ContextRSocketInterceptorsTests.this.<Payload>mono("requestStream").flux();
		}

		@Override
		public Flux<Payload> requestChannel(Publisher<Payload> payloads) {
			return ContextRSocketInterceptorsTests.this.<Payload>mono("requestChannel").flux();
		}

		@Override
		public Mono<Void> metadataPush(Payload payload) {
			return mono("metadataPush");
		}

	}

	private static final class Applied extends InterceptorRegistry {

		private Function<RSocket, RSocket> requests = Function.identity();

		private Function<SocketAcceptor, SocketAcceptor> connections = Function.identity();

		@Override
		public InterceptorRegistry forResponder(RSocketInterceptor interceptor) {
			this.requests = interceptor;
			return this;
		}

		@Override
		public InterceptorRegistry forSocketAcceptor(SocketAcceptorInterceptor interceptor) {
			this.connections = interceptor;
			return this;
		}

	}

}
