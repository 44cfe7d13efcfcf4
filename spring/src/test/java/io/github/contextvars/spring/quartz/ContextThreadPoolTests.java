package io.github.contextvars.spring.quartz;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;

import static org.assertj.core.api.Assertions.assertThat;

class ContextThreadPoolTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "-");

	@Test
	void runInThreadTellsWhetherThePoolHasTakenTheJob() throws Exception {
		ContextThreadPool pool = new ContextThreadPool();
		pool.setThreadCount(1);
		pool.initialize();
		CompletableFuture<String> seen = new CompletableFuture<>();

		boolean taken = new Context().<Boolean, Exception>call(() -> {
			TENANT.set("acme");
			return pool.runInThread(() -> seen.complete(TENANT.get() + " " + Context.depth()));
		});

		assertThat(taken).isTrue();
		assertThat(pool.runInThread(null)).isFalse();
		assertThat(seen.get(20, TimeUnit.SECONDS)).isEqualTo("- 1");
		pool.shutdown(true);
	}

}
