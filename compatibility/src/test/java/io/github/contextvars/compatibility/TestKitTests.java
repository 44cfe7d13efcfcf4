package io.github.contextvars.compatibility;

import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.test.ContextAssertions;
import io.github.contextvars.test.ContextVarExtension;
import io.github.contextvars.test.WithContext;
import io.github.contextvars.test.WithContextVar;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The test kit with the JUnit of this generation.
 */
class TestKitTests {

	@ContextVariable
	static final ContextVar<String> TENANT = ContextVar.of("tenant");

	@Test
	void testIsOutsideAnyContext() {
		ContextAssertions.assertThatThreadIsInNoContext();
	}

	@Test
	@WithContext
	void testHasContext() {
		TENANT.set("acme");

		ContextAssertions.assertThatCurrentContext().hasValue(TENANT, "acme");
	}

	@Nested
	@WithContextVar(name = "tenant", value = "acme", declaredIn = TestKitTests.class)
	class OfClassTests {

		private String before;

		@BeforeEach
		void setUp() {
			this.before = TENANT.get();
		}

		@Test
		void valueIsThereFromTheStart() {
			assertThat(this.before).isEqualTo("acme");
		}

		@Test
		@Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
		void valueIsThereOnThreadOfTimeout() {
			assertThat(TENANT.get()).isEqualTo("acme");
		}

		@Test
		@WithContextVar(name = "tenant", value = "globex", declaredIn = TestKitTests.class)
		void methodReplacesValue() {
			assertThat(TENANT.get()).isEqualTo("globex");
		}

	}

	@Nested
	class OfFieldTests {

		@RegisterExtension
		final ContextVarExtension contexts = ContextVarExtension.with(TENANT, "initech");

		@Test
		void valueIsThere() {
			assertThat(TENANT.get()).isEqualTo("initech");
		}

	}

}
