package io.github.contextvars.spring.stress;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledFuture;

import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ContextSnapshotFactory;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.servlet.mvc.method.annotation.StreamingResponseBody;

import io.github.contextvars.Context;
import io.github.contextvars.ContextExecutors;
import io.github.contextvars.spring.threadlocal.ContextThreadLocalAccessor;

/**
 * Requests that hand work over, and succeed.
 */
@RestController
class LoadPages {

	private final ExecutorService plainPool;

	private final ThreadPoolTaskExecutor springsPool;

	private final AsyncTaskExecutor bootsExecutor;

	private final TaskScheduler scheduler;

	private final ExecutorService unknown;

	private final ExecutorService wrapped;

	private final LoadApplication.Helpers helpers;

	// Not the one of the JVM, which knows the accessor of the first class loader only.
	private final ContextSnapshotFactory snapshots = ContextSnapshotFactory.builder()
		.contextRegistry(new ContextRegistry().registerThreadLocalAccessor(new ContextThreadLocalAccessor()))
		.build();

	LoadPages(ExecutorService plainPool, ThreadPoolTaskExecutor springsPool, AsyncTaskExecutor applicationTaskExecutor,
			TaskScheduler taskScheduler, LoadExecutors executors, LoadApplication.Helpers helpers) {
		this.plainPool = plainPool;
		this.springsPool = springsPool;
		this.bootsExecutor = applicationTaskExecutor;
		this.scheduler = taskScheduler;
		this.unknown = executors.unknown();
		this.wrapped = ContextExecutors.wrap(this.unknown);
		this.helpers = helpers;
	}

	@GetMapping("/POOL")
	String pool(@RequestAttribute RequestScenario scenario) throws Exception {
		scenario.advance();
		Future<?> plain = this.plainPool.submit(Executors.callable(scenario.work("plain pool")));
		scenario.advance();
		Future<?> springs = this.springsPool.submit(scenario.work("Spring's pool"));
		scenario.advance();
		Future<?> boots = this.bootsExecutor.submit(Executors.callable(scenario.work("Boot's executor")));
		scenario.advance();
		this.springsPool.execute(scenario.work("left behind"));
		scenario.log().count("left behind, submitted");
		scenario.advance();
		Awaiting.forEnd(plain);
		Awaiting.forEnd(springs);
		Awaiting.forEnd(boots);
		return ViolationLog.ID.get();
	}

	@GetMapping("/WRAPPED")
	String wrapped(@RequestAttribute RequestScenario scenario) throws Exception {
		scenario.advance();
		Future<?> wrapped = this.wrapped.submit(scenario.work("wrapped pool"));
		scenario.advance();
		Future<?> snapshot = this.unknown
			.submit(this.snapshots.captureAll().wrap(scenario.work("Micrometer's snapshot")));
		scenario.advance();
		Awaiting.forEnd(wrapped);
		Awaiting.forEnd(snapshot);
		return ViolationLog.ID.get();
	}

	@GetMapping("/ASYNC")
	CompletableFuture<String> async(@RequestAttribute RequestScenario scenario) {
		scenario.advance();
		Runnable work = scenario.work("@Async");
		CompletableFuture<Void> done = this.helpers.runAsync(work);
		scenario.advance();
		return done.thenApply((result) -> scenario.id());
	}

	@GetMapping("/STAGES")
	CompletableFuture<String> stages(@RequestAttribute RequestScenario scenario) {
		scenario.advance();
		Executor fixed = ContextExecutors.fixed(this.unknown, Context.copyOfCurrent());
		Runnable first = scenario.work("first stage");
		Runnable second = scenario.work("second stage");
		scenario.advance();
		return CompletableFuture.runAsync(first, fixed).thenRunAsync(second, fixed).thenApply((end) -> scenario.id());
	}

	@GetMapping("/SCHEDULED")
	String scheduled(@RequestAttribute RequestScenario scenario) throws Exception {
		CountDownLatch runs = new CountDownLatch(2);
		scenario.advance();
		ScheduledFuture<?> periodic = this.scheduler.scheduleAtFixedRate(scenario.work("periodic", runs::countDown),
				Duration.ofMillis(1));
		scenario.advance();
		ScheduledFuture<?> once = this.scheduler.schedule(scenario.work("scheduled"),
				this.scheduler.getClock().instant());
		scenario.advance();
		Awaiting.forLatch(runs);
		periodic.cancel(false);
		Awaiting.forEnd(once);
		return ViolationLog.ID.get();
	}

	@GetMapping("/SCOPED")
	String scoped(@RequestAttribute RequestScenario scenario) {
		scenario.advance();
		this.helpers.runScoped(scenario.work("@ContextScoped"));
		scenario.advance();
		return ViolationLog.ID.get();
	}

	@GetMapping("/CALLABLE")
	Callable<String> callable(@RequestAttribute RequestScenario scenario) {
		scenario.advance();
		Runnable work = scenario.work("Callable");
		return () -> {
			work.run();
			return scenario.id();
		};
	}

	@GetMapping("/STREAMING")
	StreamingResponseBody streaming(@RequestAttribute RequestScenario scenario) {
		scenario.advance();
		Runnable work = scenario.work("StreamingResponseBody");
		return (out) -> {
			work.run();
			out.write(scenario.id().getBytes(StandardCharsets.US_ASCII));
		};
	}

	@GetMapping("/DEFERRED")
	DeferredResult<String> deferred(@RequestAttribute RequestScenario scenario) {
		scenario.advance();
		DeferredResult<String> result = new DeferredResult<>();
		result.onCompletion(() -> scenario.work("onCompletion").run());
		this.unknown.execute(() -> result.setResult(scenario.id()));
		return result;
	}

}
