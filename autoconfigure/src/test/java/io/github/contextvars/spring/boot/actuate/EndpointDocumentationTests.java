package io.github.contextvars.spring.boot.actuate;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

import javax.management.MBeanServer;
import javax.management.ObjectName;

import com.acme.Shop;
import org.junit.jupiter.api.Test;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

import io.github.contextvars.spring.testing.WebApp;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What docs/endpoint.md says that a running application answers is what one answers. The
 * blocks of JSON may differ in ids, times and the numbers of threads.
 */
class EndpointDocumentationTests {

	private static final JsonMapper JSON = new JsonMapper();

	@Test
	void answersAreThoseOfTheRunningApplication() throws Exception {
		List<String> blocks = blocks("json");
		try (WebApp app = WebApp.start(Shop.class, "management.endpoints.web.exposure.include=contextvars",
				"spring.jmx.enabled=true", "management.endpoints.jmx.exposure.include=contextvars",
				"management.endpoint.contextvars.show-values=always")) {
			CompletableFuture<String> order = CompletableFuture.supplyAsync(() -> app.get("/orders/7").body());
			app.bean(Shop.Printer.class).awaitStart();

			String all = app.get("/actuator/contextvars").body();
			String one = app.get("/actuator/contextvars/tenant").body();
			Map<?, ?> bean = tenantOverJmx(ManagementFactory.getPlatformMBeanServer());
			app.bean(Shop.Printer.class).finish();

			assertThat(order.join()).isEqualTo("Sent for acme");
			assertThat(normalized(all)).as(all).isEqualTo(normalized(blocks.get(0)));
			assertThat(normalized(one)).as(one).isEqualTo(normalized(blocks.get(1)));
			assertThat(normalized(JSON.writeValueAsString(bean))).isEqualTo(normalized(one));
		}
	}

	@Test
	void tablesNameEachFieldAndNoOther() throws Exception {
		TreeSet<String> fields = new TreeSet<>();
		collectFields("", read(blocks("json").get(0)), fields);
		fields.removeIf((field) -> field.startsWith("contexts[].variables."));

		assertThat(find("(?m)^\\| `((?:variables|contexts|contextCount|executors)[^`]*)` \\|", documentation()))
			.containsExactlyInAnyOrderElementsOf(fields);
	}

	@Test
	void javaIsCompiledHere() throws Exception {
		List<String> source = Files
			.readAllLines(Path.of("src/test/java/io/github/contextvars/spring/actuate/EndpointDocumentationTests.java"))
			.stream()
			.map(String::strip)
			.toList();

		assertThat(blocks("java").stream().flatMap(String::lines).map(String::strip)).isNotEmpty().isSubsetOf(source);
	}

	private static Map<?, ?> tenantOverJmx(MBeanServer server) throws Exception {
		ObjectName name = new ObjectName("org.springframework.boot:type=Endpoint,name=Contextvars");
		Object all = server.invoke(name, "contextVars", new Object[0], new String[0]);
		Object one = server.invoke(name, "contextVar", new Object[] { "tenant" }, new String[] { "java.lang.String" });
		assertThat((Map<?, ?>) all).isNotNull();
		return (Map<?, ?>) one;
	}

	@SuppressWarnings("unchecked")
	private static String normalized(String json) throws Exception {
		Map<String, Object> answer = read(json);
		Map<Object, String> ids = new LinkedHashMap<>();
		for (Map<String, Object> context : (List<Map<String, Object>>) answer.get("contexts")) {
			ids.put(context.get("id"), "#" + ids.size());
			context.put("id", ids.get(context.get("id")));
			context.computeIfPresent("parent", (key, parent) -> ids.get(parent));
			context.computeIfPresent("thread", (key, thread) -> ((String) thread).replaceAll("-[-a-z]*\\d+", ""));
			context.computeIfPresent("since",
					(key, since) -> ((String) since).matches("\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z") ? "some time" : since);
			// The order depends on what else was made in this JVM.
			context.computeIfPresent("variables", (key, values) -> new TreeMap<>((Map<String, Object>) values));
		}
		return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(answer);
	}

	private static void collectFields(String path, Object node, Collection<String> fields) {
		if (node instanceof Map<?, ?> map) {
			map.forEach((key, value) -> {
				String field = path.isEmpty() ? (String) key : path + "." + key;
				fields.add(field);
				collectFields(field, value, fields);
			});
		}
		else if (node instanceof List<?> list) {
			list.forEach((element) -> collectFields(path + "[]", element, fields));
		}
	}

	private static Map<String, Object> read(String json) {
		return JSON.readValue(json, new TypeReference<Map<String, Object>>() {
		});
	}

	private static List<String> blocks(String language) throws Exception {
		return find("(?s)```" + language + "\n(.*?)```", documentation());
	}

	private static List<String> find(String pattern, String text) {
		return new ArrayList<>(
				Pattern.compile(pattern).matcher(text).results().map((MatchResult match) -> match.group(1)).toList());
	}

	private static String documentation() throws Exception {
		return Files.readString(Path.of("..", "docs", "endpoint.md"));
	}

}
