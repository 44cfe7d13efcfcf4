package io.github.contextvars.spring;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import io.micrometer.context.ContextExecutorService;
import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ContextSnapshot;
import io.micrometer.context.ContextSnapshotFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.reactor.autoconfigure.ReactorAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.core.task.support.ContextPropagatingTaskDecorator;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

import io.github.contextvars.Context;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsTaskAutoConfiguration;
import io.github.contextvars.spring.testing.ThreadContextProbe;
import io.github.contextvars.spring.testing.WorkerProbe;
import io.github.contextvars.spring.threadlocal.ContextThreadLocalAccessor;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Micrometer's snapshots, Boot's decorator that is made of them, and Reactor in automatic
 * mode.
 */
class MicrometerPropagationTests {

	private final ContextSnapshotFactory snapshots = ContextSnapshotFactory.builder().build();

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ContextVarsAutoConfiguration.class,
				ContextVarsTaskAutoConfiguration.class, AopAutoConfiguration.class,
				TaskExecutionAutoConfiguration.class, ReactorAutoConfiguration.class))
		.withPropertyValues("spring.task.execution.pool.core-size=1");

	@AfterEach
	void threadIsClean() {
		Hooks.disableAutomaticContextPropagation();
		assertThat(ThreadContextProbe.isInContext()).isFalse();
	}

	@Test
	void accessorIsFoundThroughItsServiceFile() {
		assertThat(ContextRegistry.getInstance().getThreadLocalAccessors())
			.filteredOn((accessor) -> accessor.key().equals(ContextThreadLocalAccessor.KEY))
			.hasSize(1);
	}

	@Test
	void wrappedTasksKeepAllPromisesOfRow() throws Exception {
		ExecutorService pool = Executors.newSingleThreadExecutor();
		try {
			PropagationAssertions.assertPropagates(SubmissionMethod.of("ContextSnapshot.wrap",
					(body) -> pool.submit(this.snapshots.captureAll().wrap(body))), WorkerProbe.ofPool(pool));
			PropagationAssertions.assertPropagates(
					SubmissionMethod.of("ContextSnapshotFactory.captureAll in executor",
							(body) -> ContextExecutorService.wrap(pool, this.snapshots::captureAll).submit(body)),
					WorkerProbe.ofPool(pool));
		}
		finally {
			pool.shutdown();
		}
	}

	@Test
	void setThreadLocalsEntersAndScopeRestores() {
		ContextSnapshot acme = snapshotOf("acme");
		new Context().run(() -> {
			PropagationAssertions.TENANT.set("outer");
			try (ContextSnapshot.Scope scope = acme.setThreadLocals()) {
				assertThat(PropagationAssertions.swap()).isEqualTo("acme, none");
				try (ContextSnapshot.Scope again = acme.setThreadLocals()) {
					assertThat(PropagationAssertions.swap()).isEqualTo("acme, none");
				}
				assertThat(PropagationAssertions.TENANT.get()).isEqualTo("the task's");
			}
			assertThat(PropagationAssertions.TENANT.get()).isEqualTo("outer");
			assertThat(PropagationAssertions.STEP.get()).isEqualTo("none");
		});
		try (ContextSnapshot.Scope scope = acme.setThreadLocals()) {
			assertThat(PropagationAssertions.TENANT.get()).isEqualTo("acme");
		}
	}

	@Test
	void absenceIsPropagatedToo() {
		ContextSnapshot nothing = this.snapshots.captureAll();
		ContextSnapshot empty = snapshotOf(null);
		for (ContextSnapshot snapshot : List.of(nothing, empty)) {
			new Context().run(() -> {
				PropagationAssertions.TENANT.set("outer");
				try (ContextSnapshot.Scope scope = snapshot.setThreadLocals()) {
					assertThat(PropagationAssertions.swap()).isEqualTo("none, none");
				}
				assertThat(PropagationAssertions.TENANT.get()).isEqualTo("outer");
			});
		}
	}

	@Test
	void clearMissingEntersEmptyContext() {
		ContextSnapshot withoutUs = ContextSnapshotFactory.builder()
			.clearMissing(true)
			.captureKeyPredicate((key) -> !key.equals(ContextThreadLocalAccessor.KEY))
			.build()
			.captureAll();
		new Context().run(() -> {
			PropagationAssertions.TENANT.set("outer");
			try (ContextSnapshot.Scope scope = withoutUs.setThreadLocals()) {
				assertThat(PropagationAssertions.swap()).isEqualTo("none, none");
			}
			assertThat(PropagationAssertions.TENANT.get()).isEqualTo("outer");
		});
		try (ContextSnapshot.Scope scope = withoutUs.setThreadLocals()) {
			assertThat(PropagationAssertions.swap()).isEqualTo("none, none");
		}
	}

	@Test
	void scopesThatAreClosedOutOfOrderLeaveNothing() {
		ContextSnapshot acme = snapshotOf("acme");
		ContextSnapshot globex = snapshotOf("globex");
		new Context().run(() -> {
			PropagationAssertions.TENANT.set("outer");
			ContextSnapshot.Scope first = acme.setThreadLocals();
			ContextSnapshot.Scope second = globex.setThreadLocals();
			assertThat(PropagationAssertions.TENANT.get()).isEqualTo("globex");
			first.close();
			assertThat(PropagationAssertions.TENANT.get()).isEqualTo("outer");
			second.close();
			assertThat(PropagationAssertions.TENANT.get()).isEqualTo("outer");
			first.close();
			assertThat(PropagationAssertions.TENANT.get()).isEqualTo("outer");
		});
	}

	@Test
	void snapshotIsCopyOfWhatWasThere() {
		new Context().run(() -> {
			PropagationAssertions.TENANT.set("acme");
			ContextSnapshot snapshot = this.snapshots.captureAll();
			PropagationAssertions.TENANT.set("later");
			try (ContextSnapshot.Scope scope = snapshot.setThreadLocals()) {
				assertThat(PropagationAssertions.swap()).isEqualTo("acme, none");
			}
			try (ContextSnapshot.Scope scope = snapshot.setThreadLocals()) {
				assertThat(PropagationAssertions.swap()).isEqualTo("acme, none");
			}
			assertThat(PropagationAssertions.TENANT.get()).isEqualTo("later");
		});
	}

	@ParameterizedTest
	@MethodSource("io.github.contextvars.testsupport.Threading#available")
	void bootsOwnPropagationBesideOurs(Threading threading) {
		this.runner.withPropertyValues(threading.property(), "spring.task.execution.propagate-context=true")
			.run((context) -> {
				assertThat(context).hasSingleBean(ContextPropagatingTaskDecorator.class);
				assertExecutorPropagates(context.getBean("applicationTaskExecutor", AsyncTaskExecutor.class));
			});
	}

	@Test
	void usersPropagatingDecoratorInsideOfOurs() {
		this.runner.withUserConfiguration(PropagatingExecutor.class)
			.run((context) -> assertExecutorPropagates(context.getBean(AsyncTaskExecutor.class)));
	}

	@Test
	void bootsOwnPropagationAlone() {
		this.runner.withPropertyValues("contextvars.task.enabled=false", "spring.task.execution.propagate-context=true")
			.run((context) -> assertExecutorPropagates(
					context.getBean("applicationTaskExecutor", AsyncTaskExecutor.class)));
	}

	private static void assertExecutorPropagates(AsyncTaskExecutor executor) throws Exception {
		WorkerProbe worker = (executor instanceof ThreadPoolTaskExecutor pool)
				? WorkerProbe.ofPool(pool.getThreadPoolExecutor()) : () -> {
				};
		for (SubmissionMethod way : SubmissionMethod.allOf(executor)) {
			PropagationAssertions.assertPropagates(way, worker);
		}
	}

	@Test
	void operatorsBehindPublishOn() {
		Scheduler scheduler = Schedulers.newSingle("operators");
		ExecutorService raw = Executors.newSingleThreadExecutor();
		Scheduler onRaw = Schedulers.fromExecutorService(raw);
		this.runner.withPropertyValues("spring.reactor.context-propagation=auto").run((context) -> {
			PropagationAssertions.assertPropagates(
					SubmissionMethod.of("publishOn",
							(body) -> Mono.just("").publishOn(onRaw).map((nothing) -> run(body)).toFuture()),
					WorkerProbe.ofPool(raw));
			PropagationAssertions.assertPropagates(SubmissionMethod.of("subscribeOn",
					(body) -> Mono.fromCallable(() -> run(body)).subscribeOn(onRaw).contextCapture().toFuture()),
					WorkerProbe.ofPool(raw));
			assertOperatorsPropagate(scheduler);
		});
		scheduler.dispose();
		raw.shutdown();
	}

	private static void assertOperatorsPropagate(Scheduler scheduler) {
		for (String tenant : List.of("acme", "none", "globex")) {
			List<String> seen = new Context().call(() -> {
				if (!tenant.equals("none")) {
					PropagationAssertions.TENANT.set(tenant);
				}
				List<String> result = Flux.just("1", "2", "3")
					.publishOn(scheduler)
					.map((number) -> PropagationAssertions.TENANT.get())
					.flatMap((value) -> Mono.delay(Duration.ofMillis(1))
						.map((tick) -> value + PropagationAssertions.TENANT.get()))
					.filter((value) -> value.equals(tenant + PropagationAssertions.TENANT.get()))
					.collectList()
					.contextCapture()
					.block(Duration.ofSeconds(30));
				assertThat(PropagationAssertions.TENANT.get()).isEqualTo(tenant);
				return result;
			});
			assertThat(seen).containsExactly(tenant + tenant, tenant + tenant, tenant + tenant);
		}
	}

	private static String run(Runnable body) {
		body.run();
		return "done";
	}

	private ContextSnapshot snapshotOf(String tenant) {
		return new Context().call(() -> {
			if (tenant != null) {
				PropagationAssertions.TENANT.set(tenant);
			}
			return this.snapshots.captureAll();
		});
	}

	@Configuration(proxyBeanMethods = false)
	static class PropagatingExecutor {

		@Bean
		ThreadPoolTaskExecutor propagating() {
			ThreadPoolTaskExecutor executor = new ThreadPoolTaskExecutor();
			executor.setTaskDecorator(new ContextPropagatingTaskDecorator());
			return executor;
		}

	}

}
