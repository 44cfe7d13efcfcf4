package io.github.contextvars.spring.proof;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.contextvars.PlantedBug;
import io.github.contextvars.spring.scoped.ContextScopedAdvisor;
import io.github.contextvars.spring.task.AsyncPostProcessor;
import io.github.contextvars.spring.task.ContextTaskDecorator;
import io.github.contextvars.spring.task.ContextThreadLocalAccessor;
import io.github.contextvars.spring.task.ExecutorPostProcessor;
import io.github.contextvars.spring.web.CarryingCallableInterceptor;
import io.github.contextvars.spring.web.ContextFilter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Builds of the library with one bug each, which the detectors must catch.
 */
class ProofCanaryTests {

	private static final String REQUEST = "io.github.contextvars.spring.web.CarryingRequest";

	private static final String DECORATORS = "io.github.contextvars.spring.task.ExecutorDecorators";

	private static final String RUNNING = "io.github.contextvars.spring.live.RunningWork";

	@Test
	void libraryWithoutBugPasses() {
		assertThat(PlantedBug.NONE.shownBy(SmallProof.class)).isEmpty();
	}

	@ParameterizedTest
	@MethodSource
	void bugIsCaughtUnderLoad(Class<?> type, String text, String replacement) {
		List<Throwable> complaints = PlantedBug.in(type, text, replacement).shownBy(SmallProof.class, "load");

		assertThat(complaints).isNotEmpty()
			.allSatisfy((complaint) -> assertThat(complaint).isInstanceOfAny(AssertionError.class,
					ConditionTimeoutException.class));
	}

	static Stream<Arguments> bugIsCaughtUnderLoad() throws ClassNotFoundException {
		Class<?> request = Class.forName(REQUEST);
		return Stream.of(
				bug(ContextFilter.class, "try (Context.Scope scope = this.liveContexts.enter(work)) {",
						"this.liveContexts.enter(work);\n{"),
				bug(ContextFilter.class, "AsyncDispatch() {\n\t\treturn false", "AsyncDispatch() {\n\t\treturn true"),
				bug(ContextFilter.class, "ErrorDispatch() {\n\t\treturn false", "ErrorDispatch() {\n\t\treturn true"),
				bug(ContextFilter.class, "request.setAttribute(WORK, work);", ""),
				bug(ContextFilter.class, "new Context());",
						"(Context) System.getProperties().computeIfAbsent(\"canary \""
								+ " + Thread.currentThread().getId(), (key) -> new Context()));"),
				bug(ContextFilter.class, "new CarryingRequest(request, this.liveContexts, work)", "request"),
				bug(request, "this.work.id(), this.work.context().copy())", "this.work.id(), Context.copyOfCurrent())"),
				bug(request, "parent, captured.copy()), task));", "parent, Context.copyOfCurrent()), task));"),
				bug(ContextTaskDecorator.class, "this.parent, this.captured.copy())",
						"this.parent, Context.copyOfCurrent())"),
				bug(ContextTaskDecorator.class, "this.parent, this.captured.copy())", "this.parent, this.captured)"),
				bug(ContextTaskDecorator.class, "parent, captured.copy()), task::call)",
						"parent, Context.copyOfCurrent()), task::call)"),
				bug(ContextTaskDecorator.class, "if (isScheduledBySpring(task)) {",
						"if (isScheduledBySpring(task)) {\nif (true) {\nreturn task;\n}"),
				bug(ExecutorPostProcessor.class, "Object proxy = this.proxies.proxy(bean, declaredType);",
						"Object proxy = bean;"),
				bug(Class.forName(DECORATORS), "setDecorator(executor, (users != null)",
						"executor.equals((users != null)"),
				bug(CarryingCallableInterceptor.class, "entered.scope().close();", ""),
				bug(CarryingCallableInterceptor.class, "values.context().copy());", "Context.copyOfCurrent());"),
				bug(AsyncPostProcessor.class, "captured.values().copy()))", "Context.copyOfCurrent()))"),
				bug(ContextThreadLocalAccessor.class, "frame.scope.close();", ""),
				bug(ContextScopedAdvisor.class, "scoped.fresh()) ?", "!scoped.fresh()) ?"),
				bug(Class.forName(RUNNING), "this.innermost.remove(thread);", ""),
				bug(Class.forName(RUNNING), "finally {\n\t\t\t\tthis.scope.close();", "finally {"));
	}

	@Test
	void bugIsCaughtAtTheEndsOfAsynchronousRequests() throws ClassNotFoundException {
		assertThat(PlantedBug
			.in(Class.forName(REQUEST), "runInCopy(\"onComplete\", () -> this.delegate.onComplete(ours(event)));",
					"this.delegate.onComplete(ours(event));")
			.shownBy(AsyncEndingTests.class)).isNotEmpty();
	}

	@Test
	void retainedContextIsCaught() throws ClassNotFoundException {
		assertThat(PlantedBug
			.in(Class.forName(RUNNING), "this.innermost.put(thread, work);",
					"this.innermost.put(thread, work);\nthis.innermost.put(new Thread(), work);")
			.shownBy(SmallProof.class, "retention")).isNotEmpty();
	}

	@Test
	@EnabledIfSystemProperty(named = "proof", matches = "true")
	void soakShowsContextsThatAreKept() throws ClassNotFoundException {
		PlantedBug kept = PlantedBug
			.in(Class.forName(RUNNING), "Map<Thread, LiveContext> innermost = new ConcurrentHashMap<>();", """
					Map<Thread, LiveContext> innermost = new ConcurrentHashMap<>() {
						final java.util.Queue<LiveContext> kept = new java.util.concurrent.ConcurrentLinkedQueue<>();
						@Override
						public LiveContext put(Thread thread, LiveContext work) {
							this.kept.add(work);
							return super.put(thread, work);
						}
					};""");

		assertThat(PlantedBug.NONE.shownBy(SmallSoak.class)).isEmpty();
		assertThat(kept.shownBy(SmallSoak.class)).singleElement()
			.satisfies((complaint) -> assertThat(complaint).hasMessageContaining("bytes left after collection"));
	}

	@Test
	void risingHeapIsCaught() {
		HeapTrend flat = new HeapTrend();
		HeapTrend rising = new HeapTrend();
		IntStream.range(0, 40).forEach((i) -> flat.add(50_000_000 + (i % 7) * 500_000));
		IntStream.range(0, 40).forEach((i) -> rising.add(50_000_000 + (i % 7) * 500_000 + i * 500_000));

		flat.assertFlat();

		assertThatExceptionOfType(AssertionError.class).isThrownBy(rising::assertFlat);
	}

	@Test
	void heapThatWasHardlyLookedAtIsNotFlat() {
		HeapTrend heap = new HeapTrend();
		heap.sample();

		assertThatExceptionOfType(AssertionError.class).isThrownBy(heap::assertFlat);
	}

	private static Arguments bug(Class<?> type, String text, String replacement) {
		return Arguments.of(type, text, replacement);
	}

	/**
	 * The detectors, at the smallest size that suffices; run by JUnit in other class
	 * loaders, and not by itself.
	 */
	static class SmallProof {

		@Test
		void load() throws Exception {
			LoadTests.runSmall();
		}

		@Test
		void retention() throws Exception {
			RetentionTests.assertNothingIsLeft(1_000);
		}

	}

	/**
	 * As {@link SmallProof}, for what is seen over time only.
	 */
	static class SmallSoak {

		@Test
		void soak() throws Exception {
			LoadTests.soakSmall();
		}

	}

}
