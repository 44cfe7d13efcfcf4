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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.contextvars.testsupport.SeededFault;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Builds of the library with one seeded fault each, which the detectors must detect.
 */
@Tag("stress")
class StressFaultTests {

	private static final String FILTER = "io.github.contextvars.spring.web.servlet.ContextFilter";

	private static final String REQUEST = "io.github.contextvars.spring.web.servlet.ContextPropagatingRequestWrapper";

	private static final String CALLABLE = "io.github.contextvars.spring.web.servlet.ContextCallableProcessingInterceptor";

	private static final String TASK = "io.github.contextvars.spring.task.";

	private static final String DECORATOR = TASK + "ContextTaskDecorator";

	private static final String SNAPSHOT = "io.github.contextvars.spring.work.WorkSnapshot";

	private static final String REGISTRY = "io.github.contextvars.spring.work.WorkRegistry";

	private static final String TRACKING = "io.github.contextvars.spring.work.TrackingWorkRegistry";

	private static final String RPC = "io.github.contextvars.spring.rpc.ContextServerInterceptor";

	private static final String PLATFORM = "loadOnPlatformThreadsMixesNothingUp";

	private static final String VIRTUAL = "loadOnVirtualThreadsMixesNothingUp";

	@ParameterizedTest
	@ValueSource(classes = { SmallLoadTests.class, AsyncEndingTests.class, TaskRetentionTests.class })
	void libraryWithoutFaultPasses(Class<?> detector) {
		assertThat(SeededFault.NONE.detectedBy(detector)).isEmpty();
	}

	@ParameterizedTest
	@MethodSource
	void faultIsDetectedUnderLoad(String type, String text, String replacement, String complaint) {
		assertShows(SeededFault.in(type, text, replacement).detectedBy(SmallLoadTests.class, PLATFORM), complaint);
	}

