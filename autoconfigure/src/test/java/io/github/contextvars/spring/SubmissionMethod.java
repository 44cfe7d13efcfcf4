package io.github.contextvars.spring;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.support.PeriodicTrigger;

/**
 * One way to have somebody else run a body.
 *
 * @param name what the row is called
 * @param returnsWhen when the submitter goes on
 * @param submission hands over a body; its future may be null
 */
record SubmissionMethod(String name, ReturnsWhen returnsWhen, Submission submission) {

	private static final Duration SHORT = Duration.ofMillis(1);

	static SubmissionMethod of(String name, Submission submission) {
		return new SubmissionMethod(name, ReturnsWhen.SUBMITTED, submission);
	}

	static SubmissionMethod periodic(String name, Submission submission) {
		return new SubmissionMethod(name, ReturnsWhen.SCHEDULED, submission);
	}

	private static SubmissionMethod blocking(String name, Submission submission) {
		return new SubmissionMethod(name, ReturnsWhen.ENDED, submission);
	}

	/**
	 * Every way in which the interfaces of an executor take a task.
	 */
	static List<SubmissionMethod> allOf(Object executor) {
		List<SubmissionMethod> all = new ArrayList<>();
		if (executor instanceof Executor plain) {
			all.add(of("execute", (body) -> {
				plain.execute(body);
				return null;
			}));
			all.add(of("runAsync", (body) -> CompletableFuture.runAsync(body, plain)));
		}
		if (executor instanceof AsyncTaskExecutor spring) {
			all.add(of("submit(Runnable)", spring::submit));
			all.add(of("submit(Callable)", (body) -> spring.submit(callable(body))));
			all.add(of("submitCompletable(Runnable)", spring::submitCompletable));
			all.add(of("submitCompletable(Callable)", (body) -> spring.submitCompletable(callable(body))));
		}
		if (executor instanceof ExecutorService service) {
			addAll(all, service);
		}
		if (executor instanceof ScheduledExecutorService scheduled) {
			addAll(all, scheduled);
		}
		if (executor instanceof TaskScheduler scheduler) {
			addAll(all, scheduler);
		}
		return all;
	}

	private static void addAll(List<SubmissionMethod> all, ExecutorService service) {
		all.add(of("submit(Runnable)", service::submit));
		all.add(of("submit(Runnable, result)", (body) -> service.submit(body, "result")));
		all.add(of("submit(Callable)", (body) -> service.submit(callable(body))));
		all.add(blocking("invokeAll", (body) -> service.invokeAll(List.of(callable(body))).get(0)));
		all.add(blocking("invokeAll with time-out",
				(body) -> service.invokeAll(List.of(callable(body)), 30, TimeUnit.SECONDS).get(0)));
		all.add(blocking("invokeAny",
				(body) -> CompletableFuture.completedFuture(service.invokeAny(List.of(callable(body))))));
		all.add(blocking("invokeAny with time-out", (body) -> CompletableFuture
			.completedFuture(service.invokeAny(List.of(callable(body)), 30, TimeUnit.SECONDS))));
	}

	private static void addAll(List<SubmissionMethod> all, ScheduledExecutorService scheduled) {
		all.add(of("schedule(Runnable)", (body) -> scheduled.schedule(body, 1, TimeUnit.MILLISECONDS)));
		all.add(of("schedule(Callable)", (body) -> scheduled.schedule(callable(body), 1, TimeUnit.MILLISECONDS)));
		all.add(periodic("scheduleAtFixedRate",
				(body) -> scheduled.scheduleAtFixedRate(body, 1, 1, TimeUnit.MILLISECONDS)));
		all.add(periodic("scheduleWithFixedDelay",
				(body) -> scheduled.scheduleWithFixedDelay(body, 1, 1, TimeUnit.MILLISECONDS)));
	}

	private static void addAll(List<SubmissionMethod> all, TaskScheduler scheduler) {
		all.add(of("schedule(task, Instant)", (body) -> scheduler.schedule(body, soon())));
		all.add(periodic("schedule(task, Trigger)", (body) -> scheduler.schedule(body, new PeriodicTrigger(SHORT))));
		all.add(periodic("scheduleAtFixedRate(task, Duration)", (body) -> scheduler.scheduleAtFixedRate(body, SHORT)));
		all.add(periodic("scheduleAtFixedRate(task, Instant, Duration)",
				(body) -> scheduler.scheduleAtFixedRate(body, soon(), SHORT)));
		all.add(periodic("scheduleWithFixedDelay(task, Duration)",
				(body) -> scheduler.scheduleWithFixedDelay(body, SHORT)));
		all.add(periodic("scheduleWithFixedDelay(task, Instant, Duration)",
				(body) -> scheduler.scheduleWithFixedDelay(body, soon(), SHORT)));
	}

	private static Instant soon() {
		return Instant.now().plus(SHORT);
	}

	private static Callable<Boolean> callable(Runnable body) {
		return () -> {
			body.run();
			return true;
		};
	}

	@Override
	public String toString() {
		return this.name;
	}

	enum ReturnsWhen {

		SUBMITTED, SCHEDULED, ENDED

	}

	@FunctionalInterface
	interface Submission {

		Future<?> submit(Runnable body) throws Exception;

	}

}
