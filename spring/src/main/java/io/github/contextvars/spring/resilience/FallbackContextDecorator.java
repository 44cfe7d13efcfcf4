package io.github.contextvars.spring.resilience;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

import io.github.resilience4j.core.functions.CheckedSupplier;
import io.github.resilience4j.spring6.fallback.CompletionStageFallbackDecorator;
import io.github.resilience4j.spring6.fallback.FallbackDecorator;
import io.github.resilience4j.spring6.fallback.FallbackMethod;
import org.jspecify.annotations.Nullable;
import org.springframework.core.Ordered;

import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.spring.work.WorkSnapshot;

/**
 * {@link FallbackDecorator} that runs the fallback of an asynchronous method in a copy of
 * its caller's context, on any thread that completes what the method has returned.
 */
final class FallbackContextDecorator implements FallbackDecorator, Ordered {

	private final Supplier<List<FallbackDecorator>> decorators;

	private final WorkRegistry workRegistry;

	/**
	 * Create a decorator.
	 * @param decorators all decorators; the first of the others that supports a type is
	 * the one that calls the fallback
	 * @param workRegistry captures and enters the contexts
	 */
	FallbackContextDecorator(Supplier<List<FallbackDecorator>> decorators, WorkRegistry workRegistry) {
		this.decorators = decorators;
		this.workRegistry = workRegistry;
	}

	@Override
	public int getOrder() {
		return HIGHEST_PRECEDENCE;
	}

	@Override
	public boolean supports(Class<?> target) {
		return CompletionStage.class.isAssignableFrom(target);
	}

	@Override
	public CheckedSupplier<Object> decorate(FallbackMethod fallbackMethod, CheckedSupplier<Object> supplier) {
		return next(fallbackMethod.getReturnType()).decorate(fallbackMethod,
				supplier.andThen(this::completedInContext));
	}

	private FallbackDecorator next(Class<?> target) {
		return this.decorators.get()
			.stream()
			.filter((decorator) -> !(decorator instanceof FallbackContextDecorator) && decorator.supports(target))
			.findFirst()
			.orElseGet(CompletionStageFallbackDecorator::new);
	}

	// The fallback of what is completed already runs on the caller, behind this method.
	@SuppressWarnings("FutureReturnValueIgnored") // it is the result
	private @Nullable Object completedInContext(@Nullable Object result) {
		if (!(result instanceof CompletionStage<?> stage)) {
			return result;
		}
		WorkSnapshot caller = this.workRegistry.capture(UnitOfWork.Kind.TASK, () -> "Resilience4j fallback");
		CompletableFuture<@Nullable Object> completed = new CompletableFuture<>();
		stage.whenComplete((value, ex) -> caller.run(() -> {
			if (ex != null) {
				completed.completeExceptionally(ex);
			}
			else {
				completed.complete(value);
			}
		}));
		return completed;
	}

}