	static Stream<Arguments> faultIsDetectedUnderLoad() {
		return Stream.of(fault(FILTER, "finally {\n\t\t\tscope.close();", "finally {", "DIRTY_ON_EXIT: exit"),
				fault(FILTER, "AsyncDispatch() {\n\t\treturn false", "AsyncDispatch() {\n\t\treturn true",
						"LOSS: ASYNC of"),
				fault(FILTER, "ErrorDispatch() {\n\t\treturn false", "ErrorDispatch() {\n\t\treturn true",
						"LOSS: ERROR of"),
				fault(FILTER, "request.setAttribute(WRAPPER, wrapper);", "", "LOSS: "),
				fault(FILTER, "originOf(request));",
						"originOf(request), null, (Context) System.getProperties().computeIfAbsent(\"seeded fault \""
								+ " + Thread.currentThread().getId(), (key) -> new Context()));",
						"BLEED: request"),
				fault(FILTER, "wrapper.propagating(request)", "request", "LOSS: "),
				fault(REQUEST, "capture(this.unit, UnitOfWork.Kind.TASK", "capture(UnitOfWork.Kind.TASK",
						"LOSS: onComplete"),
				fault(REQUEST, ".wrap(task));", ".wrap(() -> new io.github.contextvars.Context().run(task)));",
						"LOSS: AsyncContext.start"),
				fault(SNAPSHOT, "this.parent, this.values.copy()", "this.parent, Context.copyOfCurrent()", "LOSS: "),
				fault(REGISTRY, "new WorkSnapshot(this, kind, origin, Context.copyOfCurrent()",
						"new WorkSnapshot(this, kind, origin, new Context()", "LOSS: "),
				fault(DECORATOR, "() -> this.method)",
						"() -> this.method, null, (io.github.contextvars.Context) System.getProperties()"
								+ ".computeIfAbsent(\"seeded fault \" + System.identityHashCode(this),"
								+ " (key) -> new io.github.contextvars.Context()))",
						"BLEED: @Scheduled"),
				fault(DECORATOR, ": capture(task).wrap(task);", ": () -> capture(task).wrap(task).call();",
						"LOSS: plain pool"),
				fault(DECORATOR, "if (isScheduledBySpring(submitted)) {",
						"if (isScheduledBySpring(submitted)) {\nif (true) {\nreturn task;\n}",
						"DIRTY_ON_EXIT: scheduler"),
				fault(TASK + "ContextExecutorBeanPostProcessor", "return result.proxy();", "return bean;",
						"DIRTY_ON_EXIT: scheduler"),
				fault(TASK + "ExecutorDecorators",
						"setDecorator(executor, (users == null || users instanceof ContextTaskDecorator) ? decorator"
								+ "\n\t\t\t\t: new CompositeTaskDecorator(List.of(users, decorator)));"
								+ "\n\t\treturn isDecoratedBy(executor, decorator);",
						"return true;", "DIRTY_ON_EXIT: Spring's pool"),
				fault(CALLABLE, "entered.scope().close();", "", "DIRTY_ON_EXIT: Spring MVC"),
				fault(CALLABLE, "snapshot.openIfNecessary()", "Context.copyOfCurrent().enter()", "LOSS: "),
				fault(TASK + "AsyncInvocation", "UnitOfWork unit = this.snapshot.create();",
						"UnitOfWork unit = this.workRegistry.create(UnitOfWork.Kind.TASK, () -> \"\");",
						"LOSS: @Async"),
				fault("io.github.contextvars.spring.threadlocal.ContextThreadLocalAccessor", "frame.scope.close();", "",
						"DIRTY_ON_EXIT: unknown"),
				fault("io.github.contextvars.spring.scoped.ContextScopedInterceptor", "&& scoped.fresh())",
						"&& !scoped.fresh())", "LOSS: @ContextScoped"),
				fault(TRACKING,
						"entry.unit = null;\n\t\t\t\tif (unit.thread == entry.thread) {\n\t\t\t\t\tunit.thread = null;"
								+ "\n\t\t\t\t}\n\t\t\t\ttry {\n\t\t\t\t\tderegister(entry);",
						"try {", "that no context still runs"),
				fault(TRACKING, "if (this.scope != null) {", "if (this.scope == null) {", "DIRTY_ON_EXIT: "));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					KafkaRecordContextInterceptor | this.contexts.begin(this, originOf(record)); | BLEED: intercept began with
					KafkaRecordContextInterceptor | this.contexts.end(this);                     | BLEED: failure began with
					KafkaBatchContextInterceptor  | this.contexts.endPoll(this);                 | threads that ended in a context
					""")
	void faultIsDetectedUnderLoadOfRecords(String type, String text, String complaint) {
		assertShows(SeededFault.in("io.github.contextvars.spring.messaging." + type, text, "")
			.detectedBy(KafkaLoadTests.class, "fewRecordsMixNothingUp"), complaint);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '`',
			textBlock = """
					opening.open(registry, copy(registry, session)); | ``                                               | BLEED: preSend
					opening.open(registry, session);                 | opening.open(registry, copy(registry, session)); | LOSS: preSend
					""")
	void faultIsDetectedUnderLoadOfFrames(String text, String replacement, String complaint) {
		assertShows(
				SeededFault.in("io.github.contextvars.spring.web.socket.WebSocketSessionContexts", text, replacement)
					.detectedBy(StompLoadTests.class, "fewFramesMixNothingUp"),
				complaint);
	}

	@ParameterizedTest
	@MethodSource
	void faultIsDetectedUnderLoadOfCalls(String text, String replacement, String complaint) {
		assertShows(SeededFault.in(RPC, text, replacement).detectedBy(SmallLoadTests.class, "callsMixNothingUp"),
				complaint);
	}

	static Stream<Arguments> faultIsDetectedUnderLoadOfCalls() {
		return Stream.of(Arguments.of("create(UnitOfWork.Kind.CALL, method::getFullMethodName);",
				"create(UnitOfWork.Kind.CALL, method::getFullMethodName, null,"
						+ " (io.github.contextvars.Context) System.getProperties().computeIfAbsent(\"seeded fault \""
						+ " + Thread.currentThread().getId(), (key) -> new io.github.contextvars.Context()));",
				"BLEED: "),
				Arguments.of("inCall(() -> super.onMessage(message));",
						"this.workRegistry.capture(this.unit, UnitOfWork.Kind.CALL, () -> \"\")"
								+ ".run(() -> super.onMessage(message));",
						"LOSS: "),
				Arguments.of("inCall(super::onHalfClose);",
						"Object entered = this.workRegistry.enter(this.unit);\nsuper.onHalfClose();",
						"DIRTY_ON_EXIT: gRPC"),
				Arguments.of("this.workRegistry.complete(this.unit);",
						"System.getProperties().put(new Object(), this);", "that no call is listed"));
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21, disabledReason = "virtual threads come with JDK 21: skipped")
	void faultIsDetectedUnderLoadOnVirtualThreads() {
		SeededFault fault = SeededFault.in(FILTER, "AsyncDispatch() {\n\t\treturn false",
				"AsyncDispatch() {\n\t\treturn true");

		assertThat(SeededFault.NONE.detectedBy(SmallLoadTests.class, VIRTUAL)).isEmpty();
		assertShows(fault.detectedBy(SmallLoadTests.class, VIRTUAL), "LOSS: ASYNC of");
	}

	@Test
	void faultIsDetectedAtTheEndsOfAsynchronousRequests() {
		assertThat(SeededFault
			.in(REQUEST, "runInCopy(\"onComplete\", () -> this.delegate.onComplete(propagating(event)));",
					"this.delegate.onComplete(propagating(event));")
			.detectedBy(AsyncEndingTests.class))
			.anySatisfy((shown) -> assertThat(shown).hasMessageContaining("LOSS: onComplete"));
	}

	@Test
	void retainedContextIsDetected() {
		assertShows(SeededFault
			.in(TRACKING, "this.active.put(entry.thread, entry);",
					"this.active.put(entry.thread, entry);\nthis.active.put(new Thread(), new Entry(unit));")
			.detectedBy(SmallLoadTests.class, "thousandContextsLeaveNothing"), "expected: 0");
	}

	@Test
	void retainedTaskIsDetected() {
		assertShows(
				SeededFault
					.in(DECORATOR, "private final WorkSnapshot snapshot;",
							"""
									private static final java.util.Queue<Object> KEPT = new java.util.concurrent.ConcurrentLinkedQueue<>();
									private final WorkSnapshot snapshot;
									{
										KEPT.add(this);
									}""")
					.detectedBy(TaskRetentionTests.class,
							"taskThatWasCancelledInTheQueueOfADecoratedPoolFreesItsContextWithItsPlace"),
				"TaskRetentionTests");
	}

	@Test
	void soakShowsContextsThatAreKept() {
		SeededFault kept = SeededFault.in(TRACKING, "Map<Thread, Entry> active = new ConcurrentHashMap<>();", """
				Map<Thread, Entry> active = new ConcurrentHashMap<>() {
					final java.util.Queue<UnitOfWork> kept = new java.util.concurrent.ConcurrentLinkedQueue<>();
					@Override
					public TrackingWorkRegistry.Entry put(Thread thread, TrackingWorkRegistry.Entry entry) {
						this.kept.add(entry.unit);
						return super.put(thread, entry);
					}
				};""");

		assertThat(SeededFault.NONE.detectedBy(SmallSoak.class)).isEmpty();
		assertThat(kept.detectedBy(SmallSoak.class)).singleElement()
			.satisfies((complaint) -> assertThat(complaint).hasMessageContaining("bytes left after collection"));
	}

	private static Arguments fault(String type, String text, String replacement, String complaint) {
		return Arguments.of(type, text, replacement, complaint);
	}

	// The expected violation, not a failure because nothing works any more.
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
