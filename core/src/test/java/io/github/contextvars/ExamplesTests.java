package io.github.contextvars;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of the examples in the library's Javadoc, and that the Javadoc has them as they
 * are compiled here, between the comments that name an example and end it.
 */
class ExamplesTests {

	private static final Pattern EXAMPLE = Pattern.compile("// example: \\w+\n(.*?)\n\\s*// end\n", Pattern.DOTALL);

	private static final Pattern JAVADOC = Pattern.compile(" \\* <pre>\\{@code\n(.*?)\n \\* }</pre>", Pattern.DOTALL);

	// example: declare
	static final ContextVar<String> TENANT = ContextVar.of("tenant", "unknown");

	static String greeting() {
		return "Hello, " + TENANT.get();
	}
	// end

	@Test
	void declare() {
		assertThat(greeting()).isEqualTo("Hello, unknown");
		assertThat(new Context().<String, RuntimeException>call(() -> {
			TENANT.set("acme");
			return greeting();
		})).isEqualTo("Hello, acme");
	}

	@Test
	void token() {
		new Context().run(() -> {
			// example: token
			TENANT.set("acme");
			try (Token<String> token = TENANT.set("globex")) {
				assertThat(TENANT.get()).isEqualTo("globex");
				assertThat(token.oldValue()).isEqualTo("acme");
			}
			assertThat(TENANT.get()).isEqualTo("acme");
			// end
		});
	}

	@Test
	void context() {
		// example: context
		Context context = new Context();
		context.run(() -> {
			TENANT.set("acme");
			assertThat(greeting()).isEqualTo("Hello, acme");
		});

		// Outside, nothing changed. The context keeps its values.
		assertThat(greeting()).isEqualTo("Hello, unknown");
		assertThat(context.get(TENANT)).isEqualTo("acme");

		// A copy is independent.
		Context copy = context.copy();
		copy.run(() -> TENANT.set("globex"));
		assertThat(context.get(TENANT)).isEqualTo("acme");
		// end
	}

	@Test
	void executors() throws Exception {
		ExecutorService pool = Executors.newFixedThreadPool(2);
		try {
			// example: executors
			ExecutorService executor = ContextExecutors.wrap(pool);
			Future<String> greeting = new Context().call(() -> {
				TENANT.set("acme");
				return executor.submit(() -> greeting());
			});
			assertThat(greeting.get(10, TimeUnit.SECONDS)).isEqualTo("Hello, acme");
			// end
		}
		finally {
			pool.shutdownNow();
		}
	}

	@Test
	void future() throws Exception {
		CompletableFuture<String> response = new CompletableFuture<>();
		Client client = () -> response;
		CompletableFuture<String> confirmation = new Context().call(() -> {
			TENANT.set("acme");
			return confirm(client);
		});

		response.complete("order 1");

		assertThat(confirmation.get(10, TimeUnit.SECONDS)).isEqualTo("order 1 for acme");
	}

	private static CompletableFuture<String> confirm(Client client) {
		// example: future
		ContextFuture<String> order = ContextFuture.from(client.fetch());
		return order.thenApply((text) -> text + " for " + TENANT.get());
		// end
	}

	@Test
	void javadocHasTheseExamplesAndNoOthers() throws IOException {
		List<String> compiled = matches(EXAMPLE, Path.of("src/test/java/io/github/contextvars/ExamplesTests.java"));
		List<String> shown;
		try (Stream<Path> files = Files.list(Path.of("src/main/java/io/github/contextvars"))) {
			shown = files.flatMap((file) -> matches(JAVADOC, file).stream()).toList();
		}

		assertThat(compiled).hasSize(5);
		assertThat(shown).containsExactlyInAnyOrderElementsOf(compiled);
	}

	// Without what differs: a comment's asterisks, and tabs where Javadoc has spaces.
	private static List<String> matches(Pattern pattern, Path file) {
		try {
			return pattern.matcher(Files.readString(file))
				.results()
				.map((MatchResult match) -> match.group(1).replaceAll("(?m)^ \\* ?", "").replace("\t", "    "))
				.map(String::stripIndent)
				.toList();
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@FunctionalInterface
	private interface Client {

		CompletionStage<String> fetch();

	}

}
