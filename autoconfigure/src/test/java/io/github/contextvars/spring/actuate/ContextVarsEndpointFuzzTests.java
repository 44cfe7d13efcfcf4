package io.github.contextvars.spring.actuate;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.actuate.endpoint.Show;
import org.springframework.core.ResolvableType;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import io.github.contextvars.Context;
import io.github.contextvars.ContextVar;
import io.github.contextvars.PlantedBug;
import io.github.contextvars.spring.declare.ContextVariables;
import io.github.contextvars.spring.declare.PrintableValue;
import io.github.contextvars.spring.live.LiveContext;
import io.github.contextvars.spring.live.LiveContexts;
import io.github.contextvars.spring.task.ExecutorCoverage;
import io.github.contextvars.spring.testing.Corpus;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Whatever is asked for, and whatever a client has put into a variable, the answer can be
 * written and says what is there.
 */
class ContextVarsEndpointFuzzTests {

	private static final ContextVar<String> TENANT = ContextVar.of("tenant");

	private static final ContextVar<String> TICKET = ContextVar.of("ticket");

	private final LiveContexts live = LiveContexts.tracked();

	private final ContextVarsEndpoint endpoint = new ContextVarsEndpoint(
			new ContextVariables(List.of(declaration(TENANT, false), declaration(TICKET, true))), this.live,
			new ExecutorCoverage(), List.of(), Show.ALWAYS);

	private final JsonMapper mapper = new JsonMapper();

	@FuzzTest(maxDuration = "30s")
	void answer(byte[] input) {
		String text = new String(input, StandardCharsets.UTF_8);

		ContextVarsDescriptor selected = this.endpoint.contextVar(text);

		assertThat(selected != null).isEqualTo(text.equals("tenant") || text.equals("ticket"));
		requireAnswer(this.mapper.writeValueAsBytes(describeWith(text)), text);
	}

	@ParameterizedTest
	@MethodSource
	void bugIsFound(PlantedBug bug) {
		assertThat(bug.shownBy(Replay.class)).singleElement().isInstanceOf(AssertionError.class);
	}

	static Stream<PlantedBug> bugIsFound() {
		return Stream.of(
				PlantedBug.in(ContextVarsEndpoint.class, "this.variables.find(variable) == null",
						"this.variables.names().stream().noneMatch((name) -> name.startsWith(variable))"),
				PlantedBug.in(ContextVarsEndpoint.class, "if (this.variables.isSensitive(variable)) {",
						"if (this.variables.find(variable.name()) == null) {"),
				PlantedBug.in(PrintableValue.class, "return cut(text);", "return text;"));
	}

	@Test
	void libraryWithoutBugPasses() {
		assertThat(PlantedBug.NONE.shownBy(Replay.class)).isEmpty();
	}

	private ContextVarsDescriptor describeWith(String value) {
		LiveContext work = this.live.begin(LiveContext.Kind.REQUEST, () -> "GET /" + value, null, new Context());
		try (Context.Scope scope = this.live.enter(work)) {
			TENANT.set(value);
			TICKET.set(value);
			return this.endpoint.contextVars();
		}
	}

	private void requireAnswer(byte[] json, String value) {
		JsonNode context = this.mapper.readTree(json).get("contexts").get(0);
		String shown = context.get("variables").get("tenant").asString();
		assertThat(shown).hasSizeLessThanOrEqualTo(256);
		assertThat(value).startsWith(shown);
		assertThat(shown.length()).isGreaterThanOrEqualTo(Math.min(value.length(), 255));
		assertThat(context.get("variables").get("ticket").asString()).isEqualTo("******");
	}

	private static ContextVariables.Declaration declaration(ContextVar<?> variable, boolean sensitive) {
		return new ContextVariables.Declaration(variable, "Test#FIELD", ResolvableType.forClass(String.class), "",
				sensitive, false, false);
	}

	static class Replay {

		@Test
		void replay() {
			Corpus.replay(ContextVarsEndpointFuzzTests.class, "answer", new ContextVarsEndpointFuzzTests()::answer);
		}

	}

}
