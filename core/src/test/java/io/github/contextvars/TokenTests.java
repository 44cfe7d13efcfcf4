package io.github.contextvars;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for {@link Token}.
 */
class TokenTests {

	private static final ContextVar<String> VAR = ContextVar.of("tenant", "default");

	@Nested
	class Var {

		@Test
		void varReturnsTheVariableBeforeAndAfterUse() {
			Context context = new Context();
			context.run(() -> {
				Token<String> token = VAR.set("a");

				assertThat(token.var()).isSameAs(VAR);
				token.close();
				assertThat(token.var()).isSameAs(VAR);
			});
		}

	}

	@Nested
	class OldValue {

		@Test
		void oldValueWhenUnsetIsMissingNotDefault() {
			Context context = new Context();
			context.run(() -> assertThat(VAR.set("a").oldValue()).isSameAs(Token.MISSING));
		}

		@Test
		void oldValueWhenSetIsThatValueEvenAfterUse() {
			Context context = new Context();
			context.run(() -> {
				VAR.set("a");
				Token<String> token = VAR.set("b");

				token.close();

				assertThat(token.oldValue()).isEqualTo("a");
			});
		}

		@Test
		void oldValueWhenSetToNullIsNull() {
			Context context = new Context();
			context.run(() -> {
				VAR.set(null);

				assertThat(VAR.set("b").oldValue()).isNull();
			});
		}

		@Test
		void missingPrintsAsInPython() {
			assertThat(Token.MISSING).hasToString("<Token.MISSING>");
		}

	}

	@Nested
	class Close {

		@Test
		void closeRestoresAtTheEndOfTheBlock() {
			Context context = new Context();
			context.run(() -> {
				VAR.set("outer");
				try (Token<String> token = VAR.set("inner")) {
					assertThat(VAR.get()).isEqualTo("inner");
					assertThat(token.oldValue()).isEqualTo("outer");
				}
				assertThat(VAR.get()).isEqualTo("outer");
			});
		}

		@Test
		void closeWhenTokenWasUsedThrows() {
			Context context = new Context();
			context.run(() -> {
				Token<String> token = VAR.set("a");
				VAR.reset(token);

				assertThatIllegalStateException().isThrownBy(token::close)
					.withMessage("Token of 'tenant' was already used; each set() gives a token for one reset()");
			});
		}

		@Test
		void closeWhenInAnotherContextThrowsAndKeepsTheToken() {
			Context context = new Context();
			context.run(() -> {
				Token<String> token = VAR.set("a");

				assertThatIllegalArgumentException().isThrownBy(() -> new Context().run(token::close))
					.withMessage("Token of 'tenant' was made in another context; reset it where it was set");
				token.close();
				assertThat(VAR.get()).isEqualTo("default");
			});
		}

		@Test
		void closeWhenItFailsIsSuppressedOntoTheBodysException() {
			Context context = new Context();
			IllegalCallerException failure = new IllegalCallerException("body");

			assertThat(catchThrowable(() -> context.run(() -> {
				try (Token<String> token = VAR.set("a")) {
					VAR.reset(token);
					throw failure;
				}
			}))).isSameAs(failure);
			assertThat(failure.getSuppressed()).singleElement().isInstanceOf(IllegalStateException.class);
		}

	}

	@Nested
	class ToString {

		@Test
		void toStringShowsNameAndUseButNoValue() {
			Context context = new Context();
			context.run(() -> {
				VAR.set("secret");
				Token<String> token = VAR.set("also-secret");

				assertThat(token).hasToString("Token[tenant]");
				token.close();
				assertThat(token).hasToString("Token[tenant, used]");
			});
		}

	}

}
