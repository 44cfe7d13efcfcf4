package io.github.contextvars.spring.web.servlet;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.core.task.support.TaskExecutorAdapter;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.async.WebAsyncTask;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.testing.ThreadContextProbe;
import io.github.contextvars.spring.testing.WebApp;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A task may outlive its request, on a thread of a pool that nobody else cleans.
 */
class TimedOutCallableTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant", "none");

	@Test
	void threadIsLeftCleanByTaskThatOutlivesItsRequest() throws Exception {
		try (WebApp app = WebApp.start(Application.class)) {
			Pages pages = app.bean(Pages.class);

			assertThat(app.get("/slow").statusCode()).isEqualTo(503);
			assertThat(app.get("/other").body()).isEqualTo("none");
			pages.finish.countDown();

			assertThat(pages.seen.poll(30, TimeUnit.SECONDS)).isEqualTo("acme");
			assertThat(pages.pool.submit(ThreadContextProbe::isInContext).get(30, TimeUnit.SECONDS)).isFalse();
			assertThat(pages.pool.submit(() -> TENANT.get()).get(30, TimeUnit.SECONDS)).isEqualTo("none");
			pages.pool.shutdownNow();
			app.assertClean();
		}
	}

	@Test
	void taskThatBeginsAfterItsRequestEndedSeesThatRequest() throws Exception {
		try (WebApp app = WebApp.start(Application.class)) {
			Pages pages = app.bean(Pages.class);
			CountDownLatch busy = new CountDownLatch(1);
			pages.pool.submit(() -> busy.await(30, TimeUnit.SECONDS));

			assertThat(app.get("/slow").statusCode()).isEqualTo(503);
			assertThat(app.get("/other").body()).isEqualTo("none");
			pages.finish.countDown();
			busy.countDown();

			// It need not have run.
			pages.pool.submit(() -> pages.seen.offer("done")).get(30, TimeUnit.SECONDS);
			assertThat(pages.seen.take()).isIn("acme", "done");
			assertThat(pages.pool.submit(ThreadContextProbe::isInContext).get(30, TimeUnit.SECONDS)).isFalse();
			pages.pool.shutdownNow();
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(Pages.class)
	static class Application {

	}

	@RestController
	static class Pages {

		// Spring cancels what has not begun when the request times out.
		private static final long TIME_TO_BEGIN = 1_000;

		private final ExecutorService pool = Executors.newSingleThreadExecutor();

		private final AsyncTaskExecutor executor = new TaskExecutorAdapter(this.pool);

		private final CountDownLatch finish = new CountDownLatch(1);

		private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();

		@GetMapping("/slow")
		WebAsyncTask<String> slow() {
			TENANT.set("acme");
			Callable<String> callable = () -> {
				awaitUninterruptibly();
				this.seen.add(TENANT.get());
				return "late";
			};
			return new WebAsyncTask<>(TIME_TO_BEGIN, this.executor, callable);
		}

		@GetMapping("/other")
		String other() {
			String before = TENANT.get();
			TENANT.set("other");
			return before;
		}

		private void awaitUninterruptibly() {
			boolean finished = false;
			while (!finished) {
				try {
					finished = this.finish.await(30, TimeUnit.SECONDS);
				}
				catch (InterruptedException ex) {
					// It is part of the scenario that the task doesn't care.
				}
			}
		}

	}

}
