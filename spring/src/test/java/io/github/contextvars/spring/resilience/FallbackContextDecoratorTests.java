package io.github.contextvars.spring.resilience;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;

import io.github.resilience4j.core.functions.CheckedSupplier;
import io.github.resilience4j.spring6.fallback.FallbackDecorator;
import io.github.resilience4j.spring6.fallback.FallbackMethod;
import org.junit.jupiter.api.Test;
import org.springframework.core.Ordered;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

class FallbackContextDecoratorTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "-");

	private final List<FallbackDecorator> decorators = new ArrayList<>();

	private final FallbackContextDecorator decorator = new FallbackContextDecorator(() -> this.decorators,
			WorkRegistry.nonTracking());

	@Test
	void supportsStagesBeforeAllOthers() {
		assertThat(this.decorator.supports(CompletableFuture.class)).isTrue();
		assertThat(this.decorator.supports(CompletionStage.class)).isTrue();
		assertThat(this.decorator.supports(Future.class)).isFalse();
		assertThat(this.decorator.getOrder()).isEqualTo(Ordered.HIGHEST_PRECEDENCE);
	}

	@Test
	void passesToTheFirstOtherDecoratorThatSupportsTheType() throws Throwable {
		this.decorators.add(this.decorator);
		this.decorators.add(new PassingOn(String.class, "unsupported"));
		this.decorators.add(new PassingOn(CompletionStage.class, "right"));
		this.decorators.add(new PassingOn(CompletionStage.class, "late"));

		assertThat(decorate(() -> "result")).isEqualTo("right result");
	}

	@Test
	void stageCompletesInTheCallersContext() throws Throwable {
		this.decorators.add(new PassingOn(CompletionStage.class, null));
		CompletableFuture<Object> source = new CompletableFuture<>();
		CompletableFuture<String> seen = new Context().<CompletableFuture<String>, Throwable>call(() -> {
			TENANT.set("acme");
			return ((CompletionStage<?>) decorate(() -> source)).handle((value, ex) -> TENANT.get() + " " + value)
				.toCompletableFuture();
		});

		source.complete("value");

		assertThat(seen).isCompletedWithValue("acme value");
	}

	@Test
	void failureOfStageIsPassedOn() throws Throwable {
		this.decorators.add(new PassingOn(CompletionStage.class, null));

		assertThat((CompletableFuture<?>) decorate(
				() -> CompletableFuture.failedFuture(new IllegalStateException("planned"))))
			.isCompletedExceptionally();
	}

	private Object decorate(CheckedSupplier<Object> supplier) throws Throwable {
		FallbackMethod method = FallbackMethod.create("fallback", Target.class.getDeclaredMethod("call"), new Object[0],
				new Target(), new Target());
		return this.decorator.decorate(method, supplier).get();
	}

	static final class Target {

		CompletionStage<String> call() {
			return CompletableFuture.completedFuture("");
		}

		CompletionStage<String> fallback(Throwable ex) {
			return CompletableFuture.completedFuture("");
		}

	}

	private record PassingOn(Class<?> supported, String name) implements FallbackDecorator {

		@Override
		public boolean supports(Class<?> target) {
			return this.supported.isAssignableFrom(target);
		}

		@Override
		public CheckedSupplier<Object> decorate(FallbackMethod method, CheckedSupplier<Object> supplier) {
			return (this.name != null) ? () -> this.name + " " + supplier.get() : supplier;
		}

	}

}
