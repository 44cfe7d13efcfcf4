package io.github.contextvars.spring.stress;

import java.util.List;
import java.util.stream.Stream;

import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.contextvars.spring.scoped.ContextScopedAdvisor;
import io.github.contextvars.spring.task.ContextAsyncBeanPostProcessor;
import io.github.contextvars.spring.task.ContextExecutorBeanPostProcessor;
import io.github.contextvars.spring.task.ContextTaskDecorator;
import io.github.contextvars.spring.threadlocal.ContextThreadLocalAccessor;
import io.github.contextvars.spring.web.servlet.ContextCallableProcessingInterceptor;
import io.github.contextvars.spring.web.servlet.ContextFilter;
import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Builds of the library with one bug each, which the detectors must catch.
 */
@Tag("stress")
class StressFaultTests {

	private static final String REQUEST = "io.github.contextvars.spring.web.servlet.ContextPropagatingRequestWrapper";

	private static final String DECORATORS = "io.github.contextvars.spring.task.ExecutorDecorators";

	private static final String RUNNING = "io.github.contextvars.spring.work.ActiveWork";

	private static final String PLATFORM = "loadOnPlatformThreadsMixesNothingUp";

	private static final String VIRTUAL = "loadOnVirtualThreadsMixesNothingUp";

	@ParameterizedTest
	@ValueSource(classes = { SmallLoadTests.class, AsyncEndingTests.class, TaskRetentionTests.class })
	void libraryWithoutBugPasses(Class<?> detector) {
		assertThat(SeededFault.NONE.detectedBy(detector)).isEmpty();
	}

	@ParameterizedTest
	@MethodSource
	void bugIsCaughtUnderLoad(Class<?> type, String text, String replacement, String complaint) {
		assertShows(SeededFault.in(type, text, replacement).detectedBy(SmallLoadTests.class, PLATFORM), complaint);
	}

	static Stream<Arguments> bugIsCaughtUnderLoad() throws ClassNotFoundException {
		Class<?> request = Class.forName(REQUEST);
		return Stream.of(
				bug(ContextFilter.class, "try (Context.Scope scope = this.liveContexts.enter(work)) {",
						"this.liveContexts.enter(work);\n{", "DIRTY_ON_EXIT: exit"),
				bug(ContextFilter.class, "AsyncDispatch() {\n\t\treturn false", "AsyncDispatch() {\n\t\treturn true",
						"LOSS: ASYNC of"),
				bug(ContextFilter.class, "ErrorDispatch() {\n\t\treturn false", "ErrorDispatch() {\n\t\treturn true",
						"LOSS: ERROR of"),
				bug(ContextFilter.class, "request.setAttribute(WORK, work);", "", "LOSS: "),
				bug(ContextFilter.class, "new Context());",
						"(Context) System.getProperties().computeIfAbsent(\"canary \""
								+ " + Thread.currentThread().getId(), (key) -> new Context()));",
						"BLEED: request"),
				bug(ContextFilter.class, "new ContextPropagatingRequestWrapper(request, this.liveContexts, work)",
						"request", "LOSS: "),
				bug(request, "this.work.id(), this.work.context().copy())", "this.work.id(), Context.copyOfCurrent())",
						"LOSS: onComplete"),
				bug(request, "parent, captured.copy()), task));", "parent, Context.copyOfCurrent()), task));",
						"LOSS: AsyncContext.start"),
				bug(ContextTaskDecorator.class, "this.parent, this.captured.copy())",
						"this.parent, Context.copyOfCurrent())", "LOSS: "),
				bug(ContextTaskDecorator.class, "this.parent, this.captured.copy())", "this.parent, this.captured)",
						"BLEED: @Scheduled"),
				bug(ContextTaskDecorator.class, "parent, captured.copy()), task::call)",
						"parent, Context.copyOfCurrent()), task::call)", "LOSS: plain pool"),
				bug(ContextTaskDecorator.class, "if (isScheduledBySpring(task)) {",
						"if (isScheduledBySpring(task)) {\nif (true) {\nreturn task;\n}", "DIRTY_ON_EXIT: scheduler"),
				bug(ContextExecutorBeanPostProcessor.class, "Object proxy = this.proxies.proxy(bean, declaredType);",
						"Object proxy = bean;", "DIRTY_ON_EXIT: scheduler"),
				bug(Class.forName(DECORATORS), "setDecorator(executor, (users != null)",
						"executor.equals((users != null)", "DIRTY_ON_EXIT: Spring's pool"),
				bug(ContextCallableProcessingInterceptor.class, "entered.scope().close();", "",
						"DIRTY_ON_EXIT: Spring MVC"),
				bug(ContextCallableProcessingInterceptor.class, "values.context().copy());",
						"Context.copyOfCurrent());", "LOSS: "),
				bug(ContextAsyncBeanPostProcessor.class, "captured.values().copy()))", "Context.copyOfCurrent()))",
						"LOSS: @Async"),
				bug(ContextThreadLocalAccessor.class, "frame.scope.close();", "", "DIRTY_ON_EXIT: unknown"),
				bug(ContextScopedAdvisor.class, "scoped.fresh()) ?", "!scoped.fresh()) ?", "LOSS: @ContextScoped"),
				bug(Class.forName(RUNNING), "this.innermost.remove(thread);", "", "that no context still runs"),
				bug(Class.forName(RUNNING), "finally {\n\t\t\t\tthis.scope.close();", "finally {", "DIRTY_ON_EXIT: "));
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21, disabledReason = "virtual threads come with JDK 21: skipped")
	void bugIsCaughtUnderLoadOnVirtualThreads() {
		SeededFault bug = SeededFault.in(ContextFilter.class, "AsyncDispatch() {\n\t\treturn false",
				"AsyncDispatch() {\n\t\treturn true");

		assertThat(SeededFault.NONE.detectedBy(SmallLoadTests.class, VIRTUAL)).isEmpty();
		assertShows(bug.detectedBy(SmallLoadTests.class, VIRTUAL), "LOSS: ASYNC of");
	}

