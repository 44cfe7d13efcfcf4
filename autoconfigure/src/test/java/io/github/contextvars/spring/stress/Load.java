package io.github.contextvars.spring.stress;

import java.util.List;

import org.awaitility.Awaitility;

import io.github.contextvars.spring.testing.ThreadContextProbe;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Application under load, with the log of what it did.
 */
final class Load implements AutoCloseable {

	private final WebApp app;

	private final long seed;

	private final ViolationLog log;

	private final LoadGenerator generator;

	private final List<UnitOfWork> runningBefore;

	private Load(Threading threading, long seed) {
		this.app = WebApp.start(LoadApplication.class, threading.property(), "server.http2.enabled=true",
				"server.tomcat.threads.max=32",
				"spring.task.execution.mode=" + ((threading == Threading.VIRTUAL) ? "force" : "auto"),
				"management.endpoints.web.exposure.include=contextvars", "logging.level.root=off",
				"server.shutdown=immediate");
		this.seed = seed;
		this.log = this.app.bean(ViolationLog.class);
		this.generator = new LoadGenerator(this.log, this.app.port(), seed);
		ThreadContextProbe.watch();
		this.app.bean(LoadExecutors.class).awaitFullPools();
		this.runningBefore = running();
	}

	// The scheduler's come and go.
	private List<UnitOfWork> running() {
		return this.app.bean(WorkRegistry.class)
			.list()
			.stream()
			.filter((work) -> work.kind() != UnitOfWork.Kind.SCHEDULED)
			.toList();
	}

	static Load start(Threading threading, long seed) {
		return new Load(threading, seed);
	}

	void send(int requests) throws Exception {
		this.generator.send(requests);
		Awaitility.await()
			.until(() -> this.log.counted("left behind, ended") == this.log.counted("left behind, submitted"));
	}

	void report(String what) {
		System.out.println(what + ": " + this.log + " " + this.log.violations());
	}

	void assertClean() {
		List<String> dirty = this.app.takeDirty();
		dirty.forEach((entry) -> this.log.record(entry.startsWith("entry") ? ViolationLog.Violation.DIRTY_ON_ENTRY
				: ViolationLog.Violation.DIRTY_ON_EXIT, entry));
		assertThat(this.log.violations()).as("seed %d: %s", this.seed, this.log).isEmpty();
		Awaitility.await("that no context still runs").untilAsserted(() -> {
			System.gc(); // requests that the container has dropped without a word
			assertThat(running().stream()
				.filter((unit) -> !this.runningBefore.contains(unit))
				.map((unit) -> unit.kind() + " " + unit.origin() + " on " + unit.thread())).isEmpty();
		});
	}

	/**
	 * A run in which nothing happens finds nothing.
	 */
	void assertEverythingHappened(int requests) {
		assertThat(this.log.counted("requests")).isEqualTo(requests);
		assertThat(this.log.counted("faults")).isGreaterThanOrEqualTo(requests / 10);
		assertThat(this.log.counted("repeated")).isLessThanOrEqualTo(Math.max(25, requests / 100));
		// Half of the requests; but some time out, are aborted, or lose their connection.
		for (String version : List.of("HTTP_1_1 responses", "HTTP_2 responses")) {
			assertThat(this.log.counted(version)).as(version).isGreaterThan(requests / 4);
		}
		for (RequestKind kind : RequestKind.values()) {
			assertThat(this.log.counted(kind.path())).as(kind.path()).isPositive();
		}
		for (String what : List.of("plain pool", "Spring's pool", "Boot's executor", "left behind", "wrapped pool",
				"Micrometer's snapshot", "@Async", "first stage", "second stage", "periodic", "scheduled", "@Scheduled",
				"@ContextScoped", "Callable", "StreamingResponseBody", "AsyncContext.start", "onCompletion",
				"onComplete", "onTimeout", "cancelled", "rejections", "aborts", "aborted stream", "timed out",
				"ASYNC dispatches", "ERROR dispatches", "sentinel checks")) {
			assertThat(this.log.counted(what)).as(what).isPositive();
		}
	}

	@Override
	public void close() {
		ThreadContextProbe.unwatch();
		this.app.close();
	}

}
