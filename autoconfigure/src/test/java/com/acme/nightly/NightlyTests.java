package com.acme.nightly;

import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.quartz.JobBuilder;
import org.quartz.Scheduler;
import org.quartz.TriggerBuilder;
import org.springframework.batch.core.BatchStatus;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.jdbc.core.JdbcTemplate;

import io.github.contextvars.Context;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The application of docs/how-to/schedulers-and-batch.md. Which way a statement was
 * written is told by its thread.
 */
class NightlyTests {

	private static final String ACME = "Statement for acme";

	private static final String GLOBEX = "Statement for globex";

	private static final BarrierPrinter printer = new BarrierPrinter();

	private static ConfigurableApplicationContext application;

	@BeforeAll
	static void start() {
		application = new SpringApplicationBuilder(NightlyApplication.class).web(WebApplicationType.NONE)
			.initializers((GenericApplicationContext context) -> context.registerBean(Printer.class, () -> printer))
			.properties("tests.frameworks=quartz,batch,jdbc", "spring.main.banner-mode=off",
					"spring.batch.job.enabled=false", "statements.cron=* * * * * *",
					"spring.datasource.url=jdbc:h2:mem:nightly;DB_CLOSE_DELAY=-1;INIT=create table if not exists"
							+ " shedlock(name varchar(64) primary key\\, lock_until timestamp(3)\\, locked_at"
							+ " timestamp(3)\\, locked_by varchar(255))")
			.run();
	}

	@AfterAll
	static void close() {
		application.getBean(JdbcTemplate.class).execute("shutdown");
		application.close();
	}

	@Test
	void scheduledRunWritesForEachTenant() {
		Awaitility.await().until(() -> printer.textsOf("scheduling-").containsAll(List.of(ACME, GLOBEX)));

		assertThat(application.getBean(JdbcTemplate.class).queryForList("select name from shedlock", String.class))
			.containsExactly("statements");
	}

	@Test
	void tenantsAtOnceHaveTheirOwnStatements() {
		application.getBean(Nightly.class).writeAllAtOnce();

		assertThat(printer.textsOf("task-")).containsExactlyInAnyOrder(ACME, GLOBEX);
	}

	@Test
	void workThatARequestSchedulesHasItsTenant() {
		new Context().run(() -> {
			NightlyApplication.TENANT.set("initech");
			application.getBean(Nightly.class).writeIn(Duration.ofMillis(1));
		});

		Awaitility.await().until(() -> printer.textsOf("scheduling-").contains("Statement for initech"));
	}

	@Test
	void firingsOfQuartzHaveTheTenantOfTheirJobData() throws Exception {
		for (String tenant : List.of("acme", "globex")) {
			application.getBean(Scheduler.class)
				.scheduleJob(JobBuilder.newJob(StatementJob.class).usingJobData("tenant", tenant).build(),
						TriggerBuilder.newTrigger().startNow().build());
		}

		Awaitility.await().until(() -> printer.textsOf("quartzScheduler_").size() == 2);
		assertThat(printer.textsOf("quartzScheduler_")).containsExactlyInAnyOrder(ACME, GLOBEX);
	}

	@Test
	void batchHasTheTenantThatItIsStartedFor() throws Exception {
		for (String tenant : List.of("acme", "globex")) {
			assertThat(application.getBean(StatementBatch.class).start(tenant, "2026-03-02").getStatus())
				.isEqualTo(BatchStatus.COMPLETED);
		}

		assertThat(printer.textsOf(Thread.currentThread().getName())).containsExactly(ACME, GLOBEX);
	}

	/**
	 * Printer that prints on the threads of {@code @Async} methods only when there are
	 * two.
	 */
	private static final class BarrierPrinter implements Printer {

		private final Queue<Printed> printed = new ConcurrentLinkedQueue<>();

		private final CyclicBarrier barrier = new CyclicBarrier(2);

		@Override
		public void print(String text) {
			String thread = Thread.currentThread().getName();
			if (thread.startsWith("task-")) {
				try {
					this.barrier.await(20, TimeUnit.SECONDS);
				}
				catch (Exception ex) {
					throw new IllegalStateException(ex);
				}
				assertThat(text).endsWith(NightlyApplication.TENANT.get());
			}
			this.printed.add(new Printed(thread, text));
		}

		List<String> textsOf(String thread) {
			return this.printed.stream().filter((one) -> one.thread.startsWith(thread)).map(Printed::text).toList();
		}

		private record Printed(String thread, String text) {

		}

	}

}
