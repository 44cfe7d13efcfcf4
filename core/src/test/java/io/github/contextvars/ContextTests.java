package io.github.contextvars;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.AbstractMap.SimpleEntry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import java.util.Spliterator;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

import io.github.contextvars.testsupport.LogCapture;
import io.github.contextvars.testsupport.TestThreads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatObject;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for {@link Context}: running and copying, and {@link Map}'s contract.
 */
class ContextTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant");

	private static final ContextVar<String> REGION = ContextVar.of("region", "eu");

	private static final ContextVar<String> USER = ContextVar.of("user");

	private static Context contextOf(String tenant, String region) {
		Context context = new Context();
		context.run(() -> {
			TENANT.set(tenant);
			REGION.set(region);
		});
		return context;
	}

	@Nested
	class Run {

		@Test
		void runKeepsWhatTheBodySetInTheContextOnly() {
			Context context = new Context();

			context.run(() -> TENANT.set("acme"));

			assertThat(context.get(TENANT)).isEqualTo("acme");
			assertThat(TENANT.get("none")).isEqualTo("none");
			context.run(() -> assertThat(TENANT.get()).isEqualTo("acme"));
		}

		@Test
		void runWhenBodyThrowsRestoresOuterContextAndThrowsTheSame() {
			Context outer = contextOf("outer", "eu");
			Context inner = new Context();
			IllegalCallerException failure = new IllegalCallerException();

			outer.run(() -> {
				Throwable thrown = catchThrowable(() -> inner.run(() -> {
					TENANT.set("inner");
					throw failure;
				}));
				assertThat(thrown).isSameAs(failure);
				assertThat(TENANT.get()).isEqualTo("outer");
			});

			assertThat(inner.get(TENANT)).isEqualTo("inner");
			assertThatCode(() -> inner.run(() -> {
			})).doesNotThrowAnyException();
		}

		@Test
		void runWhenBodyIsNullThrowsAndEntersNothing() {
			Context context = new Context();

			assertThatNullPointerException().isThrownBy(() -> context.run(null)).withMessage("'body' must not be null");
			assertThatCode(() -> context.run(() -> {
			})).doesNotThrowAnyException();
		}

		@Test
		void runWhenNestedReplacesEachOuterContext() {
			List<Context> contexts = new ArrayList<>();
			for (int i = 0; i < 100; i++) {
				contexts.add(contextOf("tenant-" + i, "eu"));
			}

			nest(contexts, 0);
		}

		private void nest(List<Context> contexts, int depth) {
			if (depth < contexts.size()) {
				contexts.get(depth).run(() -> {
					nest(contexts, depth + 1);
					assertThat(TENANT.get()).isEqualTo("tenant-" + depth);
				});
			}
		}

		@Test
		void runWhenEnteredByThisThreadThrowsAndChangesNothing() throws Exception {
			Context context = contextOf("acme", "eu");

			TestThreads.run("exec-1", () -> context.run(() -> {
				assertThatIllegalStateException().isThrownBy(() -> context.run(() -> {
				})).withMessage("Context is already entered by thread 'exec-1'; run a copy() of it");
				assertThat(TENANT.get()).isEqualTo("acme");
				TENANT.set("still here");
			}));

			assertThat(context.get(TENANT)).isEqualTo("still here");
		}

		@Test
		void runWhenEnteredFurtherOutThrows() {
			Context context = contextOf("acme", "eu");

			context.run(() -> new Context().run(() -> new Context().run(() -> {
				assertThatIllegalStateException().isThrownBy(() -> context.run(() -> {
				}));
				assertThatIllegalStateException().isThrownBy(() -> context.call(() -> null));
				assertThatIllegalStateException().isThrownBy(context::enter);
				assertThat(TENANT.get("none")).isEqualTo("none");
			})));
		}

		@Test
		void runWhenEnteredByAnotherThreadThrowsAtOnceAndWorksAfterwards() throws Exception {
			Context context = new Context();
			CountDownLatch entered = new CountDownLatch(1);
			CountDownLatch release = new CountDownLatch(1);
			Future<Void> holder = TestThreads.start("exec-1", () -> context.call(() -> {
				entered.countDown();
				TestThreads.await(release);
				return null;
			}));
			TestThreads.await(entered);

			assertThatIllegalStateException().isThrownBy(() -> context.run(() -> {
			})).withMessage("Context is already entered by thread 'exec-1'; run a copy() of it");

			release.countDown();
			TestThreads.result(holder);
			assertThatCode(() -> context.run(() -> {
			})).doesNotThrowAnyException();
		}

	}

	@Nested
	class Call {

		@Test
		void callReturnsWhatTheBodyReturnsEvenNull() {
			assertThat(contextOf("acme", "eu").<String, RuntimeException>call(TENANT::get)).isEqualTo("acme");
			assertThat(new Context().<String, RuntimeException>call(() -> null)).isNull();
		}

		@Test
		void callWhenBodyThrowsCheckedExceptionThrowsTheSame() {
			Context context = new Context();
			IOException failure = new FileNotFoundException();

			Throwable thrown = catchThrowable(() -> context.<Void, IOException>call(() -> {
				throw failure;
			}));

			assertThat(thrown).isSameAs(failure);
			assertThat(TENANT.get("none")).isEqualTo("none");
		}

		@Test
		void callWhenBodyIsNullThrows() {
			assertThatNullPointerException().isThrownBy(() -> new Context().call(null))
				.withMessage("'body' must not be null");
		}

	}

	@Nested
	class Depth {

		@Test
		void depthWhenOutsideIsZero() throws Exception {
			TestThreads.run(() -> assertThat(Context.depth()).isZero());
		}

		@Test
		void depthWhenNestedCountsEachContext() {
			new Context().run(() -> {
				assertThat(Context.depth()).isEqualTo(1);
				try (Context.Scope scope = new Context().enter()) {
					assertThat(Context.depth()).isEqualTo(2);
					assertThat(new Context().<Integer, RuntimeException>call(Context::depth)).isEqualTo(3);
					assertThat(new Context().wrapSupplier(Context::depth).get()).isEqualTo(3);
					assertThat(Context.depth()).isEqualTo(2);
				}
				assertThat(Context.depth()).isEqualTo(1);
			});
			assertThat(Context.depth()).isZero();
		}

		@Test
		void depthWhenThreadHasABaseContextDoesNotCountIt() throws Exception {
			TestThreads.run(() -> {
				TENANT.set("base");
				assertThat(Context.depth()).isZero();
				new Context().run(() -> new Context().run(() -> assertThat(Context.depth()).isEqualTo(2)));
				assertThat(Context.depth()).isZero();
			});
		}

		@Test
		void depthWhenAnotherThreadIsInAContextDoesNotCountIt() {
			new Context()
				.run(() -> assertThat(catchThrowable(() -> TestThreads.run(() -> assertThat(Context.depth()).isZero())))
					.isNull());
		}

		@Test
		void depthWhenBodyThrowsIsThatOfTheOuterContext() {
			new Context().run(() -> {
				catchThrowable(() -> new Context().run(() -> {
					throw new IllegalCallerException();
				}));
				assertThat(Context.depth()).isEqualTo(1);
			});
		}

		@Test
		void depthWhenScopesWereLeakedIsThatOfTheOuterContext() {
			try (LogCapture log = LogCapture.open()) {
				new Context().run(() -> {
					Context.Scope scope = new Context().enter();
					new Context().enter();
					new Context().enter();
					assertThat(Context.depth()).isEqualTo(4);
					scope.close();
					assertThat(Context.depth()).isEqualTo(1);
				});
				assertThat(log.messages()).hasSize(2);
			}
			assertThat(Context.depth()).isZero();
		}

	}

	@Nested
	class CopyOfCurrent {

		@Test
		void copyOfCurrentWhenThereIsNoneIsEmpty() {
			assertThat(Context.copyOfCurrent()).isNotNull().isEmpty();
		}

		@Test
		void copyOfCurrentHasTheValuesAndIsNotEntered() {
			Context context = contextOf("acme", "eu");

			context.run(() -> {
				Context copy = Context.copyOfCurrent();
				assertThatObject(copy).isNotSameAs(context).isEqualTo(context);
				copy.run(() -> assertThat(TENANT.get()).isEqualTo("acme"));
			});
		}

		@Test
		void copyOfCurrentWhenThereIsABaseContextHasItsValues() throws Exception {
			Context copy = TestThreads.call(() -> {
				TENANT.set("base");
				return Context.copyOfCurrent();
			});

			assertThat(copy.get(TENANT)).isEqualTo("base");
		}

	}

	@Nested
	class Copy {

		@Test
		void copyIsIndependentBothWays() {
			Context original = contextOf("acme", "eu");
			Context copy = original.copy();
			Context copyOfCopy = copy.copy();

			original.run(() -> TENANT.set("original"));
			copy.run(() -> TENANT.set("copy"));

			assertThat(original.get(TENANT)).isEqualTo("original");
			assertThat(copy.get(TENANT)).isEqualTo("copy");
			assertThat(copyOfCopy.get(TENANT)).isEqualTo("acme");
		}

		@Test
		void copyWhenEnteredCanBeEntered() {
			Context context = new Context();

			context.run(() -> context.copy().run(() -> TENANT.set("copy")));

			assertThat(context).isEmpty();
		}

		@Test
		void copyIsShallow() {
			ContextVar<List<String>> list = ContextVar.of("list");
			List<String> value = new ArrayList<>();
			Context context = new Context();
			context.run(() -> list.set(value));

			assertThat(context.copy().get(list)).isSameAs(value);
		}

		@Test
		void copyWhenThereAreManyVariablesSharesTheState() {
			Context context = new Context();
			context.run(() -> {
				for (int i = 0; i < 10_000; i++) {
					ContextVar.of("v").set(i);
				}
			});

			assertThat(context.copy().state()).isSameAs(context.state());
			assertThat(context.<Context, RuntimeException>call(Context::copyOfCurrent).state())
				.isSameAs(context.state());
		}

	}

	@Nested
	class Lookup {

		@Test
		void getWhenAbsentReturnsNullNotDefault() {
			assertThat(new Context().get(REGION)).isNull();
			assertThat(new Context().get(TENANT)).isNull();
		}

		@Test
		void getOrThrowWhenAbsentThrowsEvenWithDefault() {
			assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(() -> new Context().getOrThrow(REGION))
				.withMessage("'region' has no value in this context");
		}

		@Test
		void getOrThrowWhenPresentReturnsEvenNull() {
			assertThat(contextOf("acme", null).getOrThrow(TENANT)).isEqualTo("acme");
			assertThat(contextOf("acme", null).getOrThrow(REGION)).isNull();
		}

		@Test
		void getOrDefaultReturnsValueOrFallbackNotDefault() {
			assertThat(contextOf("acme", null).getOrDefault(TENANT, "fallback")).isEqualTo("acme");
			assertThat(contextOf("acme", null).getOrDefault(REGION, "fallback")).isNull();
			assertThat(new Context().getOrDefault(REGION, "fallback")).isEqualTo("fallback");
			assertThat(new Context().getOrDefault(REGION, null)).isNull();
		}

		@Test
		void lookupWhenVariableIsNullThrows() {
			Context context = new Context();
			ContextVar<String> nothing = null;

			assertThatNullPointerException().isThrownBy(() -> context.get(nothing))
				.withMessage("'var' must not be null");
			assertThatNullPointerException().isThrownBy(() -> context.getOrThrow(nothing))
				.withMessage("'var' must not be null");
			assertThatNullPointerException().isThrownBy(() -> context.getOrDefault(nothing, "fallback"))
				.withMessage("'var' must not be null");
		}

		@Test
		void lookupAsMapWhenKeyIsNullOrNoVariableFindsNothing() {
			Map<?, ?> map = contextOf("acme", "eu");

			assertThat(map.get(null)).isNull();
			assertThat(map.get("tenant")).isNull();
			assertThat(map.containsKey(null)).isFalse();
			assertThat(map.containsKey("tenant")).isFalse();
		}

		@Test
		void lookupAsMapFindsTheValues() {
			Map<ContextVar<?>, Object> map = contextOf("acme", null);

			assertThat(map.get((Object) TENANT)).isEqualTo("acme");
			assertThat(map.getOrDefault((Object) REGION, "fallback")).isNull();
			assertThat(map.getOrDefault((Object) USER, "fallback")).isEqualTo("fallback");
			assertThat(map.containsKey(REGION)).isTrue();
			assertThat(map.containsKey(USER)).isFalse();
			assertThat(map.containsValue(null)).isTrue();
			assertThat(map.containsValue("acme")).isTrue();
			assertThat(map.containsValue("eu")).isFalse();
			assertThat(map).hasSize(2);
			assertThat(map.isEmpty()).isFalse();
		}

		@Test
		void lookupWhenAnotherThreadIsInTheContextSeesItsValues() throws Exception {
			Context context = contextOf("acme", "eu");

			context.run(() -> {
				TENANT.set("changed");
				assertThat(catchThrowable(
						() -> TestThreads.run(() -> assertThat(context.get(TENANT)).isEqualTo("changed"))))
					.isNull();
			});
		}

	}

	@Nested
	class Views {

		@Test
		void viewsAreLiveAndEachIterationIsASnapshot() {
			Context context = contextOf("acme", "eu");
			Set<ContextVar<?>> keys = context.keySet();
			Collection<Object> values = context.values();
			Set<Map.Entry<ContextVar<?>, Object>> entries = context.entrySet();
			Iterator<ContextVar<?>> keysBefore = keys.iterator();
			Iterator<Object> valuesBefore = values.iterator();
			Iterator<Map.Entry<ContextVar<?>, Object>> entriesBefore = entries.iterator();

			context.run(() -> {
				TENANT.set("changed");
				USER.set("bob");
			});

			assertThat(keysBefore).toIterable().containsExactlyInAnyOrder(TENANT, REGION);
			assertThat(valuesBefore).toIterable().containsExactlyInAnyOrder("acme", "eu");
			assertThat(entriesBefore).toIterable()
				.containsExactlyInAnyOrder(Map.entry(TENANT, "acme"), Map.entry(REGION, "eu"));
			assertThat(keys).containsExactlyInAnyOrder(TENANT, REGION, USER);
			assertThat(values).containsExactlyInAnyOrder("changed", "eu", "bob");
			assertThat(entries).containsExactlyInAnyOrder(Map.entry(TENANT, "changed"), Map.entry(REGION, "eu"),
					Map.entry(USER, "bob"));
			assertThat(keys).hasSize(3);
			assertThat(values).hasSize(3);
			assertThat(entries).hasSize(3);
		}

		@Test
		void viewsContainAndEqualAsSetsDo() {
			Context context = contextOf("acme", null);

			assertThat(context.keySet().contains(TENANT)).isTrue();
			assertThat(context.keySet().contains(USER)).isFalse();
			assertThat(context.keySet().contains(null)).isFalse();
			assertThat(context.values().contains(null)).isTrue();
			assertThat(context.values().contains("eu")).isFalse();
			assertThat(context.entrySet().contains(new SimpleEntry<>(REGION, null))).isTrue();
			assertThat(context.entrySet().contains(new SimpleEntry<>(REGION, "eu"))).isFalse();
			assertThat(context.keySet().equals(Set.of(TENANT, REGION))).isTrue();
			assertThat(Set.of(TENANT, REGION).equals(context.keySet())).isTrue();
			assertThat(context.keySet()).hasSameHashCodeAs(Set.of(TENANT, REGION));
			assertThat(context.entrySet().equals(new HashMap<>(context).entrySet())).isTrue();
			assertThat(context.entrySet()).hasSameHashCodeAs(new HashMap<>(context).entrySet());
			assertThat(context.keySet().equals(Set.of(TENANT))).isFalse();
			assertThat(context.keySet().equals(null)).isFalse();
		}

		@Test
		void iteratorWhenExhaustedThrows() {
			Iterator<ContextVar<?>> iterator = new Context().keySet().iterator();

			assertThat(iterator.hasNext()).isFalse();
			assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(iterator::next);
		}

		@Test
		void spliteratorIsASizedSnapshot() {
			Context context = contextOf("acme", "eu");
			Spliterator<ContextVar<?>> spliterator = context.keySet().spliterator();

			context.run(() -> USER.set("bob"));

			assertThat(spliterator.getExactSizeIfKnown()).isEqualTo(2);
			assertThat(spliterator.hasCharacteristics(Spliterator.DISTINCT)).isTrue();
			List<ContextVar<?>> seen = new ArrayList<>();
			spliterator.forEachRemaining(seen::add);
			assertThat(seen).containsExactlyInAnyOrder(TENANT, REGION);
		}

		@Test
		void spliteratorWhenSplitCoversEachEntryOnce() {
			Context context = new Context();
			context.run(() -> {
				for (int i = 0; i < 5_000; i++) {
					ContextVar.of("v").set(i);
				}
			});

			assertThat(context.entrySet().parallelStream().map(Map.Entry::getValue).distinct().count())
				.isEqualTo(5_000);
			assertThat(context.keySet().parallelStream().toArray()).hasSize(5_000).doesNotHaveDuplicates();
		}

		@Test
		void streamWhenValuesAreEqualHasEachOfThem() {
			Context context = contextOf("same", "same");

			assertThat(context.values().stream().count()).isEqualTo(2);
			assertThat(context.values().stream().distinct().toList()).containsExactly("same");
			assertThat(context.values().spliterator().hasCharacteristics(Spliterator.DISTINCT)).isFalse();
		}

		@Test
		void forEachVisitsEachEntry() {
			Map<Object, Object> seen = new HashMap<>();

			contextOf("acme", null).forEach(seen::put);

			assertThat(seen).hasSize(2).containsEntry(TENANT, "acme").containsEntry(REGION, null);
		}

	}

	@Nested
	class ReadOnly {

		@Test
		void writeThroughTheMapThrowsAndChangesNothing() {
			Context context = contextOf("acme", null);
			Context before = context.copy();

			assertUnsupported(() -> context.put(TENANT, "x"));
			assertUnsupported(() -> context.putAll(Map.of(TENANT, "x")));
			assertUnsupported(() -> context.putIfAbsent(USER, "x"));
			assertUnsupported(() -> context.computeIfAbsent(USER, (var) -> "x"));
			assertUnsupported(() -> context.computeIfPresent(TENANT, (var, value) -> "x"));
			assertUnsupported(() -> context.compute(TENANT, (var, value) -> "x"));
			assertUnsupported(() -> context.merge(TENANT, "x", (left, right) -> "x"));
			assertUnsupported(() -> context.remove(TENANT));
			assertUnsupported(() -> context.remove(TENANT, "acme"));
			assertUnsupported(() -> context.replace(TENANT, "x"));
			assertUnsupported(() -> context.replace(TENANT, "acme", "x"));
			assertUnsupported(() -> context.replaceAll((var, value) -> "x"));
			assertUnsupported(context::clear);

			assertThatObject(context).isEqualTo(before);
		}

		@Test
		void writeThroughAViewThrowsAndChangesNothing() {
			Context context = contextOf("acme", null);
			Context before = context.copy();

			for (Collection<?> view : List.of(context.keySet(), context.values(), context.entrySet())) {
				assertUnsupported(view::clear);
				assertUnsupported(() -> view.removeIf((element) -> true));
				assertUnsupported(() -> view.retainAll(Set.of()));
				assertUnsupported(() -> {
					Iterator<?> iterator = view.iterator();
					iterator.next();
					iterator.remove();
				});
			}
			assertUnsupported(() -> context.keySet().add(USER));
			assertUnsupported(() -> context.keySet().remove(TENANT));
			assertUnsupported(() -> context.values().remove("acme"));
			assertUnsupported(() -> context.values().add("x"));
			assertUnsupported(() -> context.entrySet().iterator().next().setValue("x"));
			assertUnsupported(() -> context.entrySet().remove(Map.entry(TENANT, "acme")));

			assertThatObject(context).isEqualTo(before);
		}

		@Test
		void writeIntoAnArrayOfAViewChangesNothing() {
			Context context = contextOf("acme", "eu");

			Object[] values = context.values().toArray();
			values[0] = "x";
			values[1] = "x";

			assertThat(context.values()).containsExactlyInAnyOrder("acme", "eu");
		}

		private void assertUnsupported(ThrowingCallable write) {
			assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(write);
		}

	}

	@Nested
	class Equality {

		@Test
		void equalsComparesContent() {
			Context context = contextOf("acme", "eu");

			assertThatObject(context).isEqualTo(context)
				.isEqualTo(context.copy())
				.isEqualTo(contextOf(new String("acme"), "eu"))
				.hasSameHashCodeAs(contextOf("acme", "eu"))
				.isNotEqualTo(contextOf("acme", "us"))
				.isNotEqualTo(contextOf("acme", null))
				.isNotEqualTo(new Context())
				.isNotEqualTo(null)
				.isNotEqualTo("Context[tenant]");
			assertThatObject(new Context()).isEqualTo(new Context());
		}

		@Test
		void equalsWhenVariablesDifferIsFalse() {
			Context context = new Context();
			context.run(() -> {
				TENANT.set("acme");
				USER.set(null);
			});

			assertThatObject(context).isNotEqualTo(contextOf("acme", null));
			assertThatObject(contextOf("acme", null)).isNotEqualTo(context);
		}

		@Test
		void equalsWhenOtherIsAMapOfTheSameEntriesIsTrueBothWays() {
			Context context = contextOf("acme", null);

			for (Map<ContextVar<?>, Object> map : List.of(new HashMap<>(context), new IdentityHashMap<>(context),
					Collections.unmodifiableMap(context))) {
				assertThat(context.equals(map)).isTrue();
				assertThat(map.equals(context)).isTrue();
			}
			assertThat(context.hashCode()).isEqualTo(new HashMap<>(context).hashCode());
			assertThat(new Context().equals(Map.of())).isTrue();
			assertThat(Map.of().equals(new Context())).isTrue();
			assertThat(new Context().hashCode()).isEqualTo(Map.of().hashCode());
		}

		@Test
		void equalsWhenOtherMapCannotHoldSuchKeysIsFalse() {
			Context context = contextOf("acme", null);
			Map<String, String> sorted = new TreeMap<>(Map.of("a", "b", "c", "d"));
			Map<String, String> concurrent = new ConcurrentHashMap<>(Map.of("a", "b", "c", "d"));

			assertThat(context.equals(sorted)).isFalse();
			assertThat(context.equals(concurrent)).isFalse();
			assertThat(context.equals(Map.of("a", "b", "c", "d"))).isFalse();
		}

		@Test
		void equalsComparesIdentityFirst() {
			ContextVar<Object> any = ContextVar.of("any");
			Object unequalToItself = new Object() {

				@Override
				public boolean equals(Object other) {
					return false;
				}

				@Override
				public int hashCode() {
					return 0;
				}

			};
			Context context = new Context();
			context.run(() -> any.set(unequalToItself));
			Context other = new Context();
			other.run(() -> any.set(unequalToItself));

			assertThat(context.equals(other)).isTrue();
			assertThat(context.equals(context.copy())).isTrue();
			assertThat(Objects.equals(unequalToItself, new Object())).isFalse();
		}

		@Test
		void equalsWhenSetInAnotherOrderIsTrue() {
			Context other = new Context();
			other.run(() -> {
				USER.set("bob");
				REGION.set("eu");
				Token<String> token = TENANT.set("x");
				TENANT.reset(token);
				TENANT.set("acme");
			});
			Context context = contextOf("acme", "eu");
			context.run(() -> USER.set("bob"));

			assertThatObject(context).isEqualTo(other).hasSameHashCodeAs(other);
			assertThat(new HashSet<>(List.of(context.copy())).contains(other)).isTrue();
		}

	}

	@Nested
	class ToString {

		@Test
		void toStringShowsNamesAndNoValue() {
			assertThat(contextOf("secret", "secret").toString()).isIn("Context[tenant, region]",
					"Context[region, tenant]");
			assertThat(new Context().toString()).isEqualTo("Context[]");
		}

	}

}
