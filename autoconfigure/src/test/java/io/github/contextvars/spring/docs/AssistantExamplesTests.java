package io.github.contextvars.spring.docs;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.stereotype.Component;

import io.github.contextvars.Context;
import io.github.contextvars.ContextExecutors;
import io.github.contextvars.ContextFuture;
import io.github.contextvars.ContextVar;
import io.github.contextvars.Token;
import io.github.contextvars.spring.annotation.ContextVariable;
import io.github.contextvars.testsupport.DocumentationPage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The examples of docs/for-assistants.md, right and wrong, and the names on that page.
 */
class AssistantExamplesTests {

	private static final DocumentationPage PAGE = DocumentationPage.read("docs/for-assistants.md");

	private static final List<Class<?>> API = List.of(ContextVar.class, Token.class, Context.class, Context.Scope.class,
			ContextExecutors.class, ContextFuture.class);

	private final ExecutorService pool = Executors.newSingleThreadExecutor();

	@AfterEach
	void shutDown() {
		this.pool.shutdownNow();
	}

	@Test
	void executors() throws Exception {
		ExecutorService pool = this.pool;
		List<String> seen = new Context().call(() -> {
			Variables.TENANT.set("acme");
			// tag::assistant-executor-wrong[]
			// Wrong: an executor that is no bean does not propagate.
			CompletableFuture<String> lost = CompletableFuture.supplyAsync(() -> Variables.TENANT.get("nothing"), pool);
			// end::assistant-executor-wrong[]

			// tag::assistant-executor-right[]
			// Right: wrap it where it is created. An executor bean needs no wrapper.
			ExecutorService executor = ContextExecutors.wrap(pool);
			CompletableFuture<String> kept = CompletableFuture.supplyAsync(() -> Variables.TENANT.get(), executor);
			// end::assistant-executor-right[]
			return List.of(lost.get(), kept.get());
		});

		assertThat(seen).containsExactly("nothing", "acme");
	}

	@Test
	void futures() throws Exception {
		CompletableFuture<Integer> price = new CompletableFuture<>();
		List<CompletableFuture<String>> stages = new Context().call(() -> {
			Variables.TENANT.set("acme");
			// tag::assistant-future-wrong[]
			// Wrong: the stage runs in the context of the thread that completes price.
			CompletableFuture<String> ofAnother = price.thenApply((value) -> Variables.TENANT.get() + " pays " + value);
			// end::assistant-future-wrong[]

			// tag::assistant-future-right[]
			// Right: each stage runs in a copy of the context in which it is added.
			CompletableFuture<String> own = ContextFuture.from(price)
				.thenApply((value) -> Variables.TENANT.get() + " pays " + value);
			// end::assistant-future-right[]
			return List.of(ofAnother, own);
		});

		this.pool.submit(() -> new Context().run(() -> {
			Variables.TENANT.set("globex");
			price.complete(42);
		})).get();

		assertThat(stages).extracting(CompletableFuture::join).containsExactly("globex pays 42", "acme pays 42");
	}

	@Test
	void threads() throws Exception {
		CompletableFuture<String> kept = new CompletableFuture<>();
		Runnable task = () -> kept.complete(Variables.TENANT.get());
		List<Integer> orders = IntStream.range(0, 100).boxed().toList();
		List<String> reports = new Context().call(() -> {
			Variables.TENANT.set("acme");
			// tag::assistant-thread[]
			new Thread(Context.copyOfCurrent().wrap(task)).start();

			return orders.parallelStream()
				.map(Context.copyOfCurrent().wrapFunction((order) -> Variables.TENANT.get() + " " + order))
				.toList();
			// end::assistant-thread[]
		});

		assertThat(kept.get(10, TimeUnit.SECONDS)).isEqualTo("acme");
		assertThat(reports).allMatch((report) -> report.startsWith("acme "));
	}

	@Test
	void results() {
		List<String> seen = new Context().call(() -> {
			ExecutorService executor = ContextExecutors.wrap(this.pool);
			// tag::assistant-result-wrong[]
			// Wrong: a task changes its own copy only.
			CompletableFuture.runAsync(() -> Variables.REGION.set("eu"), executor).join();
			String region = Variables.REGION.get();
			// end::assistant-result-wrong[]

			// tag::assistant-result-right[]
			// Right: return the value, and set it here.
			Variables.REGION.set(CompletableFuture.supplyAsync(() -> "eu", executor).join());
			// end::assistant-result-right[]
			return List.of(region, Variables.REGION.get());
		});

		assertThat(seen).containsExactly("none", "eu");
	}

