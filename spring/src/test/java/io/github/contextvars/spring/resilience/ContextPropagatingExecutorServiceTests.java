package io.github.contextvars.spring.resilience;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

class ContextPropagatingExecutorServiceTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "-");

	private final ExecutorService delegate = Executors.newSingleThreadExecutor();

	private final ExecutorService executor = new ContextPropagatingExecutorService(this.delegate,
			WorkRegistry::nonTracking);

	@Test
	void tasksHaveTheirSubmittersValues() throws Exception {
		String[] executed = new String[1];
		CountDownLatch done = new CountDownLatch(1);
		String submitted = new Context().<String, Exception>call(() -> {
			TENANT.set("acme");
			this.executor.execute(() -> {
				executed[0] = TENANT.get();
				done.countDown();
			});
			return this.executor.submit(() -> TENANT.get()).get();
		});
		done.await();

		assertThat(submitted).isEqualTo("acme");
		assertThat(executed).containsExactly("acme");
		this.executor.shutdown();
	}

	@Test
	void shutdownIsThatOfTheDelegate() throws Exception {
		assertThat(this.executor.isShutdown()).isFalse();
		assertThat(this.executor.isTerminated()).isFalse();
		assertThat(this.executor.awaitTermination(0, TimeUnit.MILLISECONDS)).isFalse();

		this.executor.shutdown();

		assertThat(this.delegate.isShutdown()).isTrue();
		assertThat(this.executor.isShutdown()).isTrue();
		assertThat(this.executor.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
		assertThat(this.executor.isTerminated()).isTrue();
	}

	@Test
	void shutdownNowReturnsTheTasksOfTheDelegate() {
		CountDownLatch never = new CountDownLatch(1);
		this.executor.submit(() -> {
			never.await();
			return "";
		});
		this.executor.execute(never::countDown);

		assertThat(this.executor.shutdownNow()).hasSize(1);
		assertThat(this.delegate.isShutdown()).isTrue();
	}

}
