package io.github.contextvars.spring.stress;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

import io.netty.util.concurrent.EventExecutor;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.http.HttpResources;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.spring.threadlocal.ReactorContextVars;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Concurrent requests of two tenants to Spring WebFlux on a real Netty. Some fail, some
 * time out, and some are cancelled by their clients.
 */
class WebFluxLoadTests {

	private static final int CONCURRENT = 400;

	private static final List<String> PATHS = List.of("delay", "elastic", "publish", "client", "inner", "failing",
			"timeout", "cancelled");

	private static WebApp app;

	private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

	@BeforeAll
	static void start() {
		app = WebApp.start(Application.class, "spring.main.web-application-type=reactive",
				"spring.reactor.context-propagation=auto", "contextvars.fill.tenant.header=X-Tenant",
				"management.endpoints.web.exposure.include=contextvars");
		app.bean(Pages.class).port = app.port();
	}

	@AfterAll
	static void close() {
		app.close();
		Hooks.disableAutomaticContextPropagation();
	}

	@Test
	void eachRequestSeesItsOwnTenant() throws Exception {
		send(1);
	}

	@Test
	@Tag("stress")
	void eachRequestSeesItsOwnTenantUnderLoad() throws Exception {
		send(50);
	}

	private void send(int rounds) throws Exception {
		long leaked = Context.leakedScopes();
		Map<String, Integer> wrong = new TreeMap<>();
		for (int round = 0; round < rounds; round++) {
			List<CompletableFuture<HttpResponse<String>>> responses = new ArrayList<>();
			for (int i = 0; i < CONCURRENT; i++) {
				responses.add(send(PATHS.get(i % PATHS.size()), tenantOf(i)));
			}
			for (int i = 0; i < CONCURRENT; i++) {
				String path = PATHS.get(i % PATHS.size());
				if (path.equals("cancelled")) {
					responses.get(i).cancel(true);
				}
				else if (!responses.get(i).get(60, TimeUnit.SECONDS).body().equals(tenantOf(i))) {
					wrong.merge(path, 1, Integer::sum);
				}
			}
		}
		assertThat(wrong).isEmpty();
		Awaitility.await().untilAsserted(() -> assertThat(requests()).isEmpty());
		// What was cancelled has said for whom.
		assertThat(app.bean(Pages.class).cancelled).isEmpty();
		assertThat(depths()).containsOnly(0);
		assertThat(Context.leakedScopes()).isEqualTo(leaked);
		app.assertClean();
	}

	private static String tenantOf(int request) {
		return (request / PATHS.size() % 2 == 0) ? "acme" : "globex";
	}

	private CompletableFuture<HttpResponse<String>> send(String path, String tenant) {
		return this.client.sendAsync(HttpRequest.newBuilder(URI.create("http://localhost:" + app.port() + "/" + path))
			.timeout(Duration.ofMinutes(1))
			.headers("X-Tenant", tenant, "X-Expected", tenant)
			.build(), HttpResponse.BodyHandlers.ofString());
	}

	private static List<UnitOfWork> requests() {
		return app.bean(WorkRegistry.class)
			.list()
			.stream()
			.filter((unit) -> unit.kind() == UnitOfWork.Kind.REQUEST)
			.toList();
	}

	// Of each thread of the server, when it has nothing else to do.
	private static List<Integer> depths() throws Exception {
		List<Integer> depths = new ArrayList<>();
		for (EventExecutor thread : HttpResources.get().onServer(true)) {
			depths.add(thread.submit(Context::depth).get(20, TimeUnit.SECONDS));
		}
		return depths;
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(Pages.class)
	static class Application {

		@ContextVariable
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		@ContextVariable
		static final ContextVar<Integer> NUMBER = ContextVar.of("number");

		static String tenant() {
			return TENANT.get("none");
		}

		@Bean
		NettyReactiveWebServerFactory server() {
			return new NettyReactiveWebServerFactory();
		}

	}

	@RestController
	static class Pages {

		final List<String> cancelled = new CopyOnWriteArrayList<>();

		volatile int port;

		private final WebClient client = WebClient.create();

		@GetMapping("/delay")
		Mono<String> delay() {
			return Mono.delay(Duration.ofMillis(2)).map((ignored) -> Application.tenant());
		}

		@GetMapping("/elastic")
		Mono<String> elastic() {
			return Mono.fromCallable(Application::tenant).subscribeOn(Schedulers.boundedElastic());
		}

		@GetMapping("/publish")
		Mono<String> publish() {
			return Flux.range(0, 16)
				.publishOn(Schedulers.parallel())
				.map((ignored) -> Application.tenant())
				.publishOn(Schedulers.boundedElastic())
				.filter((tenant) -> tenant.equals(Application.tenant()))
				.collectList()
				.map((tenants) -> (tenants.size() == 16 && tenants.stream().distinct().count() == 1) ? tenants.get(0)
						: tenants.toString());
		}

		@GetMapping("/client")
		Mono<String> client() {
			return Mono.delay(Duration.ofMillis(1))
				.flatMap((ignored) -> this.client.get()
					.uri("http://localhost:" + this.port + "/delay")
					.header("X-Tenant", Application.tenant())
					.retrieve()
					.bodyToMono(String.class))
				.map((answer) -> answer.equals(Application.tenant()) ? answer : answer + "!" + Application.tenant());
		}

		@GetMapping("/inner")
		Mono<String> inner() {
			return Flux.range(0, 64)
				.flatMap((number) -> Mono.delay(Duration.ofMillis(1))
					.publishOn(Schedulers.parallel())
					.map((ignored) -> Application.NUMBER.get(-1) + " " + Application.tenant())
					.map((seen) -> seen.equals(number + " " + Application.tenant()))
					.contextWrite(ReactorContextVars.with(Application.NUMBER, number)), 4)
				.filter((right) -> !right)
				.count()
				.map((wrong) -> (wrong == 0) ? Application.tenant() : wrong + " wrong");
		}

		@GetMapping("/failing")
		Mono<String> failing() {
			return Mono.delay(Duration.ofMillis(1)).map((ignored) -> {
				throw new IllegalStateException(Application.tenant());
			});
		}

		@ExceptionHandler
		Mono<String> failed(IllegalStateException failure) {
			return Mono.fromCallable(() -> failure.getMessage().equals(Application.tenant()) ? Application.tenant()
					: failure.getMessage() + "!")
				.subscribeOn(Schedulers.boundedElastic());
		}

		@GetMapping("/timeout")
		Mono<String> timeout() {
			return Mono.<String>never().timeout(Duration.ofMillis(2), Mono.fromCallable(Application::tenant));
		}

		@GetMapping("/cancelled")
		Mono<String> cancelled(@RequestHeader("X-Expected") String expected) {
			return Mono.<String>never().doOnCancel(() -> {
				if (!Application.tenant().equals(expected)) {
					this.cancelled.add(Application.tenant() + " instead of " + expected);
				}
			});
		}

	}

}
