package io.github.contextvars.spring.web.servlet;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.Filter;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletRequestEvent;
import jakarta.servlet.ServletRequestListener;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.server.servlet.context.ServletWebServerApplicationContext;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.registry.ContextVariableRegistry;
import io.github.contextvars.spring.registry.OutsideContextPolicy;
import io.github.contextvars.spring.testing.MixedWork;
import io.github.contextvars.spring.testing.ServerThreads;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Callbacks of non-blocking reads and writes see their request's values, on Tomcat and on
 * Jetty, and so few threads that each serves many requests.
 */
@ParameterizedClass
@MethodSource("servers")
class NonBlockingIoTests {

	private static final int UNITS = 240;

	private static final int THREADS = 3;

	private static ServletWebServerApplicationContext application;

	@Parameter(0)
	@SuppressWarnings("unused")
	private String server;

	@Parameter(1)
	@SuppressWarnings("unused")
	private Threading threading;

	static Stream<Object[]> servers() {
		return Stream.concat(Threading.available().map((threading) -> new Object[] { "tomcat", threading }),
				Stream.<Object[]>of(new Object[] { "jetty", Threading.PLATFORM }));
	}

	@BeforeParameterizedClassInvocation
	static void start(String server, Threading threading) {
		List<String> properties = new ArrayList<>(
				List.of("server.port=0", "server.shutdown=immediate", "tests.frameworks=" + server,
						"server.tomcat.threads.max=" + THREADS, "spring.main.banner-mode=off", "logging.level.root=off",
						"management.endpoints.web.exposure.include=contextvars", threading.property()));
		if (server.equals("jetty")) {
			properties.add("spring.autoconfigure.exclude="
					+ "org.springframework.boot.tomcat.autoconfigure.servlet.TomcatServletWebServerAutoConfiguration,"
					+ "org.springframework.boot.tomcat.autoconfigure.actuate.web.server.TomcatServletManagementContextAutoConfiguration");
		}
		application = (ServletWebServerApplicationContext) new SpringApplicationBuilder(Application.class)
			.web(WebApplicationType.SERVLET)
			.properties(properties.toArray(String[]::new))
			.run();
	}

	@AfterParameterizedClassInvocation
	static void stop() {
		application.close();
	}

	@AfterEach
	void threadsAreClean() throws Exception {
		ServerThreads.assertClean(application.getWebServer(), THREADS);
	}

