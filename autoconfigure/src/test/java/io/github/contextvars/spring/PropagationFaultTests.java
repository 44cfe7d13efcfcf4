package io.github.contextvars.spring;

import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.test.util.ReflectionTestUtils;

import io.github.contextvars.Context;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.spring.testing.WorkerProbe;
import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

/**
 * Seeded faults, one for each mechanism, that the assertions of the propagation tests
 * must detect.
 */
@Tag("stress")
class PropagationFaultTests {

	private final ExecutorService pool = Executors.newSingleThreadExecutor();

	@AfterEach
	void shutDown() {
		this.pool.shutdown();
	}

	@Test
	void rightDecoratorPasses() {
		assertThatNoException().isThrownBy(() -> assertPropagates((task) -> Context.copyOfCurrent().wrap(task)));
	}

	@Test
	void decoratorThatCopiesNothingIsCaught() {
		assertCaught((task) -> task, "sees what was set at submission");
		assertCaught((task) -> () -> new Context().run(task), "sees what was set at submission");
	}

	@Test
	void copyThatIsTakenWhenTaskRunsIsCaught() {
		assertCaught((task) -> () -> Context.copyOfCurrent().run(task), "sees what was set at submission");
		assertCaught((task) -> {
			Context submitters = currentContext();
			return () -> ((submitters != null) ? submitters.copy() : new Context()).run(task);
		}, "sees what was set at submission");
	}

	@Test
	void contextThatAllRunsShareIsCaught() {
		ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
		try {
			assertThatExceptionOfType(AssertionError.class).isThrownBy(
					() -> PropagationAssertions.assertPropagates(SubmissionMethod.periodic("seeded fault", (body) -> {
						Context once = Context.copyOfCurrent();
						return scheduler.scheduleAtFixedRate(() -> once.run(body), 1, 1, TimeUnit.MILLISECONDS);
					}), WorkerProbe.ofPool(scheduler)))
				.withMessageContaining("sees what was set at submission");
		}
		finally {
			scheduler.shutdown();
		}
	}

	@Test
	void eventMulticasterThatCopiesNothingIsCaught() {
		assertThat(SeededFault
			.in("io.github.contextvars.spring.task.ContextEventMulticasterBeanPostProcessor",
					"new ContextExecutor(executor, this.decorator)", "executor")
			.detectedBy(AsyncPropagationTests.class,
					"listenersOnTheExecutorOfAnEventMulticasterRunInACopyOfThePublishersContext"))
			.isNotEmpty();
	}

	@Test
	void taskThatRunsInSubmittersOwnThreadIsCaught() {
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> PropagationAssertions
			.assertPropagates(new SubmissionMethod("seeded fault", SubmissionMethod.ReturnsWhen.ENDED, (body) -> {
				Context.copyOfCurrent().run(body);
				return null;
			}), () -> {
			})).withMessageContaining("another thread");
	}

	@ParameterizedTest
	@EnumSource
	void schedulersWithoutUsAreCaught(ScheduledPropagationTests.Scheduler scheduler) {
		assertThatExceptionOfType(AssertionError.class).isThrownBy(
				() -> ScheduledPropagationTests.assertEachRunBeginsEmpty(scheduler, "contextvars.task.enabled=false"));
	}

	@Test
	void exceptionHandlerThatIsCalledOutsideIsCaught() {
		assertThat(SeededFault
			.in("io.github.contextvars.spring.task.AsyncInvocation",
					"FAILURE.set(new Failure(this.workRegistry, unit));", "")
			.detectedBy(AsyncPropagationTests.class, "handlerOfUncaughtExceptionsSeesWhatTheMethodSaw")).isNotEmpty()
			.allSatisfy((failure) -> assertThat(failure).hasMessageContaining("none, none"));
	}

	@Test
	void requestsWithoutUsAreCaught() {
		try (WebApp app = WebApp.start(RequestApplication.class, "contextvars.task.enabled=false",
				"spring.task.execution.pool.core-size=1", "logging.level.org.springframework.web=off")) {
			assertThatNoException().isThrownBy(() -> RequestPropagationTests.assertPropagates(app, "/thread"));
			for (String path : List.of("/callable", "/web-async-task", "/deferred", "/streaming", "/emitter", "/sse",
					"/completable", "/mono", "/flux", "/web-client")) {
				assertThatExceptionOfType(AssertionError.class)
					.isThrownBy(() -> RequestPropagationTests.assertPropagates(app, path))
					.as(path);
			}
		}
	}

	@Test
	void wrapperThatDoesNotLeaveIsCaught() {
		assertCaught((task) -> {
			Context copy = Context.copyOfCurrent();
			return () -> {
				copy.enter();
				task.run();
			};
		}, "worker is in a context");
	}

	@Test
	void wrapperThatDoesNotLeaveAfterFailureIsCaught() {
		assertCaught((task) -> {
			Context copy = Context.copyOfCurrent();
			return () -> {
				Context.Scope scope = copy.enter();
				task.run();
				scope.close();
			};
		}, "worker is in a context");
	}

	@Test
	void wrapperThatLeavesValuesBehindIsCaught() {
		assertCaught((task) -> {
			String tenant = PropagationAssertions.TENANT.get();
			return () -> {
				PropagationAssertions.TENANT.set(tenant);
				task.run();
			};
		}, "sees what was set at submission");
	}

	private static Context currentContext() {
		try {
			return ReflectionTestUtils.invokeMethod(Class.forName("io.github.contextvars.ThreadStack"), "current");
		}
		catch (ClassNotFoundException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private void assertCaught(UnaryOperator<Runnable> decorator, String message) {
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> assertPropagates(decorator))
			.withMessageContaining(message);
	}

	private void assertPropagates(UnaryOperator<Runnable> decorator) throws Exception {
		// submit(): what fails in execute() would take the pool's thread with it.
		PropagationAssertions.assertPropagates(
				SubmissionMethod.of("seeded fault", (body) -> this.pool.submit(decorator.apply(body))),
				WorkerProbe.ofPool(this.pool));
	}

}
