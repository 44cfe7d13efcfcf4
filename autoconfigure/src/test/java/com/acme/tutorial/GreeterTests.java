package com.acme.tutorial;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.test.annotation.DirtiesContext;

import io.github.contextvars.test.ContextAssertions;
import io.github.contextvars.test.ContextVarExtension;
import io.github.contextvars.test.WithContext;
import io.github.contextvars.test.WithContextVar;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The tests without a request that docs/how-to/testing.md shows.
 */
class GreeterTests {

	// tag::testing-unit[]
	@Test
	@WithContextVar(name = "tenant", value = "acme", declaredIn = TenantInterceptor.class)
	void greetsTenant() {
		assertThat(new Greeter().greetLater().join()).startsWith("Hello, acme");
	}
	// end::testing-unit[]

	@Nested
	@WithContext
	class InContext {

		// tag::testing-typed[]
		@RegisterExtension
		static final ContextVarExtension contexts = ContextVarExtension.with(TenantInterceptor.TENANT, "acme");

		// end::testing-typed[]

		// tag::testing-assertions[]
		@Test
		void taskDoesNotChangeItsSubmittersContext() {
			new Greeter().greetLater().join();

			ContextAssertions.assertThatCurrentContext().hasValue(TenantInterceptor.TENANT, "acme");
		}
		// end::testing-assertions[]

	}

	@Nested
	@DirtiesContext
	@SpringBootTest
	class InApplication {

		// tag::testing-application[]
		@Test
		@WithContextVar(name = "tenant", value = "acme")
		void greetsTenantOnOtherThread(@Autowired Greeter greeter) {
			assertThat(greeter.greetLater().join()).isEqualTo("Hello, acme, from task-1");
		}
		// end::testing-application[]

	}

}
