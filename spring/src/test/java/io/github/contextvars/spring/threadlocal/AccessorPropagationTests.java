package io.github.contextvars.spring.threadlocal;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TimeZone;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ContextSnapshot;
import io.micrometer.context.ContextSnapshotFactory;
import io.micrometer.context.ThreadLocalAccessor;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.transport.ReceiverContext;
import jakarta.servlet.ServletRequestEvent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.MDC;
import org.springframework.context.i18n.LocaleContextHolder;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockServletContext;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.core.context.SecurityContextImpl;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.RequestContextListener;
import org.springframework.web.context.request.ServletRequestAttributes;

import io.github.contextvars.Context;
import io.github.contextvars.ContextExecutors;
import io.github.contextvars.ContextFuture;
import io.github.contextvars.spring.registry.InvalidDeclarationException;
import io.github.contextvars.spring.work.UnitOfWork;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.spring.work.WorkSnapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

class AccessorPropagationTests {

	private static final Supplier<String> TEST = () -> "test";

	private final List<AccessorPropagation> propagations = new ArrayList<>();

	private final List<Object> accessors = new ArrayList<>();

	private WorkRegistry registry;

	@BeforeEach
	void create() {
		this.registry = WorkRegistry.nonTracking(propagation("security", "mdc", "locale", "observation", "request"),
				null);
	}

	@AfterEach
	void clear() {
		SecurityContextHolder.clearContext();
		MDC.clear();
		LocaleContextHolder.resetLocaleContext();
		RequestContextHolder.resetRequestAttributes();
		this.propagations.forEach(AccessorPropagation::destroy);
		this.accessors.forEach(ContextRegistry.getInstance()::removeThreadLocalAccessor);
		ObservationRegistry observations = ObservationRegistry.create();
		assertThat(observations.getCurrentObservation()).isNull();
	}

	@Test
	void taskOnAnotherThreadHasAllOfThem() throws Exception {
		Observation observation = Observation.start("unit", observations(new ArrayList<>()));
		setAll("alice");
		WorkSnapshot snapshot = observation.scoped(() -> this.registry.capture(UnitOfWork.Kind.TASK, TEST));
		setAll("bob");

		assertThat(onThread(() -> "mallory", () -> snapshot.call(AccessorPropagationTests::all)))
			.containsExactly("alice alice alice alice unit", "mallory mallory mallory mallory null");
		assertThat(all()).isEqualTo("bob bob bob bob null");
	}

	@Test
	void absenceIsPropagated() throws Exception {
		WorkSnapshot snapshot = this.registry.capture(UnitOfWork.Kind.TASK, TEST);

		assertThat(onThread(() -> "mallory", () -> snapshot.call(AccessorPropagationTests::all)))
			.containsExactly("null null null null null", "mallory mallory mallory mallory null");
	}

	@Test
	void taskOnTheThreadOfItsCallerRestoresTheVeryObjects() {
		setAll("alice");
		SecurityContext security = SecurityContextHolder.getContext();
		RequestAttributes request = RequestContextHolder.getRequestAttributes();
		WorkSnapshot snapshot = this.registry.capture(UnitOfWork.Kind.TASK, TEST);

		snapshot.run(() -> setAll("mallory"));

		assertThat(all()).isEqualTo("alice alice alice alice null");
		assertThat(SecurityContextHolder.getContext()).isSameAs(security);
		assertThat(RequestContextHolder.getRequestAttributes()).isSameAs(request);
	}

	@Test
	void unitThatBeginsFreshClearsAndRestores() {
		setAll("earlier");
		Observation earlier = Observation.start("earlier", observations(new ArrayList<>()));
		AtomicReference<String> inside = new AtomicReference<>();

		earlier.scoped(() -> {
			this.registry.run(this.registry.create(UnitOfWork.Kind.SCHEDULED, TEST), () -> {
				inside.set(all());
				setAll("left");
			});
			assertThat(all()).isEqualTo("earlier earlier earlier earlier earlier");
		});

		assertThat(inside).hasValue("null null null null null");
	}

	@Test
	void scopedCallKeepsThem() {
		setAll("alice");

		for (boolean fresh : new boolean[] { true, false }) {
			this.registry.run(this.registry.createScoped(TEST, fresh),
					() -> assertThat(all()).isEqualTo("alice alice alice alice null"));
		}
	}