	@Test
	void bugIsCaughtAtTheEndsOfAsynchronousRequests() throws ClassNotFoundException {
		assertThat(SeededFault
			.in(Class.forName(REQUEST), "runInCopy(\"onComplete\", () -> this.delegate.onComplete(ours(event)));",
					"this.delegate.onComplete(ours(event));")
			.detectedBy(AsyncEndingTests.class))
			.anySatisfy((shown) -> assertThat(shown).hasMessageContaining("LOSS: onComplete"));
	}

	@Test
	void retainedContextIsCaught() throws ClassNotFoundException {
		assertShows(SeededFault
			.in(Class.forName(RUNNING), "this.innermost.put(thread, work);",
					"this.innermost.put(thread, work);\nthis.innermost.put(new Thread(), work);")
			.detectedBy(SmallLoadTests.class, "thousandContextsLeaveNothing"), "expected: 0");
	}

	@Test
	void retainedTaskIsCaught() throws ClassNotFoundException {
		assertShows(
				SeededFault
					.in(ContextTaskDecorator.class, "private final Context captured;",
							"""
									private static final java.util.Queue<Object> KEPT = new java.util.concurrent.ConcurrentLinkedQueue<>();
									private final Context captured;
									{
										KEPT.add(this);
									}""")
					.detectedBy(TaskRetentionTests.class,
							"taskThatWasCancelledInTheQueueOfADecoratedPoolFreesItsContextWithItsPlace"),
				"TaskRetentionTests");
	}

	@Test
	void soakShowsContextsThatAreKept() throws ClassNotFoundException {
		SeededFault kept = SeededFault.in(Class.forName(RUNNING),
				"Map<Thread, UnitOfWork> innermost = new ConcurrentHashMap<>();", """
						Map<Thread, UnitOfWork> innermost = new ConcurrentHashMap<>() {
							final java.util.Queue<UnitOfWork> kept = new java.util.concurrent.ConcurrentLinkedQueue<>();
							@Override
							public UnitOfWork put(Thread thread, UnitOfWork work) {
								this.kept.add(work);
								return super.put(thread, work);
							}
						};""");

		assertThat(SeededFault.NONE.detectedBy(SmallSoak.class)).isEmpty();
		assertThat(kept.detectedBy(SmallSoak.class)).singleElement()
			.satisfies((complaint) -> assertThat(complaint).hasMessageContaining("bytes left after collection"));
	}

	private static Arguments bug(Class<?> type, String text, String replacement, String complaint) {
		return Arguments.of(type, text, replacement, complaint);
	}

	// Of this bug, and not because nothing works any more.
	private static void assertShows(List<Throwable> complaints, String complaint) {
		assertThat(complaints).isNotEmpty()
			.allSatisfy(
					(shown) -> assertThat(shown).isInstanceOfAny(AssertionError.class, ConditionTimeoutException.class)
						.hasMessageContaining(complaint));
	}

	/**
	 * The soak at the smallest size that suffices. Runs in the class loader of a build
	 * only.
	 */
	static class SmallSoak {

		@Test
		void soak() throws Exception {
			LoadTests.soakSmall();
		}

	}

}
