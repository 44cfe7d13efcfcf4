package io.github.contextvars.spring;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.EnabledOnJre;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

import io.github.contextvars.Context;
import io.github.contextvars.ContextExecutors;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsAutoConfiguration;
import io.github.contextvars.spring.boot.autoconfigure.ContextVarsTaskAutoConfiguration;
import io.github.contextvars.spring.testing.WorkerProbe;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Stages of a {@code CompletableFuture}, threads for one task each, and structured
 * concurrency.
 */
class FuturePropagationTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(
				AutoConfigurations.of(ContextVarsAutoConfiguration.class, ContextVarsTaskAutoConfiguration.class,
						AopAutoConfiguration.class, TaskExecutionAutoConfiguration.class))
		.withPropertyValues("spring.task.execution.pool.core-size=1");

	@Test
	void supplyAsyncOnExecutorBean() {
		this.runner.run((context) -> {
			ThreadPoolTaskExecutor executor = context.getBean(ThreadPoolTaskExecutor.class);
			WorkerProbe worker = WorkerProbe.ofPool(executor.getThreadPoolExecutor());
			PropagationAssertions
				.assertPropagates(SubmissionMethod.of("supplyAsync", (body) -> CompletableFuture.supplyAsync(() -> {
					body.run();
					return "done";
				}, executor)), worker);
			PropagationAssertions.assertPropagates(SubmissionMethod.of("thenRunAsync on completed future",
					(body) -> CompletableFuture.completedFuture("").thenRunAsync(body, executor)), worker);
		});
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void laterStagesWithFixedContextAreTheSameWhoeverCompletes(boolean complete) {
		this.runner.run((context) -> {
			ThreadPoolTaskExecutor executor = context.getBean(ThreadPoolTaskExecutor.class);
			CompletableFuture<String> source = complete ? CompletableFuture.completedFuture("")
					: new CompletableFuture<>();
			CompletableFuture<List<String>> result = new Context().call(() -> {
				PropagationAssertions.TENANT.set("acme");
				Executor fixed = ContextExecutors.fixed(executor, Context.copyOfCurrent());
				PropagationAssertions.TENANT.set("later");
				return source.thenApplyAsync((nothing) -> List.of(PropagationAssertions.swap()), fixed)
					.thenApplyAsync((seen) -> List.of(seen.get(0), PropagationAssertions.swap()), fixed)
					.thenApplyAsync((seen) -> List.of(seen.get(0), seen.get(1), PropagationAssertions.swap()), fixed);
			});
			Thread completer = new Thread(() -> new Context().run(() -> {
				PropagationAssertions.TENANT.set("completer's");
				source.complete("");
			}));
			completer.start();
			completer.join();

			assertThat(result.get(30, TimeUnit.SECONDS)).containsExactly("acme, none", "acme, none", "acme, none");
			WorkerProbe.ofPool(executor.getThreadPoolExecutor()).assertClean();
		});
	}

	@Test
	void stagesOfFixedContextKeepAllPromisesOfRow() throws Exception {
		ExecutorService pool = Executors.newSingleThreadExecutor();
		try {
			PropagationAssertions.assertPropagates(
					SubmissionMethod.of("fixed",
							(body) -> CompletableFuture.runAsync(body,
									ContextExecutors.fixed((Executor) pool, Context.copyOfCurrent()))),
					WorkerProbe.ofPool(pool));
		}
		finally {
			pool.shutdown();
		}
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21)
	void threadPerTaskExecutorWithWrappedFactory() throws Exception {
		Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
		ThreadFactory virtual = (ThreadFactory) Class.forName("java.lang.Thread$Builder")
			.getMethod("factory")
			.invoke(builder);
		WorkerProbe.Threads threads = new WorkerProbe.Threads(virtual);
		ThreadFactory wrapped = ContextExecutors.wrap((ThreadFactory) threads);
		ExecutorService executor = (ExecutorService) Executors.class
			.getMethod("newThreadPerTaskExecutor", ThreadFactory.class)
			.invoke(null, wrapped);
		try {
			for (SubmissionMethod way : SubmissionMethod.allOf(executor)) {
				PropagationAssertions.assertPropagates(way, threads::joinAndAssertClean);
			}
		}
		finally {
			executor.shutdown();
		}
	}

	@Test
	@EnabledOnJre(JRE.JAVA_25)
	void structuredTaskScopeWithWrappedFactory() throws Exception {
		List<String> command = List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				"--enable-preview", "--source", "25", "-cp",
				Path.of(Context.class.getProtectionDomain().getCodeSource().getLocation().toURI()).toString(),
				Path.of(FuturePropagationTests.class.getResource("/StructuredScopes.java").toURI()).toString());
		Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

		assertThat(process.waitFor()).as(output).isZero();
		assertThat(output).contains("first: acme, none", "second: acme, none", "nested: the task's, the task's",
				"owner: acme, none", "left: false");
	}

}
