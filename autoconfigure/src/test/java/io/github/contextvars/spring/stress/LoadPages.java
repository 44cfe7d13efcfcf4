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
 * Requests that hand work over, and end well.
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
	String pool(@RequestAttribute RequestScenario errand) throws Exception {
		errand.advance();
		Future<?> plain = this.plainPool.submit(Executors.callable(errand.work("plain pool")));
		errand.advance();
		Future<?> springs = this.springsPool.submit(errand.work("Spring's pool"));
		errand.advance();
		Future<?> boots = this.bootsExecutor.submit(Executors.callable(errand.work("Boot's executor")));
		errand.advance();
		this.springsPool.execute(errand.work("left behind"));
		errand.ledger().count("left behind, submitted");
		errand.advance();
		Awaiting.forEnd(plain);
		Awaiting.forEnd(springs);
		Awaiting.forEnd(boots);
		return ViolationLog.ID.get();
	}

	@GetMapping("/WRAPPED")
	String wrapped(@RequestAttribute RequestScenario errand) throws Exception {
		errand.advance();
		Future<?> wrapped = this.wrapped.submit(errand.work("wrapped pool"));
		errand.advance();
		Future<?> snapshot = this.unknown
			.submit(this.snapshots.captureAll().wrap(errand.work("Micrometer's snapshot")));
		errand.advance();
		Awaiting.forEnd(wrapped);
		Awaiting.forEnd(snapshot);
		return ViolationLog.ID.get();
	}

	@GetMapping("/ASYNC")
	CompletableFuture<String> async(@RequestAttribute RequestScenario errand) {
		errand.advance();
		Runnable work = errand.work("@Async");
		CompletableFuture<Void> done = this.helpers.runAsync(work);
		errand.advance();
		return done.thenApply((result) -> errand.id());
	}

	@GetMapping("/STAGES")
	CompletableFuture<String> stages(@RequestAttribute RequestScenario errand) {
		errand.advance();
		Executor fixed = ContextExecutors.fixed(this.unknown, Context.copyOfCurrent());
		Runnable first = errand.work("first stage");
		Runnable second = errand.work("second stage");
		errand.advance();
		return CompletableFuture.runAsync(first, fixed).thenRunAsync(second, fixed).thenApply((end) -> errand.id());
	}

	@GetMapping("/SCHEDULED")
	String scheduled(@RequestAttribute RequestScenario errand) throws Exception {
		CountDownLatch runs = new CountDownLatch(2);
		errand.advance();
		ScheduledFuture<?> periodic = this.scheduler.scheduleAtFixedRate(errand.work("periodic", runs::countDown),
				Duration.ofMillis(1));
		errand.advance();
		ScheduledFuture<?> once = this.scheduler.schedule(errand.work("scheduled"),
				this.scheduler.getClock().instant());
		errand.advance();
		Awaiting.forLatch(runs);
		periodic.cancel(false);
		Awaiting.forEnd(once);
		return ViolationLog.ID.get();
	}

	@GetMapping("/SCOPED")
	String scoped(@RequestAttribute RequestScenario errand) {
		errand.advance();
		this.helpers.runScoped(errand.work("@ContextScoped"));
		errand.advance();
		return ViolationLog.ID.get();
	}

	@GetMapping("/CALLABLE")
	Callable<String> callable(@RequestAttribute RequestScenario errand) {
		errand.advance();
		Runnable work = errand.work("Callable");
		return () -> {
			work.run();
			return errand.id();
		};
	}

	@GetMapping("/STREAMING")
	StreamingResponseBody streaming(@RequestAttribute RequestScenario errand) {
		errand.advance();
		Runnable work = errand.work("StreamingResponseBody");
		return (out) -> {
			work.run();
			out.write(errand.id().getBytes(StandardCharsets.US_ASCII));
		};
	}

	@GetMapping("/DEFERRED")
	DeferredResult<String> deferred(@RequestAttribute RequestScenario errand) {
		errand.advance();
		DeferredResult<String> result = new DeferredResult<>();
		result.onCompletion(() -> errand.work("onCompletion").run());
		this.unknown.execute(() -> result.setResult(errand.id()));
		return result;
	}

}