	@Test
	void unitThatIsEnteredAgainHasWhatWasSaved() throws Exception {
		UnitOfWork unit = this.registry.create(UnitOfWork.Kind.REQUEST, TEST);
		this.registry.run(unit, () -> {
			setAll("alice");
			this.registry.saveThreadLocals(unit);
		});
		assertThat(all()).isEqualTo("null null null null null");

		List<String> seen = new ArrayList<>();
		this.registry.run(unit, () -> seen.add(all()));
		seen.addAll(onThread(() -> "mallory",
				() -> this.registry.capture(unit, UnitOfWork.Kind.TASK, TEST).call(AccessorPropagationTests::all)));

		assertThat(seen).containsExactly("alice alice alice alice null", "alice alice alice alice null",
				"mallory mallory mallory mallory null");
	}

	@Test
	void scopeThatIsClosedOnAnotherThreadChangesNothingThere() throws Exception {
		Context.Scope scope = this.registry.enter(this.registry.create(UnitOfWork.Kind.TASK, TEST));

		assertThat(onThread(() -> "mallory", () -> {
			assertThatExceptionOfType(IllegalStateException.class).isThrownBy(scope::close);
			return all();
		})).containsExactly("mallory mallory mallory mallory null", "mallory mallory mallory mallory null");
		scope.close();
	}

	@Test
	void observationIsTheParentAndNotStopped() throws Exception {
		List<String> events = new ArrayList<>();
		ObservationRegistry observations = observations(events);
		Observation parent = Observation.start("parent", observations);
		WorkSnapshot snapshot = parent.scoped(() -> this.registry.capture(UnitOfWork.Kind.TASK, TEST));

		AtomicReference<String> parentOfChild = new AtomicReference<>();
		onThread(() -> null, () -> {
			snapshot.run(() -> {
				Observation child = Observation.start("child", observations);
				parentOfChild.set(child.getContext().getParentObservation().getContextView().getName());
				child.stop();
			});
			return "";
		});

		assertThat(parentOfChild).hasValue("parent");
		assertThat(events).containsExactly("stop child");
	}

	@Test
	void messageKeepsTheObservationThatItsContainerHasBegun() {
		ObservationRegistry observations = observations(new ArrayList<>());
		Observation received = Observation.start("received",
				() -> new ReceiverContext<>((Object carrier, String key) -> null), observations);
		Observation earlier = Observation.start("earlier", observations);
		UnitOfWork message = this.registry.create(UnitOfWork.Kind.MESSAGE, TEST);

		received.scoped(() -> this.registry.run(message,
				() -> assertThat(observations.getCurrentObservation()).isSameAs(received)));
		earlier.scoped(() -> this.registry.run(message, () -> assertThat(all()).isEqualTo("null null null null null")));
	}

	// As tracing does, for the correlation of log lines.
	@Test
	void scopeOfAnObservationMayWriteIntoTheMdc() throws Exception {
		ObservationRegistry observations = ObservationRegistry.create();
		observations.observationConfig().observationHandler(new ObservationHandler<>() {

			@Override
			public void onScopeOpened(Observation.Context context) {
				MDC.put("trace", String.valueOf(context.getName()));
			}

			@Override
			public boolean supportsContext(Observation.Context context) {
				return true;
			}

		});
		Observation received = Observation.start("received",
				() -> new ReceiverContext<>((Object carrier, String key) -> null), observations);
		Observation submitting = Observation.start("submitting", observations);
		List<String> seen = new ArrayList<>();

		received.scoped(() -> this.registry.run(this.registry.create(UnitOfWork.Kind.MESSAGE, TEST),
				() -> seen.add(MDC.get("trace"))));
		WorkSnapshot snapshot = submitting.scoped(() -> {
			MDC.put("trace", "overwritten");
			return this.registry.capture(UnitOfWork.Kind.TASK, TEST);
		});
		onThread(() -> null, () -> snapshot.call(() -> {
			seen.add(MDC.get("trace"));
			return "";
		}));

		assertThat(seen).containsExactly("received", "submitting");
	}

