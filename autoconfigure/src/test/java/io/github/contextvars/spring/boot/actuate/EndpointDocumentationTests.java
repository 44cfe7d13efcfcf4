package io.github.contextvars.spring.boot.actuate;

import java.lang.management.ManagementFactory;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;

import javax.management.MBeanServer;
import javax.management.ObjectName;

import com.acme.Shop;
import org.junit.jupiter.api.Test;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

import io.github.contextvars.spring.testing.WebApp;
import io.github.contextvars.testsupport.DocumentationPage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Compares the JSON of docs/reference/endpoint.md with the responses of a running
 * application. They may differ in ids, times, line numbers and the numbers of threads.
 */
class EndpointDocumentationTests {

	private static final JsonMapper JSON = new JsonMapper();

	private static final DocumentationPage DOCUMENTATION = DocumentationPage.read("docs/reference/endpoint.md");

	@Test
	void responsesAreThoseOfRunningApplication() throws Exception {
		List<String> blocks = blocks("json");
		try (WebApp app = WebApp.start(Shop.class, "management.endpoints.web.exposure.include=contextvars",
				"spring.jmx.enabled=true", "management.endpoints.jmx.exposure.include=contextvars",
				"management.endpoint.contextvars.show-values=always", "contextvars.task.exclude=reports")) {
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
	void tablesNameEachFieldAndNoOther() {
		TreeSet<String> fields = new TreeSet<>();
		collectFields("", read(blocks("json").get(0)), fields);
		fields.removeIf((field) -> field.startsWith("contexts[].variables."));

		assertThat(DOCUMENTATION.find("(?m)^\\| `((?:variables|contexts|contextCount|outside|propagation)[^`]*)` \\|"))
			.containsExactlyInAnyOrderElementsOf(fields);
	}

	private static Map<?, ?> tenantOverJmx(MBeanServer server) throws Exception {
		// tag::endpoint-jmx[]
		ObjectName name = new ObjectName("org.springframework.boot:type=Endpoint,name=Contextvars");
		Object all = server.invoke(name, "contextVars", new Object[0], new String[0]);
		Object one = server.invoke(name, "contextVar", new Object[] { "tenant" }, new String[] { "java.lang.String" });
		// end::endpoint-jmx[]
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
		for (Map<String, Object> place : (List<Map<String, Object>>) answer.getOrDefault("outside", List.of())) {
			place.computeIfPresent("place", (key, line) -> ((String) line).replaceAll(":\\d+", ""));
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

	private static List<String> blocks(String language) {
		return DOCUMENTATION.blocks(language).stream().map(DocumentationPage.Block::text).toList();
	}

}
