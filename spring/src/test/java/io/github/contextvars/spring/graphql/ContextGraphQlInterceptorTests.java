package io.github.contextvars.spring.graphql;

import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.springframework.core.Ordered;
import org.springframework.graphql.server.WebGraphQlInterceptor.Chain;
import org.springframework.graphql.server.WebGraphQlResponse;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.util.context.ContextView;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.threadlocal.ContextThreadLocalAccessor;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is left in Reactor's context for data fetchers.
 */
class ContextGraphQlInterceptorTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "-");

	private final ContextGraphQlInterceptor last = new ContextGraphQlInterceptor();

	private final ContextGraphQlInterceptor.Mark first = new ContextGraphQlInterceptor.Mark();

	private final List<String> seen = new ArrayList<>();

	private final Chain handler = (request) -> Mono.deferContextual((captured) -> {
		this.seen.add(tenantIn(captured));
		return Mono.empty();
	});

	@Test
	void interceptorsAreTheFirstAndTheLast() {
		assertThat(this.first.getOrder()).isEqualTo(Ordered.HIGHEST_PRECEDENCE);
		assertThat(this.last.getOrder()).isEqualTo(Ordered.LOWEST_PRECEDENCE);
	}

	@Test
	void handlerSeesWhatAnInterceptorHasSet() {
		run((request) -> {
			TENANT.set("interceptor");
			return this.last.intercept(request, this.handler);
		});

		assertThat(this.seen).containsExactly("interceptor");
	}

	@Test
	void handlerSeesWhatAnInterceptorHasSetWhenItWasSubscribedTo() {
		run((request) -> Mono.defer(() -> {
			TENANT.set("subscriber");
			return this.last.intercept(request, this.handler);
		}));

		assertThat(this.seen).containsExactly("subscriber");
	}

	@Test
	void handlerSeesNothingOfTheContextThatAnInterceptorHasChangedTo() {
		run((request) -> Mono.defer(() -> new Context().call(() -> {
			TENANT.set("of another context");
			return this.last.intercept(request, this.handler);
		})));
		run((request) -> Mono.defer(() -> new Context().call(() -> this.first.intercept(null, (other) -> {
			TENANT.set("of another request");
			return Mono.empty();
		}).then(Mono.defer(() -> this.last.intercept(request, this.handler))))));
		run((request) -> Mono.defer(() -> this.last.intercept(request, this.handler))
			.subscribeOn(Schedulers.boundedElastic()));

		assertThat(this.seen).containsExactly("request", "request", "request");
	}

	@Test
	void requestOutsideAnyContextIsLeftAlone() {
		this.first.intercept(null, (request) -> this.last.intercept(request, this.handler)).block();

		assertThat(this.seen).containsExactly("nothing captured");
		assertThat(Context.depth()).isZero();
	}

	@Test
	void requestWithoutTheFirstInterceptorKeepsWhatWasCaptured() {
		new Context().run(() -> this.last.intercept(null, this.handler).block());

		assertThat(this.seen).containsExactly("nothing captured");
	}

	private void run(Chain chain) {
		new Context().run(() -> {
			TENANT.set("request");
			Mono<WebGraphQlResponse> response = this.first.intercept(null, chain);
			response.block();
		});
	}

	private static String tenantIn(ContextView captured) {
		ContextThreadLocalAccessor.Captured values = captured.getOrDefault(ContextThreadLocalAccessor.KEY, null);
		if (values == null) {
			return "nothing captured";
		}
		ContextThreadLocalAccessor accessor = new ContextThreadLocalAccessor();
		ContextThreadLocalAccessor.Captured before = accessor.getValue();
		accessor.setValue(values);
		try {
			return TENANT.get();
		}
		finally {
			accessor.restore(before);
		}
	}

}