	@Test
	void requestKeepsWhatTheListenerOfItsContainerHasSet() {
		RequestContextListener listener = new RequestContextListener();
		MockHttpServletRequest request = new MockHttpServletRequest();
		request.setAttribute("user", "alice");
		request.addPreferredLocale(Locale.forLanguageTag("und-x-alice"));
		ServletRequestEvent event = new ServletRequestEvent(new MockServletContext(), request);
		listener.requestInitialized(event);
		RequestAttributes attributes = RequestContextHolder.getRequestAttributes();
		MDC.put("user", "earlier");

		this.registry.run(this.registry.create(UnitOfWork.Kind.REQUEST, TEST),
				() -> assertThat(all()).isEqualTo("null null alice alice null"));
		this.registry.run(this.registry.create(UnitOfWork.Kind.SCHEDULED, TEST),
				() -> assertThat(all()).isEqualTo("null null null null null"));

		assertThat(RequestContextHolder.getRequestAttributes()).isSameAs(attributes);
		listener.requestDestroyed(event);
	}

	@Test
	void localeDoesNotDependOnTheRequest() throws Exception {
		AtomicReference<Locale> ofRequest = new AtomicReference<>(Locale.GERMAN);
		LocaleContextHolder.setLocaleContext(ofRequest::get);
		WorkSnapshot snapshot = this.registry.capture(UnitOfWork.Kind.TASK, TEST);
		LocaleContextHolder.setTimeZone(TimeZone.getTimeZone("Asia/Tokyo"));
		WorkSnapshot withTimeZone = this.registry.capture(UnitOfWork.Kind.TASK, TEST);
		ofRequest.set(Locale.FRENCH);

		assertThat(onThread(() -> null, () -> snapshot.call(() -> LocaleContextHolder.getLocale().toString()))).first()
			.isEqualTo("de");
		assertThat(onThread(() -> null, () -> withTimeZone.call(() -> LocaleContextHolder.getTimeZone().getID())))
			.first()
			.isEqualTo("Asia/Tokyo");
	}

	@Test
	void requestAttributesOutliveTheRequest() throws Exception {
		MockHttpServletRequest request = new MockHttpServletRequest();
		request.setAttribute("user", "alice");
		ServletRequestAttributes attributes = new ServletRequestAttributes(request);
		RequestContextHolder.setRequestAttributes(attributes);
		WorkSnapshot snapshot = this.registry.capture(UnitOfWork.Kind.TASK, TEST);
		attributes.requestCompleted();
		request.removeAttribute("user");

		assertThat(onThread(() -> null, () -> snapshot.call(AccessorPropagationTests::all))).first()
			.isEqualTo("null null null alice null");
	}

	@ParameterizedTest
	@ValueSource(strings = { "getValue", "setValue", "setValue()", "restore", "restore()" })
	void accessorThatThrowsLosesNothingElse(String method) throws Exception {
		register(new FailingAccessor("failing", method));
		this.registry = WorkRegistry.tracking(propagation("failing", "mdc", "security", "locale", "request"), null);
		setAll("alice");
		FailingAccessor.VALUE.set("set".equals(method) ? null : "alice");

		for (int i = 0; i < 2; i++) {
			WorkSnapshot snapshot = this.registry.capture(UnitOfWork.Kind.TASK, TEST);
			if (method.endsWith("()")) {
				FailingAccessor.VALUE.remove();
			}
			assertThat(onThread(() -> "mallory", () -> snapshot.call(AccessorPropagationTests::all)))
				.containsExactly("alice alice alice alice null", "mallory mallory mallory mallory null");
			this.registry.run(this.registry.create(UnitOfWork.Kind.REQUEST, TEST),
					() -> assertThat(all()).isEqualTo("null null null null null"));
			assertThat(all()).isEqualTo("alice alice alice alice null");
		}
	}

	@Test
	void accessorThatIsRegisteredLaterPropagates() throws Exception {
		this.registry = WorkRegistry.nonTracking(propagation("mdc", "later"), null);
		this.registry.capture(UnitOfWork.Kind.TASK, TEST);
		register(new FailingAccessor("later", "nothing"));
		FailingAccessor.VALUE.set("alice");
		WorkSnapshot snapshot = this.registry.capture(UnitOfWork.Kind.TASK, TEST);
		FailingAccessor.VALUE.remove();

		assertThat(onThread(() -> null, () -> snapshot.call(FailingAccessor.VALUE::get))).first().isEqualTo("alice");
	}

