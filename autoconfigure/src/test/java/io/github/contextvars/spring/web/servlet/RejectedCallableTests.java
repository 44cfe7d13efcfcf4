package io.github.contextvars.spring.web.servlet;

import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import jakarta.servlet.http.HttpServletRequest;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.core.task.support.TaskExecutorAdapter;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.async.WebAsyncTask;
import org.springframework.web.context.request.async.WebAsyncUtils;
import org.springframework.web.servlet.DispatcherServlet;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.testing.WebApp;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a request has set is garbage after it, also where its task never began and a value
 * refers to the request.
 */
class RejectedCallableTests {

	private static final int REQUESTS = 50;

	private static final ContextVar<Object> VALUE = ContextVar.of("value");

	private static WebApp app;

	@BeforeAll
	static void start() {
		app = WebApp.start(Application.class, "management.endpoints.web.exposure.include=contextvars",
				"logging.level.org.apache.catalina=off", "logging.level.org.springframework.web=off");
	}

	@AfterAll
	static void stop() {
		app.bean(Pages.class).busy.countDown();
		app.bean(Pages.class).pool.shutdownNow();
		app.close();
	}

	@BeforeEach
	void forget() {
		app.bean(Pages.class).values.clear();
	}

	@ParameterizedTest
	@ValueSource(strings = { "/rejected", "/without/rejected" })
	void valuesOfRejectedTasksAreNotKept(String path) {
		for (int i = 0; i < REQUESTS; i++) {
			assertThat(app.get(path).statusCode()).isGreaterThanOrEqualTo(500);
		}

		assertThat(app.bean(Pages.class).values).hasSize(REQUESTS);
		Awaitility.await().untilAsserted(() -> assertThat(countKept()).isZero());
		app.assertClean();
	}

	private static long countKept() {
		System.gc();
		return app.bean(Pages.class).values.stream().filter((value) -> !value.refersTo(null)).count();
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(Pages.class)
	static class Application {

		// Where a request cannot become asynchronous at all.
		@Bean
		ServletRegistrationBean<DispatcherServlet> without(ApplicationContext context) {
			DispatcherServlet servlet = new DispatcherServlet();
			servlet.setApplicationContext(context);
			ServletRegistrationBean<DispatcherServlet> registration = new ServletRegistrationBean<>(servlet,
					"/without/*");
			registration.setName("without");
			registration.setAsyncSupported(false);
			return registration;
		}

	}

	@RestController
	static class Pages {

		private final CountDownLatch busy = new CountDownLatch(1);

		private final ThreadPoolExecutor pool = new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS,
				new ArrayBlockingQueue<>(1));

		private final AsyncTaskExecutor executor = new TaskExecutorAdapter(this.pool);

		private final List<WeakReference<Object>> values = new CopyOnWriteArrayList<>();

		Pages() {
			this.pool.submit(() -> this.busy.await(60, TimeUnit.SECONDS));
			this.pool.submit(() -> this.busy.await(60, TimeUnit.SECONDS));
		}

		@GetMapping("/rejected")
		WebAsyncTask<String> rejected(HttpServletRequest request) {
			set(request);
			Callable<String> task = () -> "never";
			return new WebAsyncTask<>(30_000L, this.executor, task);
		}

		private void set(HttpServletRequest request) {
			Object value = Map.of("request", request, "async", WebAsyncUtils.getAsyncManager(request));
			this.values.add(new WeakReference<>(value));
			VALUE.set(value);
		}

	}

}
