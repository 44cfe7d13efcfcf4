package com.acme.nightly;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import net.javacrumbs.shedlock.spring.annotation.SchedulerLock;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

@Component
class Nightly {

	private static final List<String> TENANTS = List.of("acme", "globex");

	private final Statements statements;

	private final TaskScheduler scheduler;

	Nightly(Statements statements, TaskScheduler scheduler) {
		this.statements = statements;
		this.scheduler = scheduler;
	}

	// tag::schedulers-scheduled[]
	@Scheduled(cron = "${statements.cron}")
	@SchedulerLock(name = "statements")
	void writeAll() {
		TENANTS.forEach(this.statements::writeFor);
	}
	// end::schedulers-scheduled[]

	// tag::schedulers-all[]
	void writeAllAtOnce() {
		CompletableFuture.allOf(TENANTS.stream().map(this.statements::writeLaterFor).toArray(CompletableFuture[]::new))
			.join();
	}
	// end::schedulers-all[]

	// tag::schedulers-once[]
	void writeIn(Duration delay) {
		this.scheduler.schedule(this.statements::write, Instant.now().plus(delay));
	}
	// end::schedulers-once[]

}
