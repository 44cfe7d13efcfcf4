package com.acme.tutorial;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.test.annotation.DirtiesContext;

import io.github.contextvars.Context;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The tests without a request that docs/how-to/testing.md shows.
 */
class GreeterTests {

	// tag::testing-unit[]
	@Test
	void greetsTenant() {
		new Context().run(() -> {
			TenantInterceptor.TENANT.set("acme");
			assertThat(new Greeter().greetLater().join()).startsWith("Hello, acme");
		});
	}
	// end::testing-unit[]

	@Nested
	class InContext {

		// tag::testing-each[]
		private Context.Scope scope;

		@BeforeEach
		void enterContext() {
			this.scope = new Context().enter();
			TenantInterceptor.TENANT.set("acme");
		}

		@AfterEach
		void leaveContext() {
			this.scope.close();
		}
		// end::testing-each[]

		@Test
		void greetsTenant() {
			assertThat(new Greeter().greetLater().join()).startsWith("Hello, acme");
		}

	}

	@Nested
	@DirtiesContext
	@SpringBootTest
	class InApplication {

		// tag::testing-application[]
		@Test
		void greetsTenantOnOtherThread(@Autowired Greeter greeter) {
			String greeting = new Context().call(() -> {
				TenantInterceptor.TENANT.set("acme");
				return greeter.greetLater().join();
			});
			assertThat(greeting).isEqualTo("Hello, acme, from task-1");
		}
		// end::testing-application[]

	}

}
