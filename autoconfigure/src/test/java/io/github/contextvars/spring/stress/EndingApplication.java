package io.github.contextvars.spring.stress;

import java.io.IOException;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

import io.github.contextvars.spring.testing.OutermostFilterRegistration;

/**
 * Starts asynchronous processing and ends it as the request asks.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@Import(LoadApplication.ScenarioFilter.class)
class EndingApplication {

	// Opened when the container thread has left all filters.
	private static volatile CountDownLatch returned = new CountDownLatch(1);

	@Bean
	ViolationLog log() {
		return new ViolationLog();
	}

	@Bean
	ServletRegistrationBean<HttpServlet> endingServlet(ExecutorService others) {
		return new ServletRegistrationBean<>(new EndingServlet(others), "/ending");
	}

	@Bean(destroyMethod = "shutdownNow")
	ExecutorService others() {
		return Executors.newCachedThreadPool();
	}

	@Bean
	FilterRegistrationBean<Filter> outermost() {
		FilterRegistrationBean<Filter> registration = new OutermostFilterRegistration<>((request, response, chain) -> {
			CountDownLatch mine = new CountDownLatch(1);
			returned = mine;
			try {
				chain.doFilter(request, response);
			}
			finally {
				mine.countDown();
			}
		});
		registration.setAsyncSupported(true);
		return registration;
	}

	private static final class EndingServlet extends HttpServlet {

		private static final long serialVersionUID = 1L;

		private static final long LONG = 60_000;

		private final transient ExecutorService others;

		private EndingServlet(ExecutorService others) {
			this.others = others;
		}

		@Override
		protected void doGet(HttpServletRequest request, HttpServletResponse response)
				throws ServletException, IOException {
			RequestScenario scenario = (RequestScenario) request.getAttribute("scenario");
			AsyncEndingTests.Ending ending = AsyncEndingTests.Ending.valueOf(request.getParameter("ending"));
			AsyncEndingTests.Timing timing = AsyncEndingTests.Timing.valueOf(request.getParameter("timing"));
			if (request.getDispatcherType() == DispatcherType.ASYNC) {
				if (ending == AsyncEndingTests.Ending.EXCEPTION) {
					throw new ServletException("planned");
				}
				response.getWriter().print(scenario.id());
				return;
			}
			scenario.advance();
			AsyncContext async = request.startAsync();
			async.setTimeout((ending == AsyncEndingTests.Ending.TIMEOUT) ? timing.timeOut() : LONG);
			async.addListener(new Listener(scenario));
			if (ending == AsyncEndingTests.Ending.EXCEPTION && timing == AsyncEndingTests.Timing.BEFORE) {
				scenario.log().count(AsyncEndingTests.Order.ENDED_FIRST.name());
				throw new ServletException("planned");
			}
			SplittableRandom random = new SplittableRandom(scenario.number());
			long lead = random.nextLong(ending.nanos());
			boolean endsLast = random.nextBoolean();
			CountDownLatch latch = returned;
			await(timing, latch, endsLast ? lead : -lead, () -> {
				boolean returnedFirst = latch.getCount() == 0;
				end(ending, timing, async, scenario);
				boolean endedFirst = latch.getCount() > 0;
				scenario.log().count(AsyncEndingTests.Order.of(endedFirst, returnedFirst).name());
			});
		}

		// At the same time: with a lead of some nanoseconds, or as many behind.
		private void await(AsyncEndingTests.Timing timing, CountDownLatch latch, long lead, Step end)
				throws ServletException {
			CyclicBarrier barrier = new CyclicBarrier(2);
			Future<?> ended = this.others.submit(() -> {
				switch (timing) {
					case BEFORE -> {
					}
					case AT -> {
						barrier.await(Awaiting.SECONDS, TimeUnit.SECONDS);
						LockSupport.parkNanos(lead);
					}
					case AFTER -> {
						Awaiting.forLatch(latch);
						LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
					}
				}
				end.take();
				return null;
			});
			try {
				if (timing == AsyncEndingTests.Timing.BEFORE) {
					Awaiting.forEnd(ended);
				}
				if (timing == AsyncEndingTests.Timing.AT) {
					barrier.await(Awaiting.SECONDS, TimeUnit.SECONDS);
					LockSupport.parkNanos(-lead);
				}
			}
			catch (Exception ex) {
				throw new ServletException(ex);
			}
		}

		private static void end(AsyncEndingTests.Ending ending, AsyncEndingTests.Timing timing, AsyncContext async,
				RequestScenario scenario) throws IOException {
			switch (ending) {
				case COMPLETE -> async.complete();
				case DISPATCH, EXCEPTION -> async.dispatch();
				case ERROR -> {
					((HttpServletResponse) async.getResponse()).sendError(500);
					async.complete();
				}
				case TIMEOUT -> LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2 * timing.timeOut()));
				case ABORT -> writeUntilItFails(async, scenario);
			}
		}

		private static void writeUntilItFails(AsyncContext async, RequestScenario scenario) {
			byte[] block = new byte[8192];
			try {
				while (true) {
					async.getResponse().getOutputStream().write(block);
					async.getResponse().flushBuffer();
				}
			}
			catch (IOException | RuntimeException ex) {
				scenario.log().count("aborts"); // the response may be gone already
			}
		}

		@FunctionalInterface
		private interface Step {

			void take() throws Exception;

		}

	}

	private record Listener(RequestScenario scenario) implements AsyncListener {

		@Override
		public void onComplete(AsyncEvent event) {
			this.scenario.work("onComplete").run();
		}

		@Override
		public void onTimeout(AsyncEvent event) {
			this.scenario.work("onTimeout").run();
			event.getAsyncContext().complete();
		}

		@Override
		public void onError(AsyncEvent event) {
			this.scenario.work("onError").run();
			event.getAsyncContext().complete();
		}

		@Override
		public void onStartAsync(AsyncEvent event) {
			this.scenario.work("onStartAsync").run();
		}

	}

}
