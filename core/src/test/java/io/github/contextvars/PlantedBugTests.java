package io.github.contextvars;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests of the harness that plants bugs.
 */
class PlantedBugTests {

	@Test
	void shownByWhenBugIsPlantedListsComplaints() {
		PlantedBug bug = PlantedBug.in(ContextVar.class, "\"ContextVar[\" + this.name", "\"ContextVar[\" + 1");

		assertThat(bug.shownBy(Example.class, "printsItsName")).singleElement().isInstanceOf(AssertionError.class);
		assertThat(bug.shownBy(Example.class)).hasSize(1);
		assertThat(bug).hasToString("ContextVar: \"ContextVar[\" + this.name -> \"ContextVar[\" + 1");
	}

	@Test
	void shownByWhenNoBugIsPlantedIsEmpty() {
		assertThat(PlantedBug.NONE.shownBy(Example.class, "printsItsName")).isEmpty();
		assertThat(PlantedBug.NONE.shownBy(Example.class)).isEmpty();
	}

	@Test
	void shownByWhenThereIsNoSuchTestThrows() {
		assertThatIllegalStateException().isThrownBy(() -> PlantedBug.NONE.shownBy(Example.class, "unheardOf"));
		assertThatIllegalStateException().isThrownBy(() -> PlantedBug.NONE.shownBy(Seeds.class));
	}

	@Test
	void inWhenTextIsNotThereExactlyOnceThrows() {
		assertThatIllegalStateException().isThrownBy(() -> PlantedBug.in(ContextVar.class, "no such text", ""))
			.withMessageContaining("not found");
		assertThatIllegalStateException().isThrownBy(() -> PlantedBug.in(ContextVar.class, "return", ""))
			.withMessageContaining("more than once");
	}

	@Test
	void inWhenChangedSourceDoesNotCompileThrows() {
		assertThatIllegalStateException()
			.isThrownBy(() -> PlantedBug.in(ContextVar.class, "\"ContextVar[\"", "nothing"))
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
