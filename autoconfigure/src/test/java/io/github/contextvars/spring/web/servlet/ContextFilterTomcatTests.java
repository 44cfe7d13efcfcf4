package io.github.contextvars.spring.web.servlet;

import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.web.error.ErrorAttributeOptions;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.boot.webmvc.error.DefaultErrorAttributes;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ResponseBody;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.context.request.async.AsyncRequestTimeoutException;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.filter.OncePerRequestFilter;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.testing.OutermostFilterRegistration;
import io.github.contextvars.spring.testing.ThreadContextProbe;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * One container thread serves everything, so that whatever a request leaves behind is
 * found by the next.
 */
@ParameterizedClass
@MethodSource("io.github.contextvars.testsupport.Threading#available")
class ContextFilterTomcatTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant");

	private static final ContextVar<String> STEP = ContextVar.of("step");

	private static final Map<String, String> AFTERWARDS = new ConcurrentHashMap<>();

	private static WebApp app;

	@Parameter
	private Threading threading;

	@BeforeParameterizedClassInvocation
	static void start(Threading threading) {
		app = WebApp.start(Application.class, threading.property(), "server.tomcat.threads.max=1",
				"server.tomcat.threads.min-spare=1");
	}

	@AfterParameterizedClassInvocation
	static void stop() {
		app.close();
	}

	@AfterEach
	void threadsAreHandedBackClean() {
		app.assertClean();
	}

	@Test
	void requestStartsWithEmptyContext() {
		assertThat(app.get("/empty").body()).isEqualTo("true");
	}

	@Test
	void requestAfterRequestOfTenantIsAnonymous() {
		assertThat(app.get("/tenant", "X-Tenant", "acme").body()).isEqualTo("acme");
		assertThat(app.get("/tenant").body()).isEqualTo("none");
	}

	@Test
	void threadOfApplicationIsTheOneThatWasAskedFor() {
		assertThat(app.get("/virtual").body()).isEqualTo(Boolean.toString(this.threading == Threading.VIRTUAL));
	}

	@Test
	void callableRunsInCopyAndRedispatchInRequestsContext() {
		HttpResponse<String> response = app.get("/callable", "X-Tenant", "acme");

		assertThat(response.body()).isEqualTo("acme before");
		app.assertClean();
		assertThat(AFTERWARDS).containsEntry("/callable ASYNC", "before");
	}

	@Test
	void asyncDispatchEntersSameContext() {
		assertThat(app.get("/servlet-async", "X-Tenant", "acme").body()).isEqualTo("acme first");
	}

	@Test
	void errorDispatchEntersSameContext() {
		HttpResponse<String> response = app.get("/fail", "X-Tenant", "acme");

		assertThat(response.statusCode()).isEqualTo(500);
		assertThat(response.body()).contains("\"tenant\":\"acme\"").contains("\"step\":\"failing\"");
		assertThat(app.get("/fail").body()).contains("\"tenant\":\"none\"");
	}

	@Test
	void sendErrorDispatchEntersSameContext() {
		HttpResponse<String> response = app.get("/send-error", "X-Tenant", "acme");

		assertThat(response.statusCode()).isEqualTo(HttpStatus.I_AM_A_TEAPOT.value());
		assertThat(response.body()).contains("\"tenant\":\"acme\"");
	}

	@Test
	void errorOutsideOfSpringMvcEntersSameContext() {
		assertThat(app.get("/servlet-fail", "X-Tenant", "acme").body()).contains("\"tenant\":\"acme\"");
	}

	@Test
	void stackOverflowLeavesContext() {
		HttpResponse<String> response = app.get("/overflow", "X-Tenant", "acme");

		assertThat(response.statusCode()).isEqualTo(500);
		assertThat(response.body()).contains("\"tenant\":\"acme\"");
	}

	@Test
	void failureAfterCommitLeavesContext() {
		assertThatIllegalStateException().isThrownBy(() -> app.get("/fail-late", "X-Tenant", "acme"))
			.withCauseInstanceOf(IOException.class);

		assertThat(app.get("/tenant").body()).isEqualTo("none");
	}

	@Test
	void forwardStaysInContext() {
		assertThat(app.get("/forward", "X-Tenant", "acme").body()).isEqualTo("target acme");
		app.assertClean();
		assertThat(AFTERWARDS).containsEntry("/forward REQUEST", "target");
	}

	@Test
	void includeStaysInContext() {
		assertThat(app.get("/servlet-include", "X-Tenant", "acme").body())
			.isEqualTo("included acme including then included");
	}

	@Test
	void timeoutDispatchEntersSameContext() {
		HttpResponse<String> response = app.get("/timeout", "X-Tenant", "acme");

		assertThat(response.body()).isEqualTo("timed out acme");
	}

	@Test
	void clientAbortLeavesContext() throws Exception {
		Endless.written = new CountDownLatch(1);
		Endless.failed = new CountDownLatch(1);
		try (Socket socket = new Socket("localhost", app.port())) {
			socket.setSoLinger(true, 0);
			socket.getOutputStream()
				.write("GET /endless HTTP/1.1\r\nHost: localhost\r\nX-Tenant: acme\r\n\r\n"
					.getBytes(StandardCharsets.US_ASCII));
			assertThat(Endless.written.await(30, TimeUnit.SECONDS)).isTrue();
		}

		assertThat(Endless.failed.await(30, TimeUnit.SECONDS)).isTrue();
		assertThat(app.get("/tenant").body()).isEqualTo("none");
	}

	@Test
	void sentinelSeesThreadThatIsHandedBackInContext() {
		app.get("/leak");

		assertThat(app.takeDirty()).anyMatch((entry) -> entry.startsWith("exit of REQUEST /leak"));
		app.get("/unleak");
		app.takeDirty();
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import({ Pages.class, TenantFilter.class })
	static class Application {

		@Bean
		ServletRegistrationBean<HttpServlet> asyncServlet() {
			return new ServletRegistrationBean<>(new DispatchingServlet(), "/servlet-async");
		}

		@Bean
		ServletRegistrationBean<HttpServlet> failingServlet() {
			return new ServletRegistrationBean<>(new FailingServlet(), "/servlet-fail");
		}

		@Bean
		ServletRegistrationBean<HttpServlet> includingServlet() {
			return new ServletRegistrationBean<>(new IncludingServlet(), "/servlet-include");
		}

		@Bean
		ServletRegistrationBean<HttpServlet> includedServlet() {
			return new ServletRegistrationBean<>(new IncludedServlet(), "/servlet-included");
		}

		@Bean
		ServletRegistrationBean<HttpServlet> endlessServlet() {
			return new ServletRegistrationBean<>(new Endless(), "/endless");
		}

		// Outside of the library's filter: it plants what the sentinel must see.
		@Bean
		FilterRegistrationBean<LeakingFilter> leakingFilter() {
			return new OutermostFilterRegistration<>(new LeakingFilter());
		}

		@Bean
		DefaultErrorAttributes errorAttributes() {
			return new DefaultErrorAttributes() {

				@Override
				public Map<String, Object> getErrorAttributes(WebRequest request, ErrorAttributeOptions options) {
					Map<String, Object> attributes = super.getErrorAttributes(request, options);
					attributes.put("tenant", TENANT.get("none"));
					attributes.put("step", STEP.get("none"));
					return attributes;
				}

			};
		}

	}

	static class TenantFilter extends OncePerRequestFilter {

		@Override
		protected boolean shouldNotFilterAsyncDispatch() {
			return false;
		}

		@Override
		protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
				throws ServletException, IOException {
			String tenant = request.getHeader("X-Tenant");
			if (tenant != null && request.getDispatcherType() == DispatcherType.REQUEST) {
				TENANT.set(tenant);
			}
			chain.doFilter(request, response);
			AFTERWARDS.put(request.getRequestURI() + " " + request.getDispatcherType(), STEP.get("none"));
		}

	}

	static class LeakingFilter extends OncePerRequestFilter {

		private static Context.Scope scope;

		@Override
		protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
				throws ServletException, IOException {
			if (request.getRequestURI().equals("/leak")) {
				scope = new Context().enter();
			}
			chain.doFilter(request, response);
			if (request.getRequestURI().equals("/unleak") && ThreadContextProbe.isInContext()) {
				scope.close();
			}
		}

	}

	@Controller
	static class Pages {

		@GetMapping({ "/tenant", "/leak", "/unleak" })
		@ResponseBody
		String tenant() {
			return TENANT.get("none");
		}

		@GetMapping("/empty")
		@ResponseBody
		String empty() {
			return Boolean.toString(Context.copyOfCurrent().isEmpty());
		}

		@GetMapping("/virtual")
		@ResponseBody
		String virtual() throws Exception {
			return (Runtime.version().feature() < 21) ? "false"
					: Thread.class.getMethod("isVirtual").invoke(Thread.currentThread()).toString();
		}

		@GetMapping("/callable")
		@ResponseBody
		Callable<String> callable() {
			STEP.set("before");
			return () -> {
				String seen = TENANT.get() + " " + STEP.get();
				STEP.set("inside");
				return seen;
			};
		}

		@GetMapping("/fail")
		void fail() {
			STEP.set("failing");
			throw new IllegalArgumentException("planned");
		}

		@GetMapping("/send-error")
		void sendError(HttpServletResponse response) throws IOException {
			response.sendError(HttpStatus.I_AM_A_TEAPOT.value());
		}

		@GetMapping("/overflow")
		void overflow() {
			overflow();
		}

		@GetMapping("/fail-late")
		void failLate(HttpServletResponse response) throws IOException {
			response.setContentLength(1000);
			response.getOutputStream().print("partial");
			response.flushBuffer();
			throw new IllegalStateException("planned");
		}

		@GetMapping("/forward")
		String forward() {
			STEP.set("forwarding");
			return "forward:/target";
		}

		@GetMapping("/target")
		@ResponseBody
		String target() {
			STEP.set("target");
			return "target " + TENANT.get("none");
		}

		@GetMapping("/timeout")
		@ResponseBody
		DeferredResult<String> timeout() {
			return new DeferredResult<>(1L);
		}

		@ExceptionHandler
		@ResponseBody
		String timedOut(AsyncRequestTimeoutException ex) {
			return "timed out " + TENANT.get("none");
		}

	}

	static class DispatchingServlet extends HttpServlet {

		private static final long serialVersionUID = 1L;

		@Override
		protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
			if (request.getDispatcherType() == DispatcherType.ASYNC) {
				response.getWriter().print(TENANT.get("none") + " " + STEP.get("none"));
				return;
			}
			STEP.set("first");
			AsyncContext async = request.startAsync();
			new Thread(async::dispatch).start();
		}

	}

	static class FailingServlet extends HttpServlet {

		private static final long serialVersionUID = 1L;

		@Override
		protected void doGet(HttpServletRequest request, HttpServletResponse response) throws ServletException {
			throw new ServletException("planned");
		}

	}

	static class IncludingServlet extends HttpServlet {

		private static final long serialVersionUID = 1L;

		@Override
		protected void doGet(HttpServletRequest request, HttpServletResponse response)
				throws ServletException, IOException {
			STEP.set("including");
			request.getRequestDispatcher("/servlet-included").include(request, response);
			response.getWriter().print(" then " + STEP.get("none"));
		}

	}

	static class IncludedServlet extends HttpServlet {

		private static final long serialVersionUID = 1L;

		@Override
		protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
			response.getWriter().print("included " + TENANT.get("none") + " " + STEP.get("none"));
			STEP.set("included");
		}

	}

	static class Endless extends HttpServlet {

		private static final long serialVersionUID = 1L;

		private static volatile CountDownLatch written;

		private static volatile CountDownLatch failed;

		@Override
		protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
			byte[] block = new byte[8192];
			try {
				while (true) {
					response.getOutputStream().write(block);
					response.flushBuffer();
					written.countDown();
				}
			}
			finally {
				failed.countDown();
			}
		}

	}

}
