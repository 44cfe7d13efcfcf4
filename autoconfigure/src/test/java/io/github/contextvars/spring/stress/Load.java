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
 * An application under load, and what came of it.
 */
final class Load implements AutoCloseable {

	private final WebApp app;

	private final ViolationLog ledger;

	private final LoadGenerator crowd;

	private final List<UnitOfWork> runningBefore;

	private Load(Threading threading, long seed) {
		this.app = WebApp.start(LoadApplication.class, threading.property(), "server.http2.enabled=true",
				"server.tomcat.threads.max=32",
				"spring.task.execution.mode=" + ((threading == Threading.VIRTUAL) ? "force" : "auto"),
				"management.endpoints.web.exposure.include=contextvars", "logging.level.root=off",
				"server.shutdown=immediate");
		this.ledger = this.app.bean(ViolationLog.class);
		this.crowd = new LoadGenerator(this.ledger, this.app.port(), seed);
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
		this.crowd.send(requests);
		Awaitility.await()
			.until(() -> this.ledger.counted("left behind, ended") == this.ledger.counted("left behind, submitted"));
	}

	void report(String what) {
		System.out.println(what + ": " + this.ledger + " " + this.ledger.complaints());
	}

	void assertClean() {
		List<String> dirty = this.app.takeDirty();
		dirty.forEach((entry) -> this.ledger.complain(
				entry.startsWith("entry") ? ViolationLog.Wrong.DIRTY_ON_ENTRY : ViolationLog.Wrong.DIRTY_ON_EXIT,
				entry));
		assertThat(this.ledger.complaints()).isEmpty();
		Awaitility.await("that no context still runs").until(() -> this.runningBefore.containsAll(running()));
	}

	/**
	 * A run in which nothing happens finds nothing.
	 */
	void assertEverythingHappened(int requests) {
		assertThat(this.ledger.counted("requests")).isEqualTo(requests);
		assertThat(this.ledger.counted("faults")).isGreaterThanOrEqualTo(requests / 10);
		assertThat(this.ledger.counted("repeated")).isLessThanOrEqualTo(Math.max(25, requests / 100));
		// Half of the requests; but some time out, are aborted, or lose their connection.
		for (String version : List.of("HTTP_1_1 responses", "HTTP_2 responses")) {
			assertThat(this.ledger.counted(version)).as(version).isGreaterThan(requests / 4);
		}
		for (ViolationKind kind : ViolationKind.values()) {
			assertThat(this.ledger.counted(kind.path())).as(kind.path()).isPositive();
		}
		for (String what : List.of("plain pool", "Spring's pool", "Boot's executor", "left behind", "wrapped pool",
				"Micrometer's snapshot", "@Async", "first stage", "second stage", "periodic", "scheduled", "@Scheduled",
				"@ContextScoped", "Callable", "StreamingResponseBody", "AsyncContext.start", "onCompletion",
				"onComplete", "onTimeout", "cancelled", "rejections", "aborts", "aborted stream", "timed out",
				"ASYNC dispatches", "ERROR dispatches", "sentinel checks")) {
			assertThat(this.ledger.counted(what)).as(what).isPositive();
		}
	}

	@Override
	public void close() {
		ThreadContextProbe.unwatch();
		this.app.close();
	}

}