	@Test
	void starStandsForAllButTheLibrarysOwn() throws Exception {
		register(new FailingAccessor("other", "nothing"));
		AccessorPropagation all = propagation("*");
		all.afterSingletonsInstantiated();
		this.registry = WorkRegistry.nonTracking(all, null);
		setAll("alice");
		FailingAccessor.VALUE.set("alice");
		long before = Context.depth();
		WorkSnapshot snapshot = this.registry.capture(UnitOfWork.Kind.TASK, TEST);
		FailingAccessor.VALUE.remove();

		assertThat(onThread(() -> null,
				() -> snapshot.call(() -> all() + " " + FailingAccessor.VALUE.get() + " " + Context.depth())))
			.first()
			.isEqualTo("alice alice alice alice null alice " + (before + 1));
	}

	@ParameterizedTest
	@ValueSource(strings = { "org.springframework.security.core.context.SecurityContext", "SECURITY" })
	void securityHasTheSameMeaningUnderItsKey(String name) throws Exception {
		this.registry = WorkRegistry.nonTracking(propagation(name), null);
		SecurityContextHolder.setContext(new SecurityContextImpl(user("alice")));
		WorkSnapshot snapshot = this.registry.capture(UnitOfWork.Kind.TASK, TEST);
		SecurityContextHolder.getContext().setAuthentication(user("bob"));

		assertThat(onThread(() -> null, () -> snapshot.call(AccessorPropagationTests::currentUser))).first()
			.isEqualTo("alice");
	}

	@Test
	void unknownNameIsRefusedWithTheKnownOnes() {
		register(new FailingAccessor("com.acme.tenant", "nothing"));
		AccessorPropagation propagation = propagation("mcd");

		assertThatExceptionOfType(InvalidDeclarationException.class)
			.isThrownBy(propagation::afterSingletonsInstantiated)
			.withMessage("'contextvars.thread-locals' names 'mcd', which is no key of a ThreadLocalAccessor")
			.satisfies((ex) -> assertThat(ex.action()).contains("security, mdc, locale, observation, request, *,",
					"com.acme.tenant"));
	}

	@Test
	void ownAccessorIsRefused() {
		AccessorPropagation propagation = propagation(ContextThreadLocalAccessor.KEY);

		assertThatExceptionOfType(InvalidDeclarationException.class)
			.isThrownBy(propagation::afterSingletonsInstantiated)
			.withMessageContaining("the accessor of this library");
	}

	@Test
	void snapshotsOfMicrometerUseTheSameAccessors() throws Exception {
		setAll("alice");
		ContextSnapshot snapshot = ContextSnapshotFactory.builder().clearMissing(true).build().captureAll();
		SecurityContextHolder.getContext().setAuthentication(user("bob"));

		assertThat(onThread(() -> "mallory", () -> snapshot.wrap(AccessorPropagationTests::all).call()))
			.containsExactly("alice alice alice alice null", "mallory mallory mallory mallory null");

		RequestAttributes request = RequestContextHolder.getRequestAttributes();
		snapshot.wrap(() -> setAll("mallory")).run();
		assertThat(RequestContextHolder.getRequestAttributes()).isSameAs(request);
	}

	@Test
	void whatTheCoreHandsOverHasThemToo() throws Exception {
		setAll("alice");
		ContextFuture<String> future = new ContextFuture<>();
		CompletableFuture<String> stage = future.thenApply((any) -> all());
		List<Runnable> submitted = new ArrayList<>();
		List<String> seen = new ArrayList<>();
		ContextExecutors.wrap((Executor) submitted::add).execute(() -> seen.add(all()));

		assertThat(onThread(() -> "mallory", () -> {
			future.complete("");
			submitted.get(0).run();
			return stage.getNow("not completed");
		})).containsExactly("alice alice alice alice null", "mallory mallory mallory mallory null");
		assertThat(seen).containsExactly("alice alice alice alice null");

		this.propagations.forEach(AccessorPropagation::destroy);
		assertThat(
				onThread(() -> null, () -> new ContextFuture<String>().completeAsync(() -> all(), Runnable::run).get()))
			.first()
			.isEqualTo("null null null null null");
	}

