package io.github.contextvars.spring;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.task.support.TaskExecutorAdapter;
import org.springframework.http.MediaType;
import org.springframework.http.client.reactive.JdkClientHttpConnector;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.context.request.async.CallableProcessingInterceptor;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.context.request.async.DeferredResultProcessingInterceptor;
import org.springframework.web.context.request.async.WebAsyncTask;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.reactive.function.client.WebClient;
import org.springframework.web.servlet.config.annotation.AsyncSupportConfigurer;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import org.springframework.web.servlet.mvc.method.annotation.ResponseBodyEmitter;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;
import org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import io.github.contextvars.ContextFuture;
import io.github.contextvars.spring.testing.WorkerProbe;

/**
 * Hands work over in every way that Spring MVC has.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@Import({ RequestApplication.Pages.class, RequestApplication.TenantFilter.class })
class RequestApplication implements DisposableBean {

	static final BlockingQueue<String> EVENTS = new LinkedBlockingQueue<>();

	private final ApplicationContext context;

	// No bean: nothing covers it.
	private final ExecutorService own = Executors.newSingleThreadExecutor();

	volatile CountDownLatch release = new CountDownLatch(1);

	final BlockingQueue<DeferredResult<String>> held = new LinkedBlockingQueue<>();

	RequestApplication(ApplicationContext context) {
		this.context = context;
	}

	@Bean
	static WebMvcConfigurer interceptors() {
		return new WebMvcConfigurer() {

			@Override
			public void configureAsyncSupport(AsyncSupportConfigurer configurer) {
				configurer.registerCallableInterceptors(new CallableInterceptor());
				configurer.registerDeferredResultInterceptors(new DeferredInterceptor());
			}

		};
	}

	void assertWorkersClean() throws Exception {
		WorkerProbe.ofPool(this.own).assertClean();
		if (this.context.getBean("applicationTaskExecutor") instanceof ThreadPoolTaskExecutor pool) {
			WorkerProbe.ofPool(pool.getThreadPoolExecutor()).assertClean();
		}
	}

	@Override
	public void destroy() {
		this.own.shutdown();
	}

	private static void see(String event) {
		EVENTS.add(event + " " + PropagationAssertions.TENANT.get() + ", " + PropagationAssertions.STEP.get());
	}

	private static String body() {
		return "body " + PropagationAssertions.swap();
	}

	static class TenantFilter extends OncePerRequestFilter {

		@Override
		protected boolean shouldNotFilterAsyncDispatch() {
			return false;
		}

		@Override
		protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
				throws ServletException, IOException {
			if (!isAsyncDispatch(request)) {
				String tenant = request.getHeader("X-Tenant");
				if (tenant != null) {
					PropagationAssertions.TENANT.set(tenant);
				}
				PropagationAssertions.STEP.set("before");
			}
			chain.doFilter(request, response);
			if (request.getAttribute("returned") instanceof CountDownLatch returned) {
				returned.countDown();
			}
			see("of the call".equals(request.getHeader("X-Tenant")) ? "call" : "dispatch");
		}

	}

	@RestController
	static class Pages {

		// Spring cancels what has not begun when the request times out.
		private static final long TIME_TO_BEGIN = 1_000;

		private final RequestApplication application;

		private final Executor executor;

		private final WebClient.Builder client = WebClient.builder().clientConnector(new JdkClientHttpConnector());

		Pages(RequestApplication application, @Qualifier("applicationTaskExecutor") Executor executor) {
			this.application = application;
			this.executor = executor;
		}

		@GetMapping("/thread")
		String thread() {
			return "body " + PropagationAssertions.TENANT.get() + ", " + PropagationAssertions.STEP.get();
		}

		@ExceptionHandler
		String failed(IllegalStateException ex) {
			return ex.getMessage();
		}

		@GetMapping("/callable")
		Callable<String> callable() {
			return RequestApplication::body;
		}

		@GetMapping("/callable/failing")
		Callable<String> failingCallable() {
			return () -> {
				throw new IllegalStateException(body());
			};
		}

		@GetMapping("/callable/outliving")
		WebAsyncTask<String> outlivingCallable() {
			return new WebAsyncTask<>(TIME_TO_BEGIN, this::outlive);
		}

		@GetMapping("/web-async-task")
		WebAsyncTask<String> webAsyncTask() {
			return new WebAsyncTask<>(null, new TaskExecutorAdapter(this.application.own), RequestApplication::body);
		}

		@GetMapping("/web-async-task/failing")
		WebAsyncTask<String> failingWebAsyncTask() {
			return new WebAsyncTask<>(null, new TaskExecutorAdapter(this.application.own), failingCallable());
		}

		@GetMapping("/web-async-task/outliving")
		WebAsyncTask<String> outlivingWebAsyncTask() {
			return new WebAsyncTask<>(TIME_TO_BEGIN, new TaskExecutorAdapter(this.application.own), this::outlive);
		}

		@GetMapping("/web-async-task/timeout")
		WebAsyncTask<String> timedOutWebAsyncTask() {
			WebAsyncTask<String> task = new WebAsyncTask<>(1L, new TaskExecutorAdapter(this.application.own), () -> {
				new CountDownLatch(1).await();
				return "never";
			});
			task.onTimeout(() -> {
				see("onTimeout");
				return "timed out";
			});
			task.onCompletion(() -> see("onCompletion"));
			return task;
		}

		private String outlive() {
			awaitUninterruptibly(this.application.release);
			see("outlived");
			return body();
		}

		private static void awaitUninterruptibly(CountDownLatch latch) {
			while (true) {
				try {
					latch.await();
					return;
				}
				catch (InterruptedException ex) {
					// Spring cancels what has timed out.
				}
			}
		}

		@GetMapping("/deferred")
		DeferredResult<String> deferred() {
			DeferredResult<String> result = observed(new DeferredResult<>());
			this.executor.execute(() -> result.setResult(body()));
			return result;
		}

		@GetMapping("/deferred/held")
		DeferredResult<String> heldDeferred() {
			DeferredResult<String> result = new DeferredResult<>();
			this.application.held.add(result);
			return result;
		}

		@GetMapping("/deferred/finish")
		String finishHeldDeferred() throws InterruptedException {
			DeferredResult<String> result = this.application.held.poll(30, TimeUnit.SECONDS);
			Objects.requireNonNull(result).setResult("finished");
			return body();
		}

		@GetMapping("/deferred/timeout")
		DeferredResult<String> timedOutDeferred() {
			return observed(new DeferredResult<>(1L, "timed out"));
		}

		@GetMapping("/deferred/error")
		DeferredResult<String> failedDeferred(HttpServletRequest request, HttpServletResponse response) {
			CountDownLatch returned = returned(request);
			new Thread(() -> {
				PropagationAssertions.await(returned);
				writeUntilClientIsGone(response);
			}).start();
			return observed(new DeferredResult<>());
		}

		private static DeferredResult<String> observed(DeferredResult<String> result) {
			result.onTimeout(() -> see("onTimeout"));
			result.onError((ex) -> see("onError"));
			result.onCompletion(() -> see("onCompletion"));
			return result;
		}

		private static void writeUntilClientIsGone(HttpServletResponse response) {
			try {
				while (true) {
					response.getOutputStream().write(new byte[8192]);
					response.flushBuffer();
				}
			}
			catch (IOException ex) {
				// The client is gone.
			}
		}

		@GetMapping("/streaming")
		StreamingResponseBody streaming() {
			return (OutputStream stream) -> stream.write(body().getBytes(StandardCharsets.UTF_8));
		}

		@GetMapping("/emitter")
		ResponseBodyEmitter emitter(HttpServletRequest request) {
			return sending(observed(new ResponseBodyEmitter()), request);
		}

		@GetMapping("/emitter/timeout")
		ResponseBodyEmitter timedOutEmitter() {
			return observed(new ResponseBodyEmitter(1L));
		}

		@GetMapping("/emitter/error")
		ResponseBodyEmitter failedEmitter(HttpServletRequest request) {
			return sendingUntilClientIsGone(observed(new ResponseBodyEmitter()), request);
		}

		@GetMapping("/sse")
		SseEmitter sse(HttpServletRequest request) {
			return sending(observed(new SseEmitter()), request);
		}

		@GetMapping("/sse/timeout")
		SseEmitter timedOutSse() {
			return observed(new SseEmitter(1L));
		}

		@GetMapping("/sse/error")
		SseEmitter failedSse(HttpServletRequest request) {
			return sendingUntilClientIsGone(observed(new SseEmitter()), request);
		}

		private static <E extends ResponseBodyEmitter> E observed(E emitter) {
			emitter.onTimeout(() -> see("onTimeout"));
			emitter.onError((ex) -> see("onError"));
			emitter.onCompletion(() -> see("onCompletion"));
			return emitter;
		}

		private static CountDownLatch returned(HttpServletRequest request) {
			CountDownLatch returned = new CountDownLatch(1);
			request.setAttribute("returned", returned);
			return returned;
		}

		private <E extends ResponseBodyEmitter> E sending(E emitter, HttpServletRequest request) {
			// An emitter that completes sooner calls nobody back.
			CountDownLatch returned = returned(request);
			this.executor.execute(() -> {
				try {
					PropagationAssertions.await(returned);
					emitter.send(body());
					emitter.complete();
				}
				catch (IOException ex) {
					emitter.completeWithError(ex);
				}
			});
			return emitter;
		}

		private static <E extends ResponseBodyEmitter> E sendingUntilClientIsGone(E emitter,
				HttpServletRequest request) {
			CountDownLatch returned = returned(request);
			new Thread(() -> {
				PropagationAssertions.await(returned);
				try {
					while (true) {
						emitter.send("x".repeat(8192));
					}
				}
				catch (IOException | IllegalStateException ex) {
					// The client is gone.
				}
			}).start();
			return emitter;
		}

		@GetMapping("/completable")
		CompletableFuture<String> completable() {
			return CompletableFuture.supplyAsync(RequestApplication::body, this.executor);
		}

		@GetMapping("/context-future")
		ContextFuture<String> contextFuture() {
			return ContextFuture.supplyAsync(() -> "", this.executor).thenApply((nothing) -> body());
		}

		@GetMapping("/completable/async")
		CompletableFuture<String> completableStages() {
			return CompletableFuture.supplyAsync(() -> "", this.executor)
				.thenApplyAsync((nothing) -> body(), this.executor);
		}

		@GetMapping("/mono")
		Mono<String> mono() {
			return Mono.just("").publishOn(Schedulers.parallel()).map((nothing) -> body());
		}

		@GetMapping(path = "/flux", produces = MediaType.TEXT_PLAIN_VALUE)
		Flux<String> flux() {
			return Flux.just("1").publishOn(Schedulers.single()).map((number) -> body());
		}

		@GetMapping(path = "/flux/sse", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
		Flux<String> fluxOfEvents() {
			return Flux.just("1").publishOn(Schedulers.single()).map((number) -> body());
		}

		@GetMapping("/web-client")
		Mono<String> webClient(HttpServletRequest request) {
			WebClient client = this.client.baseUrl("http://localhost:" + request.getLocalPort())
				.filter((exchange, next) -> next.exchange(exchange))
				.build();
			return client.get()
				.uri("/thread")
				.header("X-Tenant", "of the call")
				.retrieve()
				.bodyToMono(String.class)
				.map((answer) -> answer.contains("of the call") ? body() : answer);
		}

		@GetMapping("/release")
		String release() {
			this.application.release.countDown();
			return "released";
		}

	}

	private static final class CallableInterceptor implements CallableProcessingInterceptor {

		@Override
		public <T> void preProcess(NativeWebRequest request, Callable<T> task) {
			see("intercepted preProcess");
		}

		@Override
		public <T> void postProcess(NativeWebRequest request, Callable<T> task, Object result) {
			see("intercepted postProcess");
		}

	}

	private static final class DeferredInterceptor implements DeferredResultProcessingInterceptor {

		@Override
		public <T> void preProcess(NativeWebRequest request, DeferredResult<T> result) {
			see("intercepted preProcess");
		}

		@Override
		public <T> void postProcess(NativeWebRequest request, DeferredResult<T> result, Object concurrentResult) {
			see("intercepted postProcess");
			PropagationAssertions.STEP.set("the interceptor's");
		}

		@Override
		public <T> void afterCompletion(NativeWebRequest request, DeferredResult<T> result) {
			see("intercepted afterCompletion");
		}

	}

}