	@Test
	void callbacksOfRequestsAreSeparate() throws Exception {
		List<MixedWork.Unit> units = units("mixed");

		assertThat(upload(units, "")).isEqualTo(units.stream().map(MixedWork.Unit::id).toList());

		work().assertSeen(units, (unit) -> {
			String value = unit.expected();
			return List.of("filter -", "servlet " + value, "onAllDataRead " + value, "onWritePossible " + value,
					"onComplete " + value);
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "read", "write", "abort" })
	void callbacksOfRequestsThatFailAreSeparate(String fails) throws Exception {
		List<MixedWork.Unit> units = units(fails);

		upload(units, fails);

		work().assertSeen(units, (unit) -> {
			String value = unit.expected();
			List<String> lines = new ArrayList<>(List.of("filter -", "servlet " + value));
			if (fails.equals("write")) {
				lines.addAll(List.of("onAllDataRead " + value, "onWritePossible " + value));
			}
			lines.addAll(List.of("onError " + value, "onComplete " + value));
			return lines;
		});
	}

	@Test
	void listenerOfRequestsCannotSetWhatTheNextRequestReads() throws Exception {
		Listener listener = application.getBean(Listener.class);
		List<MixedWork.Unit> units = List.of(new MixedWork.Unit("listened", null), new MixedWork.Unit("next", null));

		// The probes of threads have replaced the application's policy.
		try (OutsideContextPolicy policy = OutsideContextPolicy.install(
				application.getBean(ContextVariableRegistry.class), OutsideContextPolicy.Mode.REJECT,
				OutsideContextPolicy.Mode.ALLOW)) {
			listener.sets = true;
			upload(units.get(0), "");
			listener.sets = false;
			upload(units.get(1), "");
			assertThat(policy.sets()).isOne();
		}

		assertThat(listener.rejected).singleElement(InstanceOfAssertFactories.STRING)
			.contains("'tenant' is set", "outside any context", "Listener.requestInitialized(NonBlockingIoTests");
		work().assertSeen(units,
				(unit) -> List.of("filter -", "servlet -", "onAllDataRead -", "onWritePossible -", "onComplete -"));
	}

	private static List<MixedWork.Unit> units(String prefix) {
		return MixedWork.units(UNITS)
			.stream()
			.map((unit) -> new MixedWork.Unit(prefix + "-" + unit.id(), unit.tenant()))
			.toList();
	}

	private static MixedWork work() {
		return application.getBean(MixedWork.class);
	}

	private static List<String> upload(List<MixedWork.Unit> units, String fails) throws Exception {
		ExecutorService clients = Executors.newFixedThreadPool(8);
		try {
			List<String> bodies = new ArrayList<>();
			List<Callable<String>> uploads = units.stream()
				.<Callable<String>>map((unit) -> () -> upload(unit, fails))
				.toList();
			for (Future<String> response : clients.invokeAll(uploads, 30, TimeUnit.SECONDS)) {
				bodies.add(response.get());
			}
			return bodies;
		}
		finally {
			clients.shutdownNow();
		}
	}

	// In two halves: the second is sent when the first has arrived.
	private static String upload(MixedWork.Unit unit, String fails) throws Exception {
		try (Socket socket = new Socket("localhost", application.getWebServer().getPort())) {
			socket.setSoTimeout(30_000);
			CompletableFuture<Void> firstHalf = application.getBean(Uploads.class).expect(unit.id());
			String headers = "POST /upload HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\n"
					+ "X-Id: " + unit.id() + "\r\nX-Fails: " + fails + "\r\n"
					+ ((unit.tenant() != null) ? "X-Tenant: " + unit.tenant() + "\r\n" : "") + "\r\n";
			socket.getOutputStream().write((headers + "1").getBytes(StandardCharsets.US_ASCII));
			firstHalf.get(30, TimeUnit.SECONDS);
			if (fails.equals("abort")) {
				socket.setSoLinger(true, 0);
				return "";
			}
			socket.getOutputStream().write('2');
			String response = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
			return response.substring(response.indexOf("\r\n\r\n") + 4);
		}
	}

	/**
	 * An application that reads and writes without blocking.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		@ContextVariable
		ContextVar<String> tenant() {
			return MixedWork.TENANT;
		}

		@Bean
		MixedWork work() {
			return new MixedWork();
		}

		@Bean
		Uploads uploads() {
			return new Uploads();
		}

		@Bean
		Filter tenantFilter(MixedWork work) {
			return (request, response, chain) -> {
				if (request instanceof HttpServletRequest upload && upload.getHeader("X-Id") != null) {
					work.begin(upload.getHeader("X-Id"), "filter", upload.getHeader("X-Tenant"));
				}
				chain.doFilter(request, response);
			};
		}

		@Bean
		Listener listener() {
			return new Listener();
		}

		@Bean
		ServletRegistrationBean<HttpServlet> uploadServlet(MixedWork work, Uploads uploads) {
			return new ServletRegistrationBean<>(new UploadServlet(work, uploads), "/upload");
		}

	}

	static final class Uploads {

		private final Map<String, CompletableFuture<Void>> firstHalves = new ConcurrentHashMap<>();

		CompletableFuture<Void> expect(String id) {
			return this.firstHalves.computeIfAbsent(id, (key) -> new CompletableFuture<>());
		}

	}

	static final class Listener implements ServletRequestListener {

		private final Queue<String> rejected = new ConcurrentLinkedQueue<>();

		private volatile boolean sets;

		@Override
		public void requestInitialized(ServletRequestEvent event) {
			if (this.sets) {
				try {
					MixedWork.TENANT.set("listener's");
				}
				catch (IllegalStateException ex) {
					this.rejected.add(ex.getMessage());
				}
			}
		}

	}

	static final class UploadServlet extends HttpServlet {

		private static final long serialVersionUID = 1L;

		private final transient MixedWork work;

		private final transient Uploads uploads;

		UploadServlet(MixedWork work, Uploads uploads) {
			this.work = work;
			this.uploads = uploads;
		}

		@Override
		protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
			String id = request.getHeader("X-Id");
			this.work.see(id, "servlet");
			// Started with no request and response, it has the container's own.
			boolean startedWithout = id.hashCode() % 2 == 0;
			AsyncContext async = startedWithout ? request.startAsync() : request.startAsync(request, response);
			Upload upload = new Upload(id, request, async,
					startedWithout ? async.getRequest().getInputStream() : request.getInputStream(),
					startedWithout ? async.getResponse().getOutputStream() : response.getOutputStream());
			upload.begin();
		}

		private final class Upload implements AsyncListener, ReadListener, WriteListener {

			private final String id;

			private final String tenant;

			private final String fails;

			private final AsyncContext async;

			private final ServletInputStream input;

			private final ServletOutputStream output;

			private boolean written;

			private Upload(String id, HttpServletRequest request, AsyncContext async, ServletInputStream input,
					ServletOutputStream output) {
				this.id = id;
				this.tenant = (request.getHeader("X-Tenant") != null) ? request.getHeader("X-Tenant") : "-";
				this.fails = request.getHeader("X-Fails");
				this.async = async;
				this.input = input;
				this.output = output;
			}

			void begin() {
				this.async.addListener(this);
				this.input.setReadListener(this);
			}

			// The container may call it any number of times.
			@Override
			public void onDataAvailable() throws IOException {
				if (!MixedWork.TENANT.get().equals(this.tenant)) {
					UploadServlet.this.work.see(this.id, "onDataAvailable");
				}
				MixedWork.TENANT.set("left by " + this.id);
				while (this.input.isReady() && this.input.read() != -1) {
					UploadServlet.this.uploads.expect(this.id).complete(null);
					if (this.fails.equals("read")) {
						throw new IOException("planned");
					}
				}
			}

			@Override
			public void onAllDataRead() {
				UploadServlet.this.work.end(this.id, "onAllDataRead");
				this.output.setWriteListener(this);
			}

			@Override
			public void onWritePossible() throws IOException {
				UploadServlet.this.work.end(this.id, "onWritePossible");
				if (this.fails.equals("write")) {
					throw new IOException("planned");
				}
				if (this.output.isReady() && !this.written) {
					this.written = true;
					this.output.write(this.id.getBytes(StandardCharsets.UTF_8));
					this.async.complete();
				}
			}

			// Of either listener.
			@Override
			public void onError(Throwable failure) {
				UploadServlet.this.work.end(this.id, "onError");
				this.async.complete();
			}

			@Override
			public void onComplete(AsyncEvent event) {
				UploadServlet.this.uploads.expect(this.id).complete(null);
				UploadServlet.this.work.end(this.id, "onComplete");
			}

			@Override
			public void onTimeout(AsyncEvent event) {
				UploadServlet.this.work.end(this.id, "onTimeout");
			}

			// Tomcat calls it too, Jetty does not.
			@Override
			public void onError(AsyncEvent event) {
			}

			@Override
			public void onStartAsync(AsyncEvent event) {
			}

		}

	}

}
