package io.github.contextvars.spring.threadlocal;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.MDC;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.servlet.LocaleResolver;
import org.springframework.web.servlet.i18n.AcceptHeaderLocaleResolver;

import io.github.contextvars.spring.testing.ThreadLocalValues;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Concurrent requests of three users through small pools whose tasks change their user.
 */
class ThreadLocalLoadTests {

	private static final int REQUESTS = 120;

	@ParameterizedTest
	@MethodSource("io.github.contextvars.testsupport.Threading#available")
	void tasksOfConcurrentRequestsHaveTheirUser(Threading threading) {
		try (WebApp app = WebApp.start(Application.class, "server.tomcat.threads.max=8",
				"spring.task.execution.pool.core-size=2", "contextvars.thread-locals=*", threading.property())) {
			HttpClient client = HttpClient.newHttpClient();
			List<CompletableFuture<HttpResponse<String>>> responses = IntStream.range(0, REQUESTS)
				.mapToObj((i) -> client
					.sendAsync(HttpRequest.newBuilder(URI.create("http://localhost:" + app.port() + "/tasks"))
						.header("X-User", "user" + i % 3)
						.build(), HttpResponse.BodyHandlers.ofString()))
				.toList();

			for (int i = 0; i < REQUESTS; i++) {
				assertThat(responses.get(i).join().body().split(";")).hasSize(Application.READS)
					.containsOnly(String.join(" ", Collections.nCopies(5, "user" + i % 3)));
			}
			app.assertClean();
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableAsync
	static class Application {

		static final int READS = 9;

		@Bean(destroyMethod = "shutdownNow")
		static ExecutorService pool() {
			return Executors.newFixedThreadPool(2);
		}

		@Bean
		static AsyncTasks asyncTasks() {
			return new AsyncTasks();
		}

		@Bean
		static LocaleResolver localeResolver() {
			return new AcceptHeaderLocaleResolver() {

				@Override
				public Locale resolveLocale(HttpServletRequest request) {
					return Locale.forLanguageTag("und-x-" + request.getHeader("X-User"));
				}

			};
		}

		@Bean
		static FilterRegistrationBean<Filter> userFilter() {
			FilterRegistrationBean<Filter> registration = new FilterRegistrationBean<>(new OncePerRequestFilter() {

				@Override
				protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response,
						FilterChain chain) throws ServletException, IOException {
					ThreadLocalValues.set(request.getHeader("X-User"));
					try {
						chain.doFilter(request, response);
					}
					finally {
						ThreadLocalValues.clear();
					}
				}

			});
			registration.setOrder(0);
			return registration;
		}

		private static String readAndChange() {
			String read = String.join(" ", ThreadLocalValues.read());
			SecurityContextHolder.getContext().setAuthentication(new TestingAuthenticationToken("mallory", ""));
			MDC.setContextMap(Map.of("user", "mallory"));
			return read;
		}

		@RestController
		static class Requests {

			private final ExecutorService pool;

			private final AsyncTasks async;

			Requests(ExecutorService pool, AsyncTasks async) {
				this.pool = pool;
				this.async = async;
			}

			@GetMapping("/tasks")
			Callable<String> get() throws Exception {
				List<Future<String>> tasks = new ArrayList<>();
				for (int i = 0; i < READS / 3; i++) {
					tasks.add(this.pool.submit(Application::readAndChange));
					tasks.add(this.async.run());
					tasks.add(CompletableFuture.supplyAsync(Application::readAndChange, this.pool));
				}
				return () -> {
					List<String> lines = new ArrayList<>();
					for (Future<String> task : tasks) {
						lines.add(task.get());
					}
					lines.set(0, readAndChange().equals(lines.get(0)) ? lines.get(0) : "the callable has another user");
					return String.join(";", lines);
				};
			}

		}

		static class AsyncTasks {

			@Async
			CompletableFuture<String> run() {
				return CompletableFuture.completedFuture(readAndChange());
			}

		}

	}

}
