package io.github.contextvars;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The examples that the library's Javadoc shows.
 */
class ExamplesTests {

	// @start region = "declare"
	static final ContextVar<String> TENANT = ContextVar.of("tenant", "nobody");

	static String greeting() {
		return "Hello, " + TENANT.get();
	}

	// @end

	@Test
	void declare() {
		assertThat(greeting()).isEqualTo("Hello, nobody");
		assertThat(new Context().<String, RuntimeException>call(() -> {
			TENANT.set("acme");
			return greeting();
		})).isEqualTo("Hello, acme");
	}

	@Test
	void token() {
		new Context().run(() -> {
			// @start region = "token"
			TENANT.set("acme");
			try (Token<String> token = TENANT.set("globex")) {
				assertThat(TENANT.get()).isEqualTo("globex");
				assertThat(token.oldValue()).isEqualTo("acme");
			}
			assertThat(TENANT.get()).isEqualTo("acme");
			// @end
		});
	}

	@Test
	void context() {
		// @start region = "context"
		Context context = new Context();
		context.run(() -> {
			TENANT.set("acme");
			assertThat(TENANT.get()).isEqualTo("acme");
		});

		// Outside, nothing changed; the context keeps what was set in it.
		assertThat(TENANT.get()).isEqualTo("nobody");
		assertThat(context.get(TENANT)).isEqualTo("acme");

		// A copy goes its own way.
		Context copy = context.copy();
		copy.run(() -> TENANT.set("globex"));
		assertThat(context.get(TENANT)).isEqualTo("acme");
		// @end
	}

	@Test
	void executors() throws Exception {
		ExecutorService pool = Executors.newFixedThreadPool(2);
		try {
			// @start region = "executors"
			ExecutorService executor = ContextExecutors.wrap(pool);
			Future<String> greeting = new Context().call(() -> {
				TENANT.set("acme");
				return executor.submit(() -> "Hello, " + TENANT.get());
			});
			assertThat(greeting.get(10, TimeUnit.SECONDS)).isEqualTo("Hello, acme");
			// @end
		}
		finally {
			pool.shutdownNow();
		}
	}

}
