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
import io.github.contextvars.spring.autoconfigure.ContextTaskAutoConfiguration;
import io.github.contextvars.spring.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.task.ContextThreadLocalAccessor;
import io.github.contextvars.spring.testing.ThreadSentinel;
import io.github.contextvars.spring.testing.Threading;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Micrometer's snapshots, Boot's decorator that is made of them, and Reactor in automatic
 * mode.
 */
abstract class MicrometerRows {

	private final ContextSnapshotFactory snapshots = ContextSnapshotFactory.builder().build();

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ContextVarsAutoConfiguration.class, ContextTaskAutoConfiguration.class,
				AopAutoConfiguration.class, TaskExecutionAutoConfiguration.class, ReactorAutoConfiguration.class))
		.withPropertyValues("spring.task.execution.pool.core-size=1");

	@AfterEach
	void threadIsClean() {
		Hooks.disableAutomaticContextPropagation();
		assertThat(ThreadSentinel.isInContext()).isFalse();
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
			Rows.assertCarries(
					HandOver.of("ContextSnapshot.wrap", (body) -> pool.submit(this.snapshots.captureAll().wrap(body))),
					Worker.ofPool(pool));
			Rows.assertCarries(
					HandOver.of("ContextSnapshotFactory.captureAll in executor",
							(body) -> ContextExecutorService.wrap(pool, this.snapshots::captureAll).submit(body)),
					Worker.ofPool(pool));
		}
		finally {
			pool.shutdown();
		}
	}

	@Test
	void setThreadLocalsEntersAndScopeRestores() {
		ContextSnapshot acme = snapshotOf("acme");
		new Context().run(() -> {
			Rows.TENANT.set("outer");
			try (ContextSnapshot.Scope scope = acme.setThreadLocals()) {
				assertThat(Rows.swap()).isEqualTo("acme, none");
				try (ContextSnapshot.Scope again = acme.setThreadLocals()) {
					assertThat(Rows.swap()).isEqualTo("acme, none");
				}
				assertThat(Rows.TENANT.get()).isEqualTo("the task's");
			}
			assertThat(Rows.TENANT.get()).isEqualTo("outer");
			assertThat(Rows.STEP.get()).isEqualTo("none");
		});
		try (ContextSnapshot.Scope scope = acme.setThreadLocals()) {
			assertThat(Rows.TENANT.get()).isEqualTo("acme");
		}
	}

	@Test
	void absenceIsCarriedToo() {
		ContextSnapshot nothing = this.snapshots.captureAll();
		ContextSnapshot empty = snapshotOf(null);
		for (ContextSnapshot snapshot : List.of(nothing, empty)) {
			new Context().run(() -> {
				Rows.TENANT.set("outer");
				try (ContextSnapshot.Scope scope = snapshot.setThreadLocals()) {
					assertThat(Rows.swap()).isEqualTo("none, none");
				}
				assertThat(Rows.TENANT.get()).isEqualTo("outer");
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
			Rows.TENANT.set("outer");
			try (ContextSnapshot.Scope scope = withoutUs.setThreadLocals()) {
				assertThat(Rows.swap()).isEqualTo("none, none");
			}
			assertThat(Rows.TENANT.get()).isEqualTo("outer");
		});
		try (ContextSnapshot.Scope scope = withoutUs.setThreadLocals()) {
			assertThat(Rows.swap()).isEqualTo("none, none");
		}
	}

	@Test
	void scopesThatAreClosedOutOfOrderLeaveNothing() {
		ContextSnapshot acme = snapshotOf("acme");
		ContextSnapshot globex = snapshotOf("globex");
		new Context().run(() -> {
			Rows.TENANT.set("outer");
			ContextSnapshot.Scope first = acme.setThreadLocals();
			ContextSnapshot.Scope second = globex.setThreadLocals();
			assertThat(Rows.TENANT.get()).isEqualTo("globex");
			first.close();
			assertThat(Rows.TENANT.get()).isEqualTo("outer");
			second.close();
			assertThat(Rows.TENANT.get()).isEqualTo("outer");
			first.close();
			assertThat(Rows.TENANT.get()).isEqualTo("outer");
		});
	}

	@Test
	void snapshotIsCopyOfWhatWasThere() {
		new Context().run(() -> {
			Rows.TENANT.set("acme");
			ContextSnapshot snapshot = this.snapshots.captureAll();
			Rows.TENANT.set("later");
			try (ContextSnapshot.Scope scope = snapshot.setThreadLocals()) {
				assertThat(Rows.swap()).isEqualTo("acme, none");
			}
			try (ContextSnapshot.Scope scope = snapshot.setThreadLocals()) {
				assertThat(Rows.swap()).isEqualTo("acme, none");
			}
			assertThat(Rows.TENANT.get()).isEqualTo("later");
		});
	}

	@ParameterizedTest
	@MethodSource("io.github.contextvars.spring.testing.Threading#available")
	void bootsOwnPropagationBesideOurs(Threading threading) {
		this.runner.withPropertyValues(threading.property(), "spring.task.execution.propagate-context=true")
			.run((context) -> {
				assertThat(context).hasSingleBean(ContextPropagatingTaskDecorator.class);
				assertExecutorCarries(context.getBean("applicationTaskExecutor", AsyncTaskExecutor.class));
			});
	}

	@Test
	void usersPropagatingDecoratorInsideOfOurs() {
		this.runner.withUserConfiguration(PropagatingExecutor.class)
			.run((context) -> assertExecutorCarries(context.getBean(AsyncTaskExecutor.class)));
	}

	@Test
	void bootsOwnPropagationAlone() {
		this.runner.withPropertyValues("contextvars.task.enabled=false", "spring.task.execution.propagate-context=true")
			.run((context) -> assertExecutorCarries(
					context.getBean("applicationTaskExecutor", AsyncTaskExecutor.class)));
	}

	private static void assertExecutorCarries(AsyncTaskExecutor executor) throws Exception {
		Worker worker = (executor instanceof ThreadPoolTaskExecutor pool) ? Worker.ofPool(pool.getThreadPoolExecutor())
				: () -> {
				};
		for (HandOver way : HandOver.allOf(executor)) {
			Rows.assertCarries(way, worker);
		}
	}

	@Test
	void operatorsBehindPublishOn() {
		Scheduler scheduler = Schedulers.newSingle("operators");
		ExecutorService raw = Executors.newSingleThreadExecutor();
		Scheduler onRaw = Schedulers.fromExecutorService(raw);
		this.runner.withPropertyValues("spring.reactor.context-propagation=auto").run((context) -> {
			Rows.assertCarries(
					HandOver.of("publishOn",
							(body) -> Mono.just("").publishOn(onRaw).map((nothing) -> run(body)).toFuture()),
					Worker.ofPool(raw));
			Rows.assertCarries(HandOver.of("subscribeOn",
					(body) -> Mono.fromCallable(() -> run(body)).subscribeOn(onRaw).contextCapture().toFuture()),
					Worker.ofPool(raw));
			assertOperatorsCarry(scheduler);
		});
		scheduler.dispose();
		raw.shutdown();
	}

	private static void assertOperatorsCarry(Scheduler scheduler) {
		for (String tenant : List.of("acme", "none", "globex")) {
			List<String> seen = new Context().call(() -> {
				if (!tenant.equals("none")) {
					Rows.TENANT.set(tenant);
				}
				List<String> result = Flux.just("1", "2", "3")
					.publishOn(scheduler)
					.map((number) -> Rows.TENANT.get())
					.flatMap((value) -> Mono.delay(Duration.ofMillis(1)).map((tick) -> value + Rows.TENANT.get()))
					.filter((value) -> value.equals(tenant + Rows.TENANT.get()))
					.collectList()
					.contextCapture()
					.block(Duration.ofSeconds(30));
				assertThat(Rows.TENANT.get()).isEqualTo(tenant);
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
				Rows.TENANT.set(tenant);
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