	@Test
	void blocks() {
		new Context().run(() -> {
			Variables.TENANT.set("acme");
			// tag::assistant-block[]
			try (Token<String> token = Variables.TENANT.set("globex")) {
				assertThat(Variables.TENANT.get()).isEqualTo("globex");
			}
			assertThat(Variables.TENANT.get()).isEqualTo("acme");
			// end::assistant-block[]
		});
	}

	@Test
	void coreIsComplete() {
		Map<String, Set<String>> listed = Pattern.compile("(?m)^\\| `([\\w.]+)` \\| (`.*) \\|$")
			.matcher(PAGE.section("## The core").text())
			.results()
			.collect(Collectors.toMap((row) -> row.group(1), (row) -> names(row.group(2))));

		assertThat(listed).isEqualTo(API.stream()
			.filter((type) -> type != ContextFuture.class)
			.collect(Collectors.toMap(AssistantExamplesTests::nameOf, AssistantExamplesTests::publicNames)));
	}

	@Test
	void whatDoesNotExistDoesNotExist() {
		String names = String.join("\n", PAGE.section("## What does not exist").find("(?m)^\\| ([^|]+) \\|"));

		assertThat(Pattern.compile("`(\\w+)\\.(\\w+)\\(").matcher(names).results()).hasSizeGreaterThan(5)
			.allSatisfy((method) -> assertThat(typeOf(method.group(1)).getMethods()).extracting(Method::getName)
				.doesNotContain(method.group(2)));
		assertThat(Pattern.compile("`@(\\w+)`").matcher(names).results()).isNotEmpty()
			.allSatisfy((annotation) -> assertThat(getClass().getClassLoader()
				.getResource("io/github/contextvars/spring/annotation/" + annotation.group(1) + ".class")).isNull());
	}

	@Test
	void propertiesAreThoseOfTheReference() {
		List<String> properties = DocumentationPage.read("docs/reference/properties.md").find("`([-.\\w]+)`");

		assertThat(PAGE.section("## Properties").find("(?:\\| |, )`((?:management|contextvars)\\.[-.\\w]+)`"))
			.isNotEmpty()
			.isSubsetOf(properties);
	}

	@Test
	void versionIsThatOfTheBuild() {
		String version = DocumentationPage.read("pom.xml").find("<version>([^<]+)</version>").get(0);

		assertThat(PAGE.find("<version>([^<]+)</version>")).isNotEmpty().containsOnly(version);
	}

	private static Class<?> typeOf(String name) {
		return API.stream().filter((type) -> type.getSimpleName().equals(name)).findFirst().orElseThrow();
	}

	private static Set<String> names(String row) {
		return Pattern.compile("`([\\w ]+)[`(]")
			.matcher(row)
			.results()
			.map((match) -> match.group(1))
			.collect(Collectors.toCollection(TreeSet::new));
	}

	private static String nameOf(Class<?> type) {
		return (type.getEnclosingClass() != null) ? nameOf(type.getEnclosingClass()) + "." + type.getSimpleName()
				: type.getSimpleName();
	}

	// What a type adds to those it extends.
	private static Set<String> publicNames(Class<?> type) {
		Set<String> names = new TreeSet<>();
		Stream.of(type.getDeclaredMethods())
			.filter((method) -> Modifier.isPublic(method.getModifiers()) && !method.isSynthetic())
			.filter((method) -> !isInherited(method))
			.forEach((method) -> names.add(method.getName()));
		Stream.of(type.getFields())
			.filter((field) -> field.getDeclaringClass() == type)
			.forEach((field) -> names.add(field.getName()));
		Stream.of(type.getConstructors()).forEach((constructor) -> names.add("new " + type.getSimpleName()));
		return names;
	}

	private static boolean isInherited(Method method) {
		return Stream.of(Object.class, Map.class)
			.flatMap((type) -> Stream.of(type.getMethods()))
			.anyMatch((inherited) -> isSame(inherited, method))
				|| Stream.of(method.getDeclaringClass().getDeclaredMethods())
					.anyMatch((bridge) -> bridge.isBridge() && bridge.getName().equals(method.getName())
							&& bridge.getParameterCount() == method.getParameterCount());
	}

	private static boolean isSame(Method one, Method other) {
		return one.getName().equals(other.getName())
				&& List.of(one.getParameterTypes()).equals(List.of(other.getParameterTypes()));
	}

	// tag::assistant-declare[]
	@Component
	static final class Variables {

		@ContextVariable(description = "Whose data this request may touch")
		static final ContextVar<String> TENANT = ContextVar.of("tenant");

		@ContextVariable(description = "Where the data is")
		static final ContextVar<String> REGION = ContextVar.of("region", "none");

	}
	// end::assistant-declare[]

}
