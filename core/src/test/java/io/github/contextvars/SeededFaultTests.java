package io.github.contextvars;

import org.junit.jupiter.api.Test;

import io.github.contextvars.testsupport.SeededFault;
import io.github.contextvars.testsupport.Seeds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link SeededFault}, on the core.
 */
class SeededFaultTests {

	@Test
	void detectedByWhenFaultIsSeededListsFailures() {
		SeededFault fault = SeededFault.in(ContextVar.class, "\"ContextVar[\" + this.name", "\"ContextVar[\" + 1");

		assertThat(fault.detectedBy(Example.class, "printsItsName")).singleElement().isInstanceOf(AssertionError.class);
		assertThat(fault.detectedBy(Example.class)).hasSize(1);
		assertThat(fault).hasToString("ContextVar: \"ContextVar[\" + this.name -> \"ContextVar[\" + 1");
	}

	@Test
	void detectedByWhenNoFaultIsSeededIsEmpty() {
		assertThat(SeededFault.NONE.detectedBy(Example.class, "printsItsName")).isEmpty();
		assertThat(SeededFault.NONE.detectedBy(Example.class)).isEmpty();
	}

	@Test
	void detectedByWhenThereIsNoSuchTestThrows() {
		assertThatIllegalStateException().isThrownBy(() -> SeededFault.NONE.detectedBy(Example.class, "noSuchTest"));
		assertThatIllegalStateException().isThrownBy(() -> SeededFault.NONE.detectedBy(Seeds.class));
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
	 * Test that is run in the class loader of a fault.
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