	@Test
	void accessorsAreThereWhileAnApplicationUsesThem() {
		this.propagations.forEach(AccessorPropagation::destroy);
		List<ThreadLocalAccessor<?>> before = List.copyOf(ContextRegistry.getInstance().getThreadLocalAccessors());
		AccessorPropagation first = propagation("security", "mdc");
		AccessorPropagation second = propagation("security");

		first.destroy();
		assertThat(accessor("org.springframework.security.core.context.SecurityContext"))
			.isInstanceOf(SecurityContextAccessor.class);
		assertThat(accessor("cp.slf4j")).isNull();
		second.destroy();

		assertThat(ContextRegistry.getInstance().getThreadLocalAccessors()).containsExactlyInAnyOrderElementsOf(before);
		assertThatNoException().isThrownBy(second::destroy);
	}

	private static ThreadLocalAccessor<?> accessor(String key) {
		return ContextRegistry.getInstance()
			.getThreadLocalAccessors()
			.stream()
			.filter((accessor) -> accessor.key().equals(key))
			.findAny()
			.orElse(null);
	}

	private AccessorPropagation propagation(String... names) {
		AccessorPropagation propagation = new AccessorPropagation(Set.of(names));
		this.propagations.add(propagation);
		return propagation;
	}

	private void register(FailingAccessor accessor) {
		ContextRegistry.getInstance().registerThreadLocalAccessor(accessor);
		this.accessors.add(accessor.key());
	}

	// Without a handler, observations are replaced by one that does nothing.
	private static ObservationRegistry observations(List<String> events) {
		ObservationRegistry observations = ObservationRegistry.create();
		observations.observationConfig().observationHandler(new ObservationHandler<>() {

			@Override
			public void onStop(Observation.Context context) {
				events.add("stop " + context.getName());
			}

			@Override
			public boolean supportsContext(Observation.Context context) {
				return true;
			}

		});
		return observations;
	}

	private static Authentication user(String name) {
		return new TestingAuthenticationToken(name, "");
	}

	private static String currentUser() {
		Authentication authentication = SecurityContextHolder.getContext().getAuthentication();
		return (authentication != null) ? authentication.getName() : null;
	}

	private static void setAll(String user) {
		SecurityContextHolder.setContext(new SecurityContextImpl(user(user)));
		MDC.put("user", user);
		LocaleContextHolder.setLocale(Locale.forLanguageTag("und-x-" + user));
		MockHttpServletRequest request = new MockHttpServletRequest();
		request.setAttribute("user", user);
		RequestContextHolder.setRequestAttributes(new ServletRequestAttributes(request));
	}

	private static String all() {
		RequestAttributes request = RequestContextHolder.getRequestAttributes();
		Observation observation = ObservationRegistry.create().getCurrentObservation();
		String locale = (LocaleContextHolder.getLocaleContext() != null)
				? LocaleContextHolder.getLocale().getExtension('x') : null;
		return currentUser() + " " + MDC.get("user") + " " + locale + " "
				+ ((request != null) ? request.getAttribute("user", RequestAttributes.SCOPE_REQUEST) : null) + " "
				+ ((observation != null) ? observation.getContextView().getName() : null);
	}

	// What the task returns, and what the thread has afterwards.
	private static List<String> onThread(Supplier<String> earlier, Callable<String> task) throws Exception {
		List<String> seen = new ArrayList<>();
		AtomicReference<Throwable> failure = new AtomicReference<>();
		Thread thread = new Thread(() -> {
			try {
				if (earlier.get() != null) {
					setAll(earlier.get());
				}
				seen.add(task.call());
				seen.add(all());
			}
			catch (Throwable ex) {
				failure.set(ex);
			}
		});
		thread.start();
		thread.join();
		assertThat(failure).hasValue(null);
		return seen;
	}

	private static void runOnThread(Runnable task) {
		try {
			onThread(() -> null, () -> {
				task.run();
				return "";
			});
		}
		catch (Exception ex) {
			throw new AssertionError(ex);
		}
	}

	@Nested
	class Security {

