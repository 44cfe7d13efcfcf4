package io.github.contextvars.spring.boot.actuate;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import com.jayway.jsonpath.JsonPath;
import org.awaitility.Awaitility;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.actuate.endpoint.Show;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;

import io.github.contextvars.ContextVar;
import io.github.contextvars.spring.annotation.ContextScoped;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.spring.work.WorkRegistry;
import io.github.contextvars.testsupport.HostileValues;
import io.github.contextvars.testsupport.Threading;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The endpoint of an application in which 10,000 contexts run that hold whatever is
 * dangerous to look at.
 */
class ManyContextsTomcatTests {

	private static final int CONTEXTS = 10_000;

	private static final Duration LIMIT = Duration.ofMillis(100);

	private static final Map<String, Object> HOSTILE = HostileValues.all();

	private static final List<ContextVar<Object>> VARIABLES = HOSTILE.keySet()
		.stream()
		.map((name) -> ContextVar.<Object>of(name))
		.toList();

	@ParameterizedTest
	@MethodSource("io.github.contextvars.testsupport.Threading#available")
	void answersInTimeWithCapsAndTrueCounts(Threading threading) throws Exception {
		try (WebApp app = WebApp.start(Application.class, threading.property(),
				"management.endpoints.web.exposure.include=contextvars",
				"management.endpoint.contextvars.show-values=always")) {
			Work work = app.bean(Work.class);
			List<WeakReference<Object>> values = start(work, threading);

			String all = answerInTime(app, "/actuator/contextvars");
			String one = answerInTime(app, "/actuator/contextvars/number");
			String hostile = answerInTime(app, "/actuator/contextvars/endless%20String");

			assertThat(JsonPath.<Integer>read(all, "$.contextCount")).isEqualTo(CONTEXTS + 1);
			assertThat(JsonPath.<List<?>>read(all, "$.contexts")).hasSize(1000);
			assertThat(JsonPath.<List<Integer>>read(all, "$.variables[*].contexts")).containsExactly(CONTEXTS);
			assertThat(JsonPath.<Integer>read(all, "$.contexts[0].variableCount")).isEqualTo(HOSTILE.size() + 152);
			assertThat(JsonPath.<Map<?, ?>>read(all, "$.contexts[0].variables")).hasSize(100);
			assertHarmless(JsonPath.read(all, "$.contexts[1].variables"));
			assertThat(JsonPath.<Integer>read(one, "$.contextCount")).isEqualTo(CONTEXTS);
			assertThat(JsonPath.<List<Integer>>read(one, "$.contexts[*].variables.number")).hasSize(1000)
				.doesNotHaveDuplicates();
			assertThat(JsonPath.<String>read(hostile, "$.contexts[999].variables['endless String']"))
				.isEqualTo("x".repeat(256));

			work.finish();
			Awaitility.await().until(() -> app.bean(WorkRegistry.class).list().isEmpty());
			assertCollected(values);
			app.assertClean();
		}
	}

	// In the second context and in all after it there are only the common variables.
	private static void assertHarmless(Map<String, Object> shown) {
		assertThat(shown).hasSize(HOSTILE.size() + 2);
		HOSTILE.forEach((name, value) -> assertThat(shown.get(name)).as(name).isEqualTo(switch (name) {
			case "failing enum" -> "ONE";
			case "endless String" -> "x".repeat(256);
			default -> value.getClass().getName();
		}));
	}

	@ParameterizedTest
	@EnumSource(Show.class)
	void answersOfTheBeanAreInTime(Show show) throws Exception {
		try (WebApp app = WebApp.start(Application.class, "spring.jmx.enabled=true",
				"management.endpoints.jmx.exposure.include=contextvars",
				"management.endpoint.contextvars.show-values=" + show)) {
			start(app.bean(Work.class), Threading.PLATFORM);
			ContextVarsEndpoint endpoint = app.bean(ContextVarsEndpoint.class);

			runInTime(endpoint::contextVars);
			runInTime(() -> endpoint.contextVar("number"));
			assertThat(endpoint.contextVars().contextCount()).isEqualTo(CONTEXTS);
			app.bean(Work.class).finish();
		}
	}

	private static List<WeakReference<Object>> start(Work work, Threading threading) throws InterruptedException {
		List<WeakReference<Object>> values = new ArrayList<>(CONTEXTS);
		for (int i = 0; i < CONTEXTS; i++) {
			Object value = new Object();
			values.add(new WeakReference<>(value));
			if (threading == Threading.VIRTUAL) {
				work.task(i, value);
			}
			else {
				work.scope(i, value);
			}
			if (i == 0) {
				work.awaitFirst(); // the list is in the order in which threads begin
			}
		}
		work.awaitBegun();
		return values;
	}

	private static String answerInTime(WebApp app, String path) {
		String[] body = new String[1];
		runInTime(() -> body[0] = app.get(path).body());
		return body[0];
	}

	// The best of many: this machine may do anything else meanwhile.
	private static void runInTime(Runnable action) {
		Awaitility.await().atMost(Duration.ofMinutes(1)).pollInterval(Duration.ofMillis(10)).until(() -> {
			long start = System.nanoTime();
			action.run();
			return System.nanoTime() - start < LIMIT.toNanos();
		});
	}

	private static void assertCollected(List<WeakReference<Object>> values) {
		Object kept = new Object();
		WeakReference<Object> reference = new WeakReference<>(kept);
		Awaitility.await().untilAsserted(() -> {
			System.gc();
			assertThat(values.stream().map(WeakReference::get).filter(Objects::nonNull)).isEmpty();
		});
		assertThat(reference.get()).isSameAs(kept);
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableAsync
	@Import(Work.class)
	static class Application {

		@ContextVariable(description = "Which of the many")
		static final ContextVar<Integer> NUMBER = ContextVar.of("number");

		static final ContextVar<Object> VALUE = ContextVar.of("value");

	}

	static class Work {

		private final CountDownLatch first = new CountDownLatch(1);

		private final CountDownLatch begun = new CountDownLatch(CONTEXTS);

		private final CountDownLatch finish = new CountDownLatch(1);

		private final List<CompletableFuture<Void>> unfinished = new ArrayList<>();

		@ContextScoped
		CompletableFuture<Void> scope(int number, Object value) {
			CompletableFuture<Void> result = new CompletableFuture<>();
			this.unfinished.add(result);
			set(number, value);
			return result;
		}

		@Async
		void task(int number, Object value) throws InterruptedException {
			set(number, value);
			this.finish.await();
		}

		void awaitFirst() throws InterruptedException {
			assertThat(this.first.await(60, TimeUnit.SECONDS)).isTrue();
		}

		void awaitBegun() throws InterruptedException {
			assertThat(this.begun.await(60, TimeUnit.SECONDS)).isTrue();
		}

		void finish() {
			this.unfinished.forEach((result) -> result.complete(null));
			this.unfinished.clear();
			this.finish.countDown();
		}

		private void set(int number, Object value) {
			Application.NUMBER.set(number);
			Application.VALUE.set(value);
			VARIABLES.forEach((variable) -> variable.set(HOSTILE.get(variable.name())));
			if (number == 0) {
				IntStream.range(0, 150).forEach((i) -> ContextVar.<Integer>of("extra " + i).set(i));
			}
			this.first.countDown();
			this.begun.countDown();
		}

	}

}
