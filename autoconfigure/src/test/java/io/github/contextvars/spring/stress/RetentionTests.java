package io.github.contextvars.spring.stress;

import java.io.IOException;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import jakarta.servlet.ServletException;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.task.ContextTaskDecorator;
import io.github.contextvars.spring.web.servlet.ContextFilter;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * No context outlives its use, while everything that it went through lives on.
 */
@Tag("stress")
class RetentionTests {

	private static final ContextVar<Object> VALUE = ContextVar.of("value");

	@Test
	void millionContextsLeaveNothing() throws Exception {
		assertNothingIsLeft(1_000_000);
	}

	static void assertNothingIsLeft(int contexts) throws Exception {
		WorkRegistry live = WorkRegistry.tracking();
		ContextFilter filter = new ContextFilter(live);
		ContextTaskDecorator decorator = new ContextTaskDecorator(live);
		ExecutorService pool = Executors.newFixedThreadPool(2);
		WeakReference<?>[] all = new WeakReference<?>[contexts];
		try {
			for (int i = 0; i < contexts; i += 2) {
				int at = i;
				request(filter, () -> {
					all[at] = new WeakReference<>(live.current().context());
					VALUE.set(new Object());
					Runnable task = decorator
						.decorate(() -> all[at + 1] = new WeakReference<>(live.current().context()));
					if (at % 1000 == 0) {
						pool.submit(task).get();
					}
					else {
						task.run();
					}
				});
			}

			Awaitility.await().untilAsserted(() -> assertThat(countLeft(all)).isZero());
		}
		finally {
			pool.shutdownNow();
			Reference.reachabilityFence(filter);
			Reference.reachabilityFence(decorator);
		}
	}

	private static void request(ContextFilter filter, Step body) throws ServletException, IOException {
		filter.doFilter(new MockHttpServletRequest("GET", "/"), new MockHttpServletResponse(), (request, response) -> {
			try {
				body.take();
			}
			catch (Exception ex) {
				throw new ServletException(ex);
			}
		});
	}

	private static long countLeft(WeakReference<?>[] all) {
		System.gc();
		return Arrays.stream(all).filter((one) -> !one.refersTo(null)).count();
	}

	@FunctionalInterface
	private interface Step {

		void take() throws Exception;

	}

}