		@Test
		void runsDoNotShareTheirContext() throws Exception {
			SecurityContextHolder.setContext(new SecurityContextImpl(user("alice")));
			WorkSnapshot snapshot = AccessorPropagationTests.this.registry.capture(UnitOfWork.Kind.TASK, TEST);
			SecurityContextHolder.getContext().setAuthentication(user("bob"));

			for (int i = 0; i < 2; i++) {
				assertThat(onThread(() -> null, () -> snapshot.call(() -> {
					String before = currentUser();
					SecurityContextHolder.getContext().setAuthentication(user("mallory"));
					return before;
				}))).first().isEqualTo("alice");
			}

			assertThat(currentUser()).isEqualTo("bob");
		}

		@Test
		void handOverDoesNotLoadDeferredContext() throws Exception {
			AtomicInteger loads = new AtomicInteger();
			UnitOfWork request = AccessorPropagationTests.this.registry.create(UnitOfWork.Kind.REQUEST, TEST);
			AtomicReference<WorkSnapshot> snapshot = new AtomicReference<>();

			AccessorPropagationTests.this.registry.run(request, () -> {
				SecurityContextHolder.setDeferredContext(() -> {
					loads.incrementAndGet();
					return new SecurityContextImpl(user("alice"));
				});
				snapshot.set(AccessorPropagationTests.this.registry.capture(UnitOfWork.Kind.TASK, TEST));
				runOnThread(() -> snapshot.get().run(() -> {
				}));
				assertThat(loads).hasValue(0);
				SecurityContextHolder.getContext().setAuthentication(user("bob"));
				assertThat(loads).hasValue(1);
			});

			assertThat(onThread(() -> null, () -> snapshot.get().call(AccessorPropagationTests::currentUser))).first()
				.isEqualTo("alice");
			assertThat(loads).hasValue(1);
		}

		@Test
		void deferredContextThatWasHandedOverIsLoadedBeforeTheUnitEnds() throws Exception {
			AtomicInteger loads = new AtomicInteger();
			AtomicReference<WorkSnapshot> snapshot = new AtomicReference<>();
			AccessorPropagationTests.this.registry
				.run(AccessorPropagationTests.this.registry.create(UnitOfWork.Kind.REQUEST, TEST), () -> {
					SecurityContextHolder.setDeferredContext(() -> {
						loads.incrementAndGet();
						return new SecurityContextImpl(user("alice"));
					});
					snapshot.set(AccessorPropagationTests.this.registry.capture(UnitOfWork.Kind.TASK, TEST));
					// As Spring Security's filter does.
					SecurityContextHolder.clearContext();
					assertThat(loads).hasValue(0);
				});
			assertThat(loads).hasValue(1);

			assertThat(onThread(() -> null, () -> snapshot.get().call(AccessorPropagationTests::currentUser))).first()
				.isEqualTo("alice");
			assertThat(loads).hasValue(1);
		}

		@Test
		void deferredContextThatWasHandedOverIsLoadedWhenItIsReplaced() throws Exception {
			AtomicInteger loads = new AtomicInteger();
			AtomicReference<WorkSnapshot> first = new AtomicReference<>();
			AccessorPropagationTests.this.registry
				.run(AccessorPropagationTests.this.registry.create(UnitOfWork.Kind.REQUEST, TEST), () -> {
					SecurityContextHolder.setDeferredContext(() -> {
						loads.incrementAndGet();
						return new SecurityContextImpl(user("alice"));
					});
					first.set(AccessorPropagationTests.this.registry.capture(UnitOfWork.Kind.TASK, TEST));
					SecurityContextHolder.setContext(new SecurityContextImpl(user("bob")));
					AccessorPropagationTests.this.registry.capture(UnitOfWork.Kind.TASK, TEST);
					assertThat(loads).hasValue(1);
				});

			assertThat(onThread(() -> null, () -> first.get().call(AccessorPropagationTests::currentUser))).first()
				.isEqualTo("alice");
		}

