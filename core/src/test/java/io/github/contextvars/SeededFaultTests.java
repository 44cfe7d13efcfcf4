package io.github.contextvars;

import org.junit.jupiter.api.Test;

import io.github.contextvars.testsupport.SeededFault;
import io.github.contextvars.testsupport.Seeds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests of the harness that plants bugs.
 */
class SeededFaultTests {

	@Test
	void shownByWhenBugIsPlantedListsComplaints() {
		SeededFault bug = SeededFault.in(ContextVar.class, "\"ContextVar[\" + this.name", "\"ContextVar[\" + 1");

		assertThat(bug.shownBy(Example.class, "printsItsName")).singleElement().isInstanceOf(AssertionError.class);
		assertThat(bug.shownBy(Example.class)).hasSize(1);
		assertThat(bug).hasToString("ContextVar: \"ContextVar[\" + this.name -> \"ContextVar[\" + 1");
	}

	@Test
	void shownByWhenNoBugIsPlantedIsEmpty() {
		assertThat(SeededFault.NONE.shownBy(Example.class, "printsItsName")).isEmpty();
		assertThat(SeededFault.NONE.shownBy(Example.class)).isEmpty();
	}

	@Test
	void shownByWhenThereIsNoSuchTestThrows() {
		assertThatIllegalStateException().isThrownBy(() -> SeededFault.NONE.shownBy(Example.class, "unheardOf"));
		assertThatIllegalStateException().isThrownBy(() -> SeededFault.NONE.shownBy(Seeds.class));
	}

	@Test
	void inWhenTextIsNotThereExactlyOnceThrows() {
		assertThatIllegalStateException().isThrownBy(() -> SeededFault.in(ContextVar.class, "no such text", ""))
			.withMessageContaining("not found");
		assertThatIllegalStateException().isThrownBy(() -> SeededFault.in(ContextVar.class, "return", ""))
			.withMessageContaining("more than once");
	}

	@Test
	void inWhenChangedSourceDoesNotCompileThrows() {
		assertThatIllegalStateException()
			.isThrownBy(() -> SeededFault.in(ContextVar.class, "\"ContextVar[\"", "nothing"))
			.withMessageContaining("does not compile");
	}

	/**
	 * Sees a class of the library that is not this test's own.
	 */
	static final class Example {

		@Test
		void printsItsName() {
			assertThat(ContextVar.of("var")).hasToString("ContextVar[var]");
			assertThat(ContextVar.class.getClassLoader()).isSameAs(Example.class.getClassLoader())
				.isSameAs(Thread.currentThread().getContextClassLoader());
		}

	}

}
