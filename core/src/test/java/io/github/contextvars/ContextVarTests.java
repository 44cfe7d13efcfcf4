package io.github.contextvars;

import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

import io.github.contextvars.testsupport.Hostile;
import io.github.contextvars.testsupport.TestThreads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for {@link ContextVar}.
 */
class ContextVarTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant");

	@Nested
	class Of {

		@Test
		void ofWhenNameIsNullThrows() {
			assertThatNullPointerException().isThrownBy(() -> ContextVar.of(null))
				.withMessage("'name' must not be null");
			assertThatNullPointerException().isThrownBy(() -> ContextVar.of(null, "default"))
				.withMessage("'name' must not be null");
		}

		@Test
		void ofWhenNamesAreEqualMakesTwoVariables() {
			Context context = new Context();
			ContextVar<String> twin = ContextVar.of("tenant");

			context.run(() -> TENANT.set("acme"));

			assertThat(twin).isNotEqualTo(TENANT);
			assertThat(twin.name()).isEqualTo(TENANT.name());
			assertThat(context).containsKey(TENANT).doesNotContainKey(twin);
		}

	}

	@Nested
	class Get {

		@Test
		void getWhenUnsetThrows() {
			assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(TENANT::get)
				.withMessage("'tenant' has no value in this context and no default");
		}

		@Test
		void getWhenUnsetInEnteredContextThrows() {
			Context context = new Context();
			assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(() -> context.run(TENANT::get))
				.withMessage("'tenant' has no value in this context and no default");
		}

		@Test
		void getWhenUnsetReturnsDefault() {
			Context context = new Context();
			ContextVar<String> defaulted = ContextVar.of("region", "eu");

			assertThat(defaulted.get()).isEqualTo("eu");
			assertThat(context.<String, RuntimeException>call(defaulted::get)).isEqualTo("eu");
			assertThat(context).isEmpty();
		}

		@Test
		void getWhenDefaultIsNullReturnsNull() {
			ContextVar<String> defaulted = ContextVar.of("region", null);

			assertThat(defaulted.get()).isNull();
		}

		@Test
		void getWhenSetReturnsValueNotDefault() {
			Context context = new Context();
			ContextVar<String> defaulted = ContextVar.of("region", "eu");

			String seen = context.call(() -> {
				defaulted.set("us");
				return defaulted.get();
			});

			assertThat(seen).isEqualTo("us");
		}

		@Test
		void getWhenSetToNullReturnsNullNotDefault() {
			Context context = new Context();
			ContextVar<String> defaulted = ContextVar.of("region", "eu");

			context.run(() -> {
				defaulted.set(null);

				assertThat(defaulted.get()).isNull();
				assertThat(defaulted.get("fallback")).isNull();
			});
		}

		@Test
		void getWhenOuterContextHasValueDoesNotSeeIt() {
			Context context = new Context();
			context.run(() -> {
				TENANT.set("outer");
				new Context().run(() -> assertThat(TENANT.get("none")).isEqualTo("none"));
				assertThat(TENANT.get()).isEqualTo("outer");
			});
		}

	}

	@Nested
	class GetWithFallback {

		@Test
		void getWhenUnsetReturnsFallback() {
			assertThat(TENANT.get("fallback")).isEqualTo("fallback");
		}

		@Test
		void getWhenUnsetReturnsFallbackNotDefault() {
			ContextVar<String> defaulted = ContextVar.of("region", "eu");

			assertThat(defaulted.get("fallback")).isEqualTo("fallback");
			assertThat(defaulted.get((String) null)).isNull();
		}

		@Test
		void getWhenSetReturnsValue() {
			Context context = new Context();
			context.run(() -> {
				TENANT.set("acme");

				assertThat(TENANT.get("fallback")).isEqualTo("acme");
			});
		}

	}

	@Nested
	class SetValue {

		@Test
		void setWhenValueIsMissingMarkerKeepsItAsAValue() {
			Context context = new Context();
			ContextVar<Object> any = ContextVar.of("any");

			context.run(() -> {
				any.set(Token.MISSING);
				Token<Object> second = any.set("other");

				assertThat(second.oldValue()).isSameAs(Token.MISSING);
				any.reset(second);
				assertThat(any.get()).isSameAs(Token.MISSING);
			});
		}

		@Test
		void setWhenThreadEnteredNothingKeepsValueForThatThreadOnly() throws Exception {
			String later = TestThreads.call(() -> {
				TENANT.set("mine");
				new Context().run(() -> assertThat(TENANT.get("none")).isEqualTo("none"));
				return TENANT.get();
			});

			assertThat(later).isEqualTo("mine");
			assertThat(TestThreads.call(() -> TENANT.get("none"))).isEqualTo("none");
		}

		@Test
		void setWhenThreadEnteredNothingCanBeReset() throws Exception {
			TestThreads.run(() -> {
				Token<String> token = TENANT.set("base");
				new Context().run(() -> TENANT.set("inside"));
				assertThat(TENANT.get()).isEqualTo("base");

				TENANT.reset(token);

				assertThat(TENANT.get("none")).isEqualTo("none");
			});
		}

		@Test
		void setWhenChildThreadStartsIsNotInherited() {
			Context context = new Context();
			context.run(() -> {
				TENANT.set("parent");
				assertThat(catchThrowable(() -> TestThreads.run(() -> TENANT.get())))
					.isInstanceOf(NoSuchElementException.class);
			});
		}

		@Test
		void setCallsNoMethodOfTheValue() {
			Context context = new Context();
			Object hostile = new Hostile();
			ContextVar<Object> any = ContextVar.of("any");

			context.run(() -> {
				any.set(hostile);
				Token<Object> token = any.set(new Hostile());
				any.reset(token);
				assertThat(any.get() == hostile).isTrue();
			});

			assertThat(context.copy().equals(context)).isTrue();
			assertThat(context.toString()).isEqualTo("Context[any]");
		}

	}

	@Nested
	class Reset {

		@Test
		void resetWhenNothingWasSetBeforeRemovesValue() {
			Context context = new Context();
			context.run(() -> {
				Token<String> token = TENANT.set("acme");

				TENANT.reset(token);

				assertThat(TENANT.get("none")).isEqualTo("none");
			});
			assertThat(context).isEmpty();
		}

		@Test
		void resetWhenNullWasSetBeforeRestoresNull() {
			Context context = new Context();
			context.run(() -> {
				TENANT.set(null);
				Token<String> token = TENANT.set("acme");

				TENANT.reset(token);

				assertThat(TENANT.get("none")).isNull();
			});
		}

		@Test
		void resetWhenOutOfOrderRestoresWhatEachTokenSaw() {
			Context context = new Context();
			context.run(() -> {
				Token<String> first = TENANT.set("a");
				Token<String> second = TENANT.set("b");

				TENANT.reset(first);
				assertThat(TENANT.get("none")).isEqualTo("none");
				TENANT.reset(second);
				assertThat(TENANT.get("none")).isEqualTo("a");
			});
		}

		@Test
		void resetWhenTokenIsNullThrows() {
			assertThatNullPointerException().isThrownBy(() -> TENANT.reset(null))
				.withMessage("'token' must not be null");
		}

		@Test
		void resetWhenTokenWasUsedThrows() {
			Context context = new Context();
			context.run(() -> {
				Token<String> token = TENANT.set("a");
				TENANT.reset(token);
				TENANT.set("b");

				assertThatIllegalStateException().isThrownBy(() -> TENANT.reset(token))
					.withMessage("Token of 'tenant' was already used; each set() gives a token for one reset()");
				assertThat(TENANT.get()).isEqualTo("b");
			});
		}

		@Test
		void resetWhenTokenIsOfAnotherVariableThrowsAndKeepsTheToken() {
			Context context = new Context();
			ContextVar<String> other = ContextVar.of("region");

			context.run(() -> {
				Token<String> token = TENANT.set("a");
				other.set("eu");

				assertThatIllegalArgumentException().isThrownBy(() -> other.reset(token))
					.withMessage("Token of 'tenant' was made by another variable than 'region';"
							+ " reset the variable that made it");
				assertThat(TENANT.get()).isEqualTo("a");
				assertThat(other.get()).isEqualTo("eu");
				TENANT.reset(token);
				assertThat(TENANT.get("none")).isEqualTo("none");
			});
		}

		@Test
		void resetWhenTokenIsOfAnEqualContextThrowsAndKeepsTheToken() {
			Context context = new Context();
			List<Token<String>> tokens = new ArrayList<>();
			context.run(() -> tokens.add(TENANT.set("a")));
			Context equal = context.copy();

			equal.run(() -> assertThatIllegalArgumentException().isThrownBy(() -> TENANT.reset(tokens.get(0)))
				.withMessage("Token of 'tenant' was made in another context; reset it where it was set"));

			assertThat(equal).isEqualTo(context);
			context.run(() -> TENANT.reset(tokens.get(0)));
			assertThat(context).isEmpty();
		}

		@Test
		void resetWhenOutsideAnyContextThrowsAndKeepsTheToken() {
			Context context = new Context();
			Token<String> token = context.call(() -> TENANT.set("a"));

			assertThatIllegalArgumentException().isThrownBy(() -> TENANT.reset(token))
				.withMessage("Token of 'tenant' was made in another context; reset it where it was set");

			context.run(() -> TENANT.reset(token));
			assertThat(context).isEmpty();
		}

		@Test
		void resetWhenSeveralChecksFailThrowsInTheOrderOfTheContract() {
			Context context = new Context();
			ContextVar<String> other = ContextVar.of("region");
			Token<String> used = context.call(() -> {
				Token<String> token = TENANT.set("a");
				TENANT.reset(token);
				return token;
			});
			Token<String> fresh = context.call(() -> TENANT.set("b"));

			assertThatIllegalStateException().isThrownBy(() -> other.reset(used)).withMessageContaining("already used");
			assertThatIllegalArgumentException().isThrownBy(() -> other.reset(fresh))
				.withMessageContaining("another variable");
		}

		@Test
		void resetWhenContextMovedToAnotherThreadWorksThere() throws Exception {
			Context context = new Context();
			Token<String> token = context.call(() -> TENANT.set("a"));

			TestThreads.run(() -> context.run(() -> TENANT.reset(token)));

			assertThat(context).isEmpty();
		}

	}

	@Nested
	class ToString {

		@Test
		void toStringShowsNameAndNoValue() {
			Context context = new Context();
			ContextVar<String> defaulted = ContextVar.of("tenant", "secret");

			context.run(() -> {
				defaulted.set("also-secret");
				assertThat(defaulted).hasToString("ContextVar[tenant]");
			});
		}

	}

}