		@Test
		void deferredContextThatNothingTookOverIsNeverLoaded() {
			AtomicInteger loads = new AtomicInteger();
			AccessorPropagationTests.this.registry
				.run(AccessorPropagationTests.this.registry.create(UnitOfWork.Kind.REQUEST, TEST), () -> {
					SecurityContextHolder.setDeferredContext(() -> {
						loads.incrementAndGet();
						return new SecurityContextImpl(user("alice"));
					});
					// Reads what the thread has, to restore it, but hands nothing over.
					AccessorPropagationTests.this.registry
						.run(AccessorPropagationTests.this.registry.create(UnitOfWork.Kind.RUNNER, TEST), () -> {
						});
				});

			assertThat(loads).hasValue(0);
		}

		@Test
		void deferredContextThatCannotBeLoadedFailsWhereItIsAskedFor() throws Exception {
			AtomicReference<WorkSnapshot> snapshot = new AtomicReference<>();
			AccessorPropagationTests.this.registry
				.run(AccessorPropagationTests.this.registry.create(UnitOfWork.Kind.REQUEST, TEST), () -> {
					SecurityContextHolder.setDeferredContext(() -> {
						throw new IllegalArgumentException("no session store");
					});
					snapshot.set(AccessorPropagationTests.this.registry.capture(UnitOfWork.Kind.TASK, TEST));
				});

			onThread(() -> null, () -> {
				snapshot.get()
					.run(() -> assertThatExceptionOfType(IllegalStateException.class)
						.isThrownBy(SecurityContextHolder::getContext)
						.withRootCauseInstanceOf(IllegalArgumentException.class));
				return "";
			});
		}

		@Test
		void tasksThatHandOverTasksAreNoChain() {
			AtomicReference<WorkSnapshot> snapshot = new AtomicReference<>();
			UnitOfWork request = AccessorPropagationTests.this.registry.create(UnitOfWork.Kind.REQUEST, TEST);
			AccessorPropagationTests.this.registry.run(request, () -> {
				AtomicInteger loads = new AtomicInteger();
				SecurityContextHolder.setDeferredContext(() -> {
					loads.incrementAndGet();
					return new SecurityContextImpl(user("alice"));
				});
				snapshot.set(AccessorPropagationTests.this.registry.capture(UnitOfWork.Kind.TASK, TEST));
				for (int i = 0; i < 50_000; i++) {
					snapshot.get()
						.run(() -> snapshot
							.set(AccessorPropagationTests.this.registry.capture(UnitOfWork.Kind.TASK, TEST)));
				}
				assertThat(loads).hasValue(0);
				assertThat(snapshot.get().<String, RuntimeException>call(AccessorPropagationTests::currentUser))
					.isEqualTo("alice");
				assertThat(currentUser()).isEqualTo("alice");
			});
		}

		@Test
		void holderWithOneContextForAllThreadsIsLeftAlone() throws Exception {
			SecurityContextHolder.setStrategyName(SecurityContextHolder.MODE_GLOBAL);
			try {
				SecurityContext global = new SecurityContextImpl(user("application"));
				SecurityContextHolder.setContext(global);
				WorkSnapshot snapshot = AccessorPropagationTests.this.registry.capture(UnitOfWork.Kind.TASK, TEST);

				assertThat(onThread(() -> null, () -> snapshot.call(() -> {
					assertThat(SecurityContextHolder.getContext()).isSameAs(global);
					return currentUser();
				}))).containsExactly("application", "application null null null null");
			}
			finally {
				SecurityContextHolder.setStrategyName(SecurityContextHolder.MODE_THREADLOCAL);
			}
		}

	}

	private static final class FailingAccessor implements ThreadLocalAccessor<String> {

		static final ThreadLocal<String> VALUE = new ThreadLocal<>();

		private final String key;

		private final String failing;

		private FailingAccessor(String key, String failing) {
			this.key = key;
			this.failing = failing;
		}

		@Override
		public Object key() {
			return this.key;
		}

		@Override
		public String getValue() {
			fail("getValue");
			return VALUE.get();
		}

		@Override
		public void setValue(String value) {
			fail("setValue");
			VALUE.set(value);
		}

		@Override
		public void setValue() {
			fail("setValue()");
			VALUE.remove();
		}

		@Override
		public void restore(String previous) {
			fail("restore");
			VALUE.set(previous);
		}

		@Override
		public void restore() {
			fail("restore()");
			VALUE.remove();
		}

		private void fail(String method) {
			if (method.equals(this.failing)) {
				throw new IllegalStateException("seeded");
			}
		}

	}

}
