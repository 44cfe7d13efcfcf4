package io.github.contextvars.spring.logging;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.web.error.ErrorAttributeOptions;
import org.springframework.boot.webmvc.error.DefaultErrorAttributes;
import org.springframework.boot.webmvc.error.ErrorAttributes;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.filter.OncePerRequestFilter;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.testing.WebApp;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The line that Tomcat logs for an uncaught exception shows the logged variables of the
 * request that has failed, and the thread is left as it was.
 */
class FailedRequestLogTests {

	private static final ListAppender<ILoggingEvent> LINES = new ListAppender<>();

	private static WebApp app;

	@BeforeAll
	static void start() {
		app = WebApp.start(FailingApplication.class, "management.server.port=0",
				"management.endpoints.web.exposure.include=*", "server.tomcat.threads.max=1",
				"server.tomcat.threads.min-spare=1", "logging.level.org.apache.catalina=error");
		LINES.start();
		logger().addAppender(LINES);
	}

	@AfterAll
	static void stop() {
		logger().detachAppender(LINES);
		app.close();
	}

	@BeforeEach
	void forget() {
		LINES.list.clear();
	}

	@AfterEach
	void threadsAreClean() {
		app.assertClean();
	}

	@ParameterizedTest
	@ValueSource(strings = { "/failing", "/failing/async", "/failing/later" })
	void lineOfFailedRequestShowsItsLoggedVariables(String path) {
		for (String tenant : List.of("acme", "globex")) {
			assertThat(app.get(path, "X-Tenant", tenant).statusCode()).isEqualTo(500);
		}
		app.get(path);

		assertThat(lines()).containsExactly("acme", "globex", "-");
	}

	@Test
	void errorDispatchAfterTheLineHasTheContext() {
		assertThat(app.get("/failing", "X-Tenant", "acme").body()).contains("error page of acme");
	}

	@Test
	void lineOfFailedRequestToTheManagementPortShowsItsLoggedVariables() {
		assertThat(app.get(app.managementPort(), "/actuator/failing").statusCode()).isEqualTo(500);

		assertThat(lines()).containsExactly("acme");
	}

	private static List<String> lines() {
		return LINES.list.stream()
			.filter((event) -> event.getMessage().contains("threw exception"))
			.map((event) -> event.getMDCPropertyMap().getOrDefault("tenant", "-"))
			.distinct() // a dispatch has a line of its own
			.toList();
	}

	private static Logger logger() {
		return (Logger) LoggerFactory.getLogger("org.apache.catalina.core.ContainerBase");
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import({ FailingApplication.Pages.class, FailingApplication.TenantFilter.class })
	static class FailingApplication {

		@ContextVariable(description = "Whose request it is", logged = true)
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		@Bean
		FailingEndpoint failingEndpoint() {
			return new FailingEndpoint();
		}

		@Bean
		ErrorAttributes errorAttributes() {
			return new DefaultErrorAttributes() {

				@Override
				public Map<String, Object> getErrorAttributes(WebRequest request, ErrorAttributeOptions options) {
					return Map.of("status", 500, "message", "error page of " + TENANT.get("none"));
				}

			};
		}

		static class TenantFilter extends OncePerRequestFilter {

			@Override
			protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
					throws ServletException, IOException {
				if (request.getHeader("X-Tenant") != null) {
					TENANT.set(request.getHeader("X-Tenant"));
				}
				chain.doFilter(request, response);
			}

		}

		@RestController
		static class Pages {

			@GetMapping("/failing")
			void failing() {
				throw new IllegalStateException("planned");
			}

			@GetMapping("/failing/async")
			Callable<String> failingAsync() {
				return () -> {
					throw new IllegalStateException("planned");
				};
			}

			@GetMapping("/failing/later")
			DeferredResult<String> failingLater() {
				DeferredResult<String> result = new DeferredResult<>();
				new Thread(() -> result.setErrorResult(new IllegalStateException("planned"))).start();
				return result;
			}

		}

		@Endpoint(id = "failing")
		static class FailingEndpoint {

			@ReadOperation
			String read() {
				TENANT.set("acme");
				throw new IllegalStateException("planned");
			}

		}

	}

}
